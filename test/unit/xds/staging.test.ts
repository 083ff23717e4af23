import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import {
  advance,
  beginStaging,
  keepHeld,
  nextDeadlineMs,
  offeredView,
  retarget,
  type Staging,
  type StagingFacts,
} from '../../../src/xds/staging.ts';
import { LAST_RANK, typeRules } from '../../../src/xds/type-rules.ts';
import { heldBeyond } from '../../../src/xds/views.ts';
import { type Contents, type TypeLabel, testSnapshot } from '../../support/snapshots.ts';
import { MODEL_TIMING } from './model-client.ts';

const snapshot = (contents: Contents) => testSnapshot('edge', contents);
const OLD = snapshot({ Cluster: { old: '1' }, ClusterLoadAssignment: { old: '1' }, RouteConfiguration: { r: 'to old' } });
const NEW = snapshot({ Cluster: { new: '1' }, ClusterLoadAssignment: { new: '1' }, RouteConfiguration: { r: 'to new' } });

const READY: StagingFacts = {
  nowMs: 0,
  isAggregated: true,
  areClustersToCome: false,
  isAccepted: () => true,
  isWritten: () => true,
  areChildrenAccepted: () => true,
  refusedClusters: () => [],
};

/** Advances as far as the facts allow; the staging, and what was waited for in vain. */
function run(staging: Staging, facts: Partial<StagingFacts>): { readonly staging: Staging; readonly timedOut: readonly string[] } {
  const timedOut: string[] = [];
  let now = staging;
  for (;;) {
    const step = advance(now, { ...READY, ...facts }, MODEL_TIMING);
    if (step.timedOut !== undefined) timedOut.push(step.timedOut);
    if (step.staging === now) return { staging: now, timedOut };
    now = step.staging;
  }
}

const names = (staging: Staging, type: TypeLabel): string =>
  [...(offeredView(staging, typeRules(TYPE_URLS[type]))?.resources.keys() ?? ['(closed)'])].join(' ');
const stream = { isAggregated: true, areClustersToCome: false };

describe('make before break', () => {
  const settled = run(beginStaging(OLD, 0), {}).staging;

  test('X76: before anything is accepted clusters and endpoints are on offer, what refers to them is closed', () => {
    const staging = beginStaging(OLD, 0);
    expect([names(staging, 'Cluster'), names(staging, 'ClusterLoadAssignment'), names(staging, 'RouteConfiguration')]).toEqual([
      'old',
      'old',
      '(closed)',
    ]);
  });

  test('D6: old and new clusters, the old routes; then the new routes; after the linger the new clusters, then the new endpoints', () => {
    const made = run(retarget(settled, NEW, 1_000), { nowMs: 1_000, isAccepted: (rank) => rank !== 1 }).staging;
    expect(names(made, 'Cluster')).toBe('new old');
    expect(offeredView(made, typeRules(TYPE_URLS.RouteConfiguration))).toBe(OLD.views.get(TYPE_URLS.RouteConfiguration));
    const switched = run(made, { nowMs: 1_500 }).staging;
    expect(offeredView(switched, typeRules(TYPE_URLS.RouteConfiguration))).toBe(NEW.views.get(TYPE_URLS.RouteConfiguration));
    expect(names(switched, 'Cluster')).toBe('new old');
    expect(nextDeadlineMs(switched, MODEL_TIMING, stream)).toBe(31_500);
    const breaking = run(switched, { nowMs: 31_500, isAccepted: () => false }).staging;
    expect([names(breaking, 'Cluster'), names(breaking, 'ClusterLoadAssignment')]).toEqual(['new', 'new old']);
    const done = run(breaking, { nowMs: 31_600 }).staging;
    expect(names(done, 'ClusterLoadAssignment')).toBe('new');
    expect(nextDeadlineMs(done, MODEL_TIMING, stream)).toBeUndefined();
  });

  test('the views on offer are those of the snapshot where nothing lingers, so that streams share them', () => {
    expect(offeredView(settled, typeRules(TYPE_URLS.Cluster))).toBe(OLD.views.get(TYPE_URLS.Cluster));
    const other = run(beginStaging(OLD, 5), {}).staging;
    const [left, right] = [settled, other].map((staging) => offeredView(retarget(staging, NEW, 9), typeRules(TYPE_URLS.Cluster)));
    expect(left).toBe(right);
  });

  test('D8, X76: each wait ends by its clock and says what it waited for', () => {
    const made = retarget(settled, NEW, 1_000);
    expect(nextDeadlineMs(made, MODEL_TIMING, stream)).toBe(6_000);
    expect(run(made, { nowMs: 5_999, isAccepted: () => false }).timedOut).toEqual([]);
    const switched = run(made, { nowMs: 6_000, isAccepted: () => false });
    expect(switched.timedOut).toEqual(['clusters']);
    const given = run(switched.staging, { nowMs: 16_000, isAccepted: () => false });
    expect(given.timedOut).toEqual(['referring types']);
    expect(run(given.staging, { nowMs: 46_000, isAccepted: () => false }).timedOut).toEqual([]);
    const gone = run(given.staging, { nowMs: 46_000, isAccepted: () => false }).staging;
    expect(run(gone, { nowMs: 51_000, isAccepted: () => false }).timedOut).toEqual(['removal of clusters']);
  });

  test('D9: targets that replace each other faster than clusters are accepted wait ten seconds in all', () => {
    let staging = settled;
    for (let turn = 0; turn <= 9; turn += 1) {
      staging = run(retarget(staging, turn % 2 === 0 ? NEW : OLD, 1_000 * turn), { nowMs: 1_000 * turn, isAccepted: () => false }).staging;
      expect(staging.openRank).toBeLessThan(LAST_RANK);
    }
    expect(run(retarget(staging, NEW, 10_000), { nowMs: 10_000, isAccepted: () => false }).timedOut).toContain('clusters');
  });

  test('drops that come close after each other share one clock, later ones have their own', () => {
    let staging = settled;
    let nowMs = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      nowMs += 100;
      staging = run(retarget(staging, snapshot({ Cluster: { [`c${turn}`]: '1' } }), nowMs), { nowMs }).staging;
    }
    expect(staging.lingering.length).toBeLessThanOrEqual(3);
    expect(names(staging, 'Cluster').split(' ')).toHaveLength(101);
    expect(names(run(staging, { nowMs: nowMs + 40_000 }).staging, 'Cluster')).toBe('c99');
  });

  test('a resource that comes back is offered in its new form and does not go with the old one', () => {
    const away = run(retarget(settled, NEW, 1_000), { nowMs: 1_000 }).staging;
    const back = run(retarget(away, snapshot({ Cluster: { old: '2' } }), 20_000), { nowMs: 20_000 }).staging;
    expect(offeredView(back, typeRules(TYPE_URLS.Cluster))?.resources.get('old')?.version).toBe(
      snapshot({ Cluster: { old: '2' } })
        .views.get(TYPE_URLS.Cluster)
        ?.resources.get('old')?.version,
    );
    expect(names(run(back, { nowMs: 35_000 }).staging, 'Cluster')).toContain('old');
  });

  test('X80: what a client holds and the target lacks stays until the linger ends, whenever that is said', () => {
    const held = heldBeyond(new Map([['held', 'v']]), typeRules(TYPE_URLS.Cluster).empty, undefined) ?? typeRules(TYPE_URLS.Cluster).empty;
    const early = keepHeld(beginStaging(NEW, 0), held, { nowMs: 0, lingerMs: 30_000 });
    const late = keepHeld(run(beginStaging(NEW, 0), {}).staging, held, { nowMs: 0, lingerMs: 30_000 });
    for (const staging of [run(early, {}).staging, late]) {
      expect(names(staging, 'Cluster')).toBe('held new');
      expect(names(run(staging, { nowMs: 30_000 }).staging, 'Cluster')).toBe('new');
    }
  });

  test('X76: what was held back because of a refusal is offered when the refusal is over', () => {
    const refused = run(retarget(settled, snapshot({ RouteConfiguration: { r: 'to bad' } }), 0), {
      refusedClusters: () => ['to bad'],
    }).staging;
    const view = (staging: Staging) => offeredView(staging, typeRules(TYPE_URLS.RouteConfiguration))?.version;
    expect(view(refused)).toBe(OLD.views.get(TYPE_URLS.RouteConfiguration)?.version);
    expect(view(run(refused, {}).staging)).toBe(
      snapshot({ RouteConfiguration: { r: 'to bad' } }).views.get(TYPE_URLS.RouteConfiguration)?.version,
    );
  });

  test('D7: an Envoy that is still to ask for its clusters is waited for longer than it waits for endpoints', () => {
    const staging = beginStaging(NEW, 0);
    const resuming = { isAggregated: true, areClustersToCome: true };
    expect(nextDeadlineMs(staging, MODEL_TIMING, resuming)).toBe(20_000);
    expect(run(staging, { nowMs: 19_999, areClustersToCome: true }).timedOut).toEqual([]);
    expect(run(staging, { nowMs: 20_000, areClustersToCome: true }).timedOut).toContain('clusters');
  });

  test('O1: on a separate stream the first target is on offer at once, a later one after the delay', () => {
    const separate = { isAggregated: false };
    const first = run(beginStaging(OLD, 0), separate).staging;
    expect(names(first, 'RouteConfiguration')).toBe('r');
    const second = retarget(first, NEW, 5_000);
    expect(run(second, { ...separate, nowMs: 5_999 }).staging).toBe(second);
    expect(run(second, { ...separate, nowMs: 6_000 }).staging.openRank).toBe(LAST_RANK);
  });
});
