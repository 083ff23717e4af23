import { describe, expect, test } from 'vitest';
import { any } from '../../../src/proto/any.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { heldBeyond } from '../../../src/xds/initial-versions.ts';
import { beginStaging, keepHeld, offeredView, retarget, type Staging, type TargetTiming } from '../../../src/xds/staging.ts';
import { advance, type StagingFacts } from '../../../src/xds/staging-steps.ts';
import { CLUSTER_RANK, LAST_RANK, MAKE_RANK, typeRules } from '../../../src/xds/type-rules.ts';
import { type Contents, type TypeLabel, testSnapshot } from '../../support/snapshots.ts';
import { MODEL_TIMING } from './model-client.ts';

const snapshot = (contents: Contents) => testSnapshot('edge', contents);
const gateway = (cluster: string) =>
  snapshot({ Cluster: { [cluster]: '1' }, ClusterLoadAssignment: { [cluster]: '1' }, RouteConfiguration: { r: cluster } });
const OLD = gateway('old');
const NEW = gateway('new');

const READY: StagingFacts = {
  nowMs: 0,
  isAggregated: true,
  areClustersToCome: false,
  stateOf: () => 'told',
  isTold: () => false,
  isAccepted: () => true,
  isWritten: () => true,
  isRefused: () => false,
  pendingClusters: () => [],
  runs: () => false,
  refusedNames: () => [],
};
const pending = (sentAtMs: number | undefined, ...names: readonly string[]): Partial<StagingFacts> => ({
  pendingClusters: () => [{ names, sentAtMs }],
});

const at = (nowMs: number, lingerMs = MODEL_TIMING.lingerMs, warmUpMs = 1_000): TargetTiming => ({ nowMs, lingerMs, warmUpMs });

interface Run {
  readonly staging: Staging;
  readonly timedOut: readonly string[];
  readonly againAtMs: number | undefined;
}

/** Advances as far as the facts allow; the staging, what was waited for in vain, and when to look again. */
function run(staging: Staging, facts: Partial<StagingFacts>): Run {
  const timedOut: string[] = [];
  let now = staging;
  for (;;) {
    const step = advance(now, { ...READY, ...facts }, MODEL_TIMING);
    if (step.timedOut !== undefined) timedOut.push([step.timedOut.waitedFor, ...step.timedOut.names].join(' '));
    if (step.staging === now) return { staging: now, timedOut, againAtMs: step.againAtMs };
    now = step.staging;
  }
}

const view = (staging: Staging, type: TypeLabel) => offeredView(staging, typeRules(TYPE_URLS[type]));
const names = (staging: Staging, type: TypeLabel): string => [...(view(staging, type)?.resources.keys() ?? ['(closed)'])].join(' ');
const routesOf = (target: ReturnType<typeof snapshot>) => target.views.get(TYPE_URLS.RouteConfiguration);

describe('make before break', () => {
  const settled = run(beginStaging(OLD, at(0)), {}).staging;

  test('X76: before anything is accepted clusters and endpoints are on offer, what refers to them is closed', () => {
    const { staging } = run(beginStaging(OLD, at(0)), { ...pending(undefined, 'old'), stateOf: () => 'asked' });
    expect(names(staging, 'Cluster')).toBe('old');
    expect(names(staging, 'ClusterLoadAssignment')).toBe('old');
    expect(names(staging, 'RouteConfiguration')).toBe('(closed)');
    expect(names(run(staging, {}).staging, 'RouteConfiguration')).toBe('r');
  });

  test('D6: old and new clusters, the old routes; then the new routes; after the linger the new clusters, then the new endpoints', () => {
    const made = run(retarget(settled, NEW, at(1_000)), { nowMs: 1_000, ...pending(1_000, 'new') }).staging;
    expect(names(made, 'Cluster')).toBe('new old');
    expect(view(made, 'RouteConfiguration')).toBe(routesOf(OLD));
    const switched = run(made, { nowMs: 1_500 });
    expect(view(switched.staging, 'RouteConfiguration')).toBe(routesOf(NEW));
    expect(names(switched.staging, 'Cluster')).toBe('new old');
    expect(switched.againAtMs).toBe(31_500);
    const breaking = run(switched.staging, { nowMs: 31_500, isAccepted: () => false }).staging;
    expect([names(breaking, 'Cluster'), names(breaking, 'ClusterLoadAssignment')]).toEqual(['new', 'new old']);
    const done = run(breaking, { nowMs: 31_600 });
    expect(names(done.staging, 'ClusterLoadAssignment')).toBe('new');
    expect(done.againAtMs).toBeUndefined();
  });

  test('the views on offer are those of the snapshot where nothing lingers, so that streams share them', () => {
    expect(view(settled, 'Cluster')).toBe(OLD.views.get(TYPE_URLS.Cluster));
    const other = run(beginStaging(OLD, at(5)), {}).staging;
    const [left, right] = [settled, other].map((staging) => view(retarget(staging, NEW, at(9)), 'Cluster'));
    expect(left).toBe(right);
  });

  test('D8, X76: each wait ends by its clock and says what it waited for', () => {
    const made = retarget(settled, NEW, at(1_000));
    const waiting = run(made, { nowMs: 5_999, ...pending(1_000, 'new'), isAccepted: () => false });
    expect([waiting.timedOut, waiting.againAtMs]).toEqual([[], 6_000]);
    const switched = run(waiting.staging, { nowMs: 6_000, ...pending(1_000, 'new'), isAccepted: () => false });
    expect(switched.timedOut).toEqual(['clusters new']);
    const given = run(switched.staging, { nowMs: 16_000, isAccepted: () => false });
    expect(given.timedOut).toEqual(['referring types']);
    expect(run(given.staging, { nowMs: 46_000, isAccepted: () => false }).timedOut).toEqual([]);
    const gone = run(given.staging, { nowMs: 46_000, isAccepted: () => false }).staging;
    expect(run(gone, { nowMs: 51_000, isAccepted: () => false }).timedOut).toEqual(['removal of clusters']);
  });

  test('D7, B48: the clock of a cluster is no shorter than what its first health check may take', () => {
    const made = retarget(settled, NEW, at(1_000, MODEL_TIMING.lingerMs, 21_000));
    const warming = { ...pending(1_000, 'new'), runs: () => true, isAccepted: () => false };
    const waiting = run(made, { nowMs: 21_999, ...warming });
    expect([view(waiting.staging, 'RouteConfiguration'), waiting.timedOut, waiting.againAtMs]).toEqual([routesOf(OLD), [], 22_000]);
    expect(run(waiting.staging, { nowMs: 22_000, ...warming }).timedOut).toEqual(['clusters new']);
  });

  test('D8, B52: a cluster that was waited for in vain is not waited for again', () => {
    const late = { nowMs: 6_000, ...pending(0, 'new') };
    const next = run(retarget(settled, NEW, at(6_000)), late);
    expect(view(next.staging, 'RouteConfiguration')).toBe(routesOf(NEW));
    expect(next.timedOut).toEqual([]);
  });

  test('D9: targets that replace each other faster than clusters are accepted wait ten seconds in all for clusters that run already', () => {
    let staging = settled;
    const late = (nowMs: number): Partial<StagingFacts> => ({ nowMs, ...pending(nowMs, 'new'), runs: () => true, isAccepted: () => false });
    for (let turn = 0; turn <= 9; turn += 1) {
      staging = run(retarget(staging, turn % 2 === 0 ? NEW : OLD, at(1_000 * turn)), late(1_000 * turn)).staging;
      expect(names(staging, 'Cluster')).toContain('old');
    }
    const waited = run(retarget(staging, NEW, at(9_500)), late(9_500));
    expect(view(waited.staging, 'RouteConfiguration')).toBe(routesOf(OLD));
    expect(run(waited.staging, { ...late(10_000), runs: () => false }).timedOut).toEqual([]);
    expect(run(waited.staging, late(10_000)).timedOut).toEqual(['clusters new']);
  });

  test('a cluster that is still to be sent is waited for as long as that lasts', () => {
    const { staging, timedOut } = run(retarget(settled, NEW, at(0)), { nowMs: 55_000, ...pending(undefined, 'new') });
    expect([view(staging, 'RouteConfiguration'), timedOut]).toEqual([routesOf(OLD), []]);
  });

  test('drops that come close after each other share one clock, later ones have their own', () => {
    let staging = settled;
    let nowMs = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      nowMs += 100;
      staging = run(retarget(staging, snapshot({ Cluster: { [`c${turn}`]: '1' } }), at(nowMs)), { nowMs }).staging;
    }
    expect(staging.lingering.length).toBeLessThanOrEqual(3);
    expect(names(staging, 'Cluster').split(' ')).toHaveLength(101);
    expect(names(run(staging, { nowMs: nowMs + 40_000 }).staging, 'Cluster')).toBe('c99');
  });

  test('D6: what is dropped lingers for the longest time of the targets that had it and dropped it', () => {
    const slow = run(beginStaging(OLD, at(0, 300_000)), {}).staging;
    const moved = run(retarget(slow, NEW, at(1_000, 30_000)), { nowMs: 1_000 });
    expect(moved.againAtMs).toBe(301_000);
    const gone = run(moved.staging, { nowMs: 301_000 }).staging;
    expect(names(gone, 'Cluster')).toBe('new');
    expect(run(retarget(gone, OLD, at(400_000, 30_000)), { nowMs: 400_000 }).againAtMs).toBe(430_000);
  });

  test('a resource that comes back is offered in its new form and does not go with the old one', () => {
    const away = run(retarget(settled, NEW, at(1_000)), { nowMs: 1_000 }).staging;
    const again = snapshot({ Cluster: { old: '2' } });
    const back = run(retarget(away, again, at(20_000)), { nowMs: 20_000 }).staging;
    expect(view(back, 'Cluster')?.resources.get('old')?.version).toBe(again.views.get(TYPE_URLS.Cluster)?.resources.get('old')?.version);
    expect(names(run(back, { nowMs: 35_000 }).staging, 'Cluster')).toContain('old');
  });

  test('X80: what a client holds and the target lacks stays until the linger ends, whenever that is said', () => {
    const empty = typeRules(TYPE_URLS.Cluster).empty;
    const held = heldBeyond(new Map([['held', 'v']]), empty, undefined) ?? empty;
    const early = keepHeld(beginStaging(NEW, at(0)), held);
    const late = keepHeld(run(beginStaging(NEW, at(0)), {}).staging, held);
    for (const staging of [run(early, {}).staging, run(late, {}).staging]) {
      expect(names(staging, 'Cluster')).toBe('held new');
      expect(names(run(staging, { nowMs: 30_000 }).staging, 'Cluster')).toBe('new');
    }
  });

  test('X76: what was held back because of a refusal is offered when the refusal is over', () => {
    const refused = run(retarget(settled, NEW, at(0)), { refusedNames: () => ['new'] });
    expect(view(refused.staging, 'RouteConfiguration')).toBe(routesOf(OLD));
    expect(view(run(refused.staging, {}).staging, 'RouteConfiguration')).toBe(routesOf(NEW));
  });

  test.each([
    ['routes wait for a refused cluster', { refusedNames: () => ['new'] }],
    ['the newer routes were refused', { isRefused: (rank: number) => rank > MAKE_RANK }],
    ['the newer routes could not be written', { isWritten: (rank: number) => rank !== 6 }],
  ])('X77: as long as %s, what the older ones name stays', (_why, facts) => {
    const held = run(retarget(settled, NEW, at(0)), facts).staging;
    const later = run(run(held, { ...facts, nowMs: 20_000 }).staging, { ...facts, nowMs: 3_600_000 });
    expect([names(later.staging, 'Cluster'), later.againAtMs]).toEqual(['new old', undefined]);
    const over = run(later.staging, { nowMs: 3_600_000 });
    expect([names(over.staging, 'Cluster'), over.againAtMs]).toEqual(['new old', 3_630_000]);
  });

  test('D7: an Envoy that is still to ask for its clusters is waited for longer than it waits for endpoints', () => {
    const staging = beginStaging(NEW, at(0));
    expect(run(staging, { areClustersToCome: true }).againAtMs).toBe(20_000);
    expect(run(staging, { nowMs: 19_999, areClustersToCome: true }).timedOut).toEqual([]);
    expect(run(staging, { nowMs: 20_000, areClustersToCome: true }).timedOut).toEqual(['clusters']);
  });
});

describe('gates of one resource (X76)', () => {
  const both = (left: string, right: string, clusters: Record<string, string>) =>
    snapshot({
      Cluster: clusters,
      TypedExtensionConfig: {
        filter: { name: 'filter', typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: left } },
      },
      Listener: { bound: left, free: right },
      RouteConfiguration: { bound: left, free: right },
    });
  const before = run(beginStaging(both('a', 'a', { a: '1' }), at(0)), {}).staging;
  const after = both('stuck', 'b', { a: '1', stuck: '1', b: '1' });
  const versionOf = (staging: Staging, type: TypeLabel, name: string) => view(staging, type)?.resources.get(name)?.version;
  const targetVersion = (type: TypeLabel, name: string) => after.views.get(TYPE_URLS[type])?.resources.get(name)?.version;

  test.each(['Listener', 'RouteConfiguration'] as const)('D8, B52: a %s that does not name the cluster goes on at once', (type) => {
    const { staging } = run(retarget(before, after, at(0)), pending(0, 'stuck'));
    expect(versionOf(staging, type, 'free')).toBe(targetVersion(type, 'free'));
    expect(versionOf(staging, type, 'bound')).toBe(versionOf(before, type, 'bound'));
    const released = run(staging, { nowMs: 5_000, ...pending(0, 'stuck') });
    expect(versionOf(released.staging, type, 'bound')).toBe(targetVersion(type, 'bound'));
    expect(released.timedOut).toEqual(['clusters stuck']);
  });

  test('rank 3: an extension config waits for the clusters that it names, and listeners for extension configs to be written', () => {
    const { staging } = run(retarget(before, after, at(0)), pending(0, 'stuck'));
    expect(versionOf(staging, 'TypedExtensionConfig', 'filter')).toBe(versionOf(before, 'TypedExtensionConfig', 'filter'));
    const unwritten = run(retarget(before, after, at(0)), { isWritten: (rank) => rank !== 3 });
    expect(view(unwritten.staging, 'Listener')).toBe(view(before, 'Listener'));
    expect(unwritten.againAtMs).toBe(5_000);
    expect(run(unwritten.staging, { nowMs: 5_000, isWritten: (rank) => rank !== 3 }).timedOut).toEqual(['referring types']);
  });

  test('ranks 4 to 7: routes wait until listeners are written', () => {
    const { staging } = run(retarget(before, after, at(0)), { isWritten: (rank) => rank !== 4 });
    expect(versionOf(staging, 'Listener', 'free')).toBe(targetVersion('Listener', 'free'));
    expect(view(staging, 'RouteConfiguration')).toBe(view(before, 'RouteConfiguration'));
  });

  test('a new resource that waits is known by name alone, so that nobody is told that it is not there', () => {
    const target = snapshot({ Cluster: { a: '1', stuck: '1' }, RouteConfiguration: { bound: 'a', free: 'a', fresh: 'stuck' } });
    const { staging } = run(retarget(before, target, at(0)), pending(undefined, 'stuck'));
    expect(names(staging, 'RouteConfiguration')).toBe('bound free fresh');
    expect(view(staging, 'RouteConfiguration')?.resources.get('fresh')?.any).toHaveLength(0);
    expect(view(run(staging, {}).staging, 'RouteConfiguration')).toBe(routesOf(target));
  });

  test('what streams in equal state are offered is the same view, also while resources wait (P10)', () => {
    const [left, right] = [0, 1].map((nowMs) => run(retarget(before, after, at(nowMs)), { nowMs, ...pending(nowMs, 'stuck') }).staging);
    expect(left && view(left, 'RouteConfiguration')).toBe(right && view(right, 'RouteConfiguration'));
  });

  test('types that the client does not ask for are not waited for', () => {
    const facts: Partial<StagingFacts> = { ...pending(undefined, 'stuck'), stateOf: () => 'unasked' };
    expect(run(beginStaging(after, at(0)), facts).staging.openRank).toBe(LAST_RANK);
  });

  test('where looking would cost too much, all that changed waits', () => {
    const many = Array.from({ length: 600_000 }, (_, index) => `c${index}`);
    const pendingMany: Partial<StagingFacts> = { pendingClusters: () => [{ names: many, sentAtMs: 0 }] };
    const { staging } = run(retarget(before, after, at(0)), pendingMany);
    expect(view(staging, 'RouteConfiguration')).toBe(view(before, 'RouteConfiguration'));
    expect(run(staging, { nowMs: 5_000, ...pendingMany }).timedOut).toEqual(['clusters']);
  });
});

describe('separate streams', () => {
  const separate: Partial<StagingFacts> = { isAggregated: false, stateOf: () => 'told' };
  const first = run(beginStaging(OLD, at(0)), separate).staging;

  test('O1: the first target is on offer at once, a later one after the delay', () => {
    expect(names(first, 'RouteConfiguration')).toBe('r');
    const second = retarget(first, NEW, at(5_000));
    expect(run(second, { ...separate, nowMs: 5_999 }).staging).toBe(second);
    expect(run(second, { ...separate, nowMs: 6_000 }).staging.openRank).toBe(LAST_RANK);
  });

  test('D7: the delay is what the target says its clusters take to be warm', () => {
    const second = retarget(first, NEW, at(5_000, 30_000, 12_500));
    expect(run(second, { ...separate, nowMs: 17_499 }).againAtMs).toBe(17_500);
    expect(run(second, { ...separate, nowMs: 17_500 }).staging.openRank).toBe(LAST_RANK);
  });

  test('X74, I#36273: what a removed cluster needs goes when the removal has had its time', () => {
    const moved = run(retarget(first, NEW, at(0)), { ...separate, nowMs: 1_000 }).staging;
    const gone = run(moved, { ...separate, nowMs: 31_000 });
    expect([names(gone.staging, 'Cluster'), names(gone.staging, 'ClusterLoadAssignment')]).toEqual(['new', 'new old']);
    expect(gone.againAtMs).toBe(32_000);
    expect(names(run(gone.staging, { ...separate, nowMs: 32_000 }).staging, 'ClusterLoadAssignment')).toBe('new');
  });
});

describe('a place for a filter that is emptied (D6, D11)', () => {
  const slot = (config: 'limit' | 'nothing', route: string) =>
    snapshot({
      TypedExtensionConfig: {
        'filter/limit':
          config === 'limit' ? 'limit' : { name: 'filter/limit', typed_config: any('envoy.extensions.filters.http.rbac.v3.RBAC', {}) },
      },
      RouteConfiguration: { r: route },
    });
  const [FILLED, EMPTIED] = [slot('limit', 'on'), slot('nothing', 'off')];
  const configs = (target: typeof FILLED) => target.views.get(TYPE_URLS.TypedExtensionConfig)?.resources.get('filter/limit')?.version;
  const offered = (staging: Staging) => view(staging, 'TypedExtensionConfig')?.resources.get('filter/limit')?.version;
  const settled = run(beginStaging(FILLED, at(0)), {}).staging;

  test('keeps its filter until no route switches it on any more, and as long as what lingers', () => {
    const made = retarget(settled, EMPTIED, at(1_000));
    expect(offered(made)).toBe(configs(FILLED));
    const switched = run(made, { nowMs: 1_500 });
    expect(view(switched.staging, 'RouteConfiguration')).toBe(routesOf(EMPTIED));
    expect([offered(switched.staging), switched.againAtMs]).toEqual([configs(FILLED), 31_500]);
    expect(offered(run(switched.staging, { nowMs: 31_500 }).staging)).toBe(configs(EMPTIED));
  });

  test('is filled before routes switch it on, also while it lingers', () => {
    const emptied = run(retarget(settled, EMPTIED, at(1_000)), { nowMs: 1_500 }).staging;
    const again = snapshot({ TypedExtensionConfig: { 'filter/limit': 'newer' }, RouteConfiguration: { r: 'on' } });
    expect(offered(run(retarget(emptied, again, at(2_000)), { nowMs: 2_000 }).staging)).toBe(configs(again));
    const first = run(beginStaging(EMPTIED, at(0)), {}).staging;
    expect(offered(run(retarget(first, again, at(1_000)), { nowMs: 1_000 }).staging)).toBe(configs(again));
  });
});

test('R14, E#32823: an extension config goes when no listener that the client has names it: listeners accepted, not refused', () => {
  const config = { filter: { name: 'filter', typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'x' } } };
  const before = run(beginStaging(snapshot({ TypedExtensionConfig: config, Listener: { l: 'filter' } }), at(0)), {}).staging;
  const after = retarget(before, snapshot({ Listener: { l: 'none' } }), at(0));
  const unanswered = run(after, { isAccepted: (rank) => rank === CLUSTER_RANK });
  expect(names(unanswered.staging, 'TypedExtensionConfig')).toBe('filter');
  const refused = run(run(after, {}).staging, { nowMs: 60_000, isRefused: (rank) => rank === 4 });
  expect(names(refused.staging, 'TypedExtensionConfig')).toBe('filter');
  expect(names(run(refused.staging, { nowMs: 60_000 }).staging, 'TypedExtensionConfig')).toBe('');
});
