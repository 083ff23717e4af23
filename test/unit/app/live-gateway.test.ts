import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { GatewayEvent } from '../../../src/app/gateway-event.ts';
import { createLiveGateway, type LiveGateway, type LiveGatewayOptions } from '../../../src/app/live-gateway.ts';
import type { Build } from '../../../src/build/build.ts';
import type { RevisionEntry } from '../../../src/delivery/revision.ts';
import type { RevisionStore } from '../../../src/delivery/revision-store.ts';
import type { Rollouts } from '../../../src/delivery/rollouts.ts';
import type { Issue } from '../../../src/lib/issue.ts';
import { createSnapshotStore, type SnapshotStore } from '../../../src/snapshot/store.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { testDelivery } from '../../support/gateway-delivery.ts';
import { createMemoryRevisionStore } from '../../support/memory-revision-store.ts';
import { buildOf, goodOf, keptSnapshot } from '../../support/plain-builds.ts';
import { testSnapshot } from '../../support/snapshots.ts';

const FILE = '/etc/chancery/edge.yaml';
const LIMITS = { maxResponseBytes: 1_000_000, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };

function snapshot(version: string, gateway = 'edge'): Snapshot {
  return { gateway, version, views: new Map() };
}

function good(version: string, gateway = 'edge'): Build {
  return buildOf([], { files: [FILE], contentHash: version, good: goodOf(version, { gateway }) });
}

function bad(message = 'unknown service'): Build {
  const issue: Issue = { code: 'CH2001', severity: 'error', message, path: [] };
  return buildOf([issue], { files: [FILE], contentHash: message });
}

interface Fixture {
  readonly gateway: LiveGateway;
  readonly snapshots: SnapshotStore;
  readonly rollouts: Rollouts;
  readonly events: GatewayEvent[];
  readonly kinds: () => readonly string[];
  /** What the next build gives. */
  set(build: Build | Error): void;
  /** As if a watched file had changed. */
  change(): void;
  builds(): number;
  /** Holds builds back until it is called. */
  hold(): () => void;
}

type FixtureOptions = Partial<LiveGatewayOptions> & { readonly store?: RevisionStore; readonly force?: boolean };

function fixture(first: Build | Error, { store, force = false, ...options }: FixtureOptions = {}): Fixture {
  const snapshots = createSnapshotStore();
  const events: GatewayEvent[] = [];
  const { delivery, rollouts } = testDelivery({
    snapshots,
    ...(store === undefined ? {} : { store }),
    force,
    onUnwritable: (error) => events.push({ kind: 'state-unwritable', error }),
    onRollout: (event) => gateway.rolledOut(event),
  });
  let next = first;
  let builds = 0;
  let gate: Promise<void> = Promise.resolve();
  let onChange = (): void => undefined;
  let now = 1_000;
  const gateway: LiveGateway = createLiveGateway({
    file: FILE,
    builder: {
      placeOf: async () => undefined,
      explain: async () => undefined,
      textsOf: async () => undefined,
      refuse: async (_good, refusal) => {
        const other = refusal.kind === 'duplicate' ? refusal.otherFile : '';
        const issue: Issue = { code: 'CH3002', severity: 'error', message: `already defined by ${other}`, path: ['gateway'] };
        return buildOf([issue], { files: [FILE] });
      },
      build: async () => {
        builds += 1;
        const result = next;
        await gate;
        if (result instanceof Error) throw result;
        return result;
      },
    },
    delivery,
    claim: () => undefined,
    watch: (tell) => {
      onChange = tell;
      return { update: () => undefined, close: () => undefined };
    },
    nowMs: () => (now += 10),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    gateway,
    snapshots,
    rollouts,
    events,
    kinds: () => events.map(({ kind }) => kind),
    set: (build) => {
      next = build;
    },
    change: () => onChange(),
    builds: () => builds,
    hold: () => {
      let open = (): void => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
  };
}

/** A store of an earlier run, whose revision 1 was good. */
async function storeWith(...entries: readonly RevisionEntry[]) {
  const store = createMemoryRevisionStore();
  const kept = keptSnapshot('kept');
  const revision = {
    number: 1,
    gateway: 'edge',
    version: 'kept',
    contentHash: 'kept',
    author: 'file',
    message: '',
    files: [FILE],
    acceptedAtMs: 500,
  };
  const all: readonly RevisionEntry[] = [{ kind: 'accepted', revision }, { kind: 'good', number: 1, atMs: 510 }, ...entries];
  await store.append(FILE, { after: 0, entries: all, snapshots: [kept] });
  return store;
}

describe('a gateway while it is served', () => {
  it('has started only when what it serves is kept, so that a kill right after loses nothing (D25)', async () => {
    const order: string[] = [];
    const store = createMemoryRevisionStore();
    const append: RevisionStore['append'] = async (source, batch) => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('kept');
      return store.append(source, batch);
    };
    const { gateway } = fixture(good('v1'), { store: { ...store, append } });
    await gateway.start();
    order.push('started');
    expect(order).toEqual(['kept', 'started']);
  });

  it('starts and stops although the disk hangs', async () => {
    vi.useFakeTimers();
    try {
      const { gateway } = fixture(good('v1'), { store: { ...createMemoryRevisionStore(), append: () => new Promise(() => undefined) } });
      const started = gateway.start();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await started).toBe(true);
      const stopped = gateway.stop();
      await vi.advanceTimersByTimeAsync(2_000);
      await stopped;
    } finally {
      vi.useRealTimers();
    }
  });

  it('publishes what is good at start and says that it serves the files as they are', async () => {
    const { gateway, snapshots, kinds } = fixture(good('v1'));
    expect(await gateway.start()).toBe(true);
    expect(snapshots.get('edge')?.version).toBe('v1');
    expect(gateway.status()).toMatchObject({ gateway: 'edge', serving: 'current', isRestored: false, version: 'v1', problems: [] });
    expect(kinds()[0]).toBe('accepted');
  });

  it('keeps the last good snapshot over a broken edit, and recovers when it is mended', async () => {
    const { gateway, snapshots, set, kinds } = fixture(good('v1'));
    await gateway.start();
    set(bad());
    await gateway.reload();
    expect(snapshots.get('edge')?.version).toBe('v1');
    expect(gateway.status()).toMatchObject({ serving: 'last-good', version: 'v1', isRestored: false });
    expect(gateway.status()).toMatchObject({ problems: [{ code: 'CH2001' }], problemCounts: { errors: 1, warnings: 0 } });
    set(good('v2'));
    await gateway.reload();
    expect(gateway.status()).toMatchObject({ serving: 'current', version: 'v2', problems: [] });
    expect(kinds().filter((kind) => kind !== 'unchanged')).toEqual(['accepted', 'refused', 'accepted']);
  });

  it('pushes nothing when the content is the same (C15)', async () => {
    const { gateway, snapshots, kinds } = fixture(good('v1'));
    await gateway.start();
    const heard: string[] = [];
    snapshots.subscribe(({ version }) => heard.push(version));
    const before = gateway.status().acceptedAt;
    await gateway.reload();
    expect(heard).toEqual([]);
    expect(kinds().at(-1)).toBe('unchanged');
    expect(gateway.status().acceptedAt).toBe(before);
  });

  it('tells the same errors once, however often the file is saved', async () => {
    const { gateway, set, kinds } = fixture(good('v1'));
    await gateway.start();
    set(bad());
    await gateway.reload();
    await gateway.reload();
    expect(kinds().filter((kind) => kind === 'refused')).toHaveLength(1);
    set(bad('another mistake'));
    await gateway.reload();
    expect(kinds().filter((kind) => kind === 'refused')).toHaveLength(2);
  });

  it('merges changes that come during a build into one more build (D5)', async () => {
    const { gateway, set, change, builds, hold, snapshots } = fixture(good('v1'));
    await gateway.start();
    const before = builds();
    const open = hold();
    change();
    for (let version = 2; version <= 20; version += 1) {
      set(good(`v${version}`));
      change();
    }
    open();
    await gateway.reload();
    expect(builds() - before).toBe(2);
    expect(snapshots.get('edge')?.version).toBe('v20');
  });

  it('serves nothing where the files are broken at start and nothing was kept', async () => {
    const { gateway, kinds, snapshots } = fixture(bad());
    expect(await gateway.start()).toBe(false);
    expect(gateway.status()).toMatchObject({ serving: 'nothing', isRestored: false });
    expect(snapshots.gateways()).toEqual([]);
    expect(kinds()).toEqual(['refused']);
  });

  it('serves what an earlier run kept where the files are broken at start, marked (D17)', async () => {
    const { gateway, snapshots, kinds, set } = fixture(bad(), { store: await storeWith() });
    expect(await gateway.start()).toBe(true);
    expect(snapshots.get('edge')?.version).toBe('kept');
    expect(gateway.status()).toMatchObject({ gateway: 'edge', serving: 'last-good', isRestored: true, version: 'kept' });
    expect(kinds()).toEqual(['refused', 'restored']);
    set(good('v2'));
    await gateway.reload();
    expect(gateway.status()).toMatchObject({ serving: 'current', isRestored: false, version: 'v2' });
  });

  it('offers newcomers what was kept while the files of now are in waves (D16)', async () => {
    const { gateway, snapshots, rollouts } = fixture(good('v1'), { store: await storeWith() });
    await gateway.start();
    expect(snapshots.get('edge')?.version).toBe('v1');
    expect(gateway.status().isRestored).toBe(false);
    expect(rollouts.status('edge')).toMatchObject({ revision: 2, lastGood: { revision: 1, version: 'kept' } });
  });

  it('serves what an earlier run kept while the files take more than 10 s to read, then the files (X85)', async () => {
    const { gateway, snapshots, events, hold } = fixture(good('v1'), { store: await storeWith(), patienceMs: 1 });
    const open = hold();
    expect(await gateway.start()).toBe(true);
    expect(snapshots.get('edge')?.version).toBe('kept');
    expect(events).toMatchObject([{ kind: 'restored', isLate: true }]);
    open();
    await gateway.reload();
    expect(gateway.status()).toMatchObject({ serving: 'current', isRestored: false, version: 'v1' });
  });

  it('goes on with what was quarantined and withdrawn before the restart: newcomers get the last good one (B55, D16)', async () => {
    const reason = { kind: 'nacks', nodes: 1 } as const;
    const refused = {
      number: 2,
      gateway: 'edge',
      version: 'v1',
      contentHash: 'v1',
      author: 'file',
      message: '',
      files: [],
      acceptedAtMs: 600,
    };
    const whole = { typeUrl: '', resources: [], snapshotVersion: 'v1', nodeId: 'n1', message: 'no', atMs: 610 };
    const store = await storeWith(
      { kind: 'accepted', revision: refused },
      { kind: 'quarantined', entries: [whole] },
      { kind: 'withdrawn', number: 2, reason, backTo: 1, atMs: 610 },
    );
    const { gateway, snapshots, kinds, rollouts } = fixture(good('v1'), { store });
    expect(await gateway.start()).toBe(true);
    expect(kinds()).toEqual(['refused', 'restored']);
    expect(snapshots.get('edge')?.version).toBe('kept');
    expect(await gateway.release()).toBe(true);
    expect(rollouts.status('edge')).toMatchObject({ revision: 3, version: 'v1', quarantine: [] });
  });

  it('offers again what was refused before a start with force (D15)', async () => {
    const whole = { typeUrl: '', resources: [], snapshotVersion: 'v1', nodeId: 'n1', message: 'no', atMs: 610 };
    const store = await storeWith({ kind: 'quarantined', entries: [whole] });
    const { gateway, rollouts, kinds } = fixture(good('v1'), { store, force: true });
    expect(await gateway.start()).toBe(true);
    expect(kinds()).toEqual(expect.arrayContaining(['accepted']));
    expect(rollouts.status('edge')).toMatchObject({ revision: 2, quarantine: [] });
    await gateway.stop();
    const { entries } = await store.load(FILE);
    expect(entries.at(-2)).toMatchObject({ kind: 'released' });
  });

  it('reads the files again when a node refused them, serves what was good, and tells the reason at its place (D15, B50)', async () => {
    const { gateway, snapshots, rollouts, set } = fixture(good('v1'));
    const node = { id: 'n1', cluster: 'edge', userAgent: undefined, version: undefined, isGrpc: false, limits: LIMITS };
    await gateway.start();
    rollouts.nodeConnected(node, 0);
    rollouts.reached(node, rollouts.targetFor(node) ?? snapshot(''), 0);
    const cluster = { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'service/orders' };
    const next = testSnapshot('edge', { Cluster: { 'service/orders': 'bad' } });
    const version = next.views.get(cluster.typeUrl)?.resources.get(cluster.name)?.version ?? '';
    set(buildOf([], { files: [FILE], contentHash: 'v2', good: goodOf('v2', { snapshot: next }) }));
    await gateway.reload();
    expect(rollouts.targetFor(node)).toBe(next);
    rollouts.refused({ node, target: next, ...cluster, resources: [{ name: cluster.name, version }], message: 'no', atMs: 0 });
    expect(rollouts.targetFor(node)?.version).toBe('v1');
    await gateway.reload();
    expect(gateway.status()).toMatchObject({ serving: 'last-good', version: 'v1' });
    expect(snapshots.get('edge')?.version).toBe('v1');
    await gateway.stop();
    expect(gateway.revisions()).toMatchObject([{ state: 'live' }, { state: 'withdrawn', nacks: [{ nodeId: 'n1', message: 'no' }] }]);
  });

  it('tells that what was kept is damaged and does not serve it', async () => {
    const damage = [{ file: '/state/edge', reason: 'cut off' }];
    const load: RevisionStore['load'] = async () => ({ position: 0, entries: [], snapshots: [], damage });
    const { gateway, kinds } = fixture(bad(), { store: { ...createMemoryRevisionStore(), load } });
    expect(await gateway.start()).toBe(false);
    expect(kinds()).toEqual(['state-damaged', 'refused']);
  });

  it('keeps each accepted snapshot, and none that is refused (D25)', async () => {
    const store = createMemoryRevisionStore();
    const { gateway, set } = fixture(good('v1'), { store });
    await gateway.start();
    set(bad());
    await gateway.reload();
    set(good('v2'));
    await gateway.reload();
    await gateway.stop();
    expect(store.written.map(({ snapshot: { version } }) => version)).toEqual(['v1', 'v2']);
  });

  it('goes on serving when the disk refuses to keep it, and says so', async () => {
    const append = () => Promise.reject(new Error('disk full'));
    const { gateway, kinds } = fixture(good('v1'), { store: { ...createMemoryRevisionStore(), append } });
    expect(await gateway.start()).toBe(true);
    await gateway.stop();
    expect(kinds()).toContain('state-unwritable');
  });

  it('keeps what it serves again after its gateway had another name for a while (D17)', async () => {
    const store = createMemoryRevisionStore();
    const { gateway, set, kinds } = fixture(good('v1'), { store });
    await gateway.start();
    set(good('v1', 'shop'));
    await gateway.reload();
    set(good('v1'));
    await gateway.reload();
    await gateway.stop();
    expect(kinds().filter((kind) => kind !== 'unchanged')).toEqual(['accepted', 'accepted', 'accepted']);
    expect(store.written.map(({ snapshot: { gateway: name } }) => name)).toEqual(['edge', 'shop', 'edge']);
  });

  it('outlives a failure of its own, and serves what it served', async () => {
    const { gateway, set, kinds, snapshots } = fixture(good('v1'));
    await gateway.start();
    set(new Error('a fault of ours'));
    await gateway.reload();
    expect(kinds().at(-1)).toBe('failed');
    expect(snapshots.get('edge')?.version).toBe('v1');
    set(good('v2'));
    await gateway.reload();
    expect(snapshots.get('edge')?.version).toBe('v2');
  });

  it('refuses a gateway name that another root file has, and says which (C14)', async () => {
    const { gateway, snapshots } = fixture(good('v1'), { claim: () => '/etc/chancery/other.yaml' });
    expect(await gateway.start()).toBe(false);
    expect(snapshots.gateways()).toEqual([]);
    expect(gateway.status().problems).toEqual([
      expect.objectContaining({ code: 'CH3002', message: 'already defined by /etc/chancery/other.yaml' }),
    ]);
  });

  it('reads a file again that it watches for the first time, since it may have changed before', async () => {
    const { gateway, builds } = fixture({ ...good('v1'), files: [FILE, '/etc/chancery/included.yaml'] });
    await gateway.start();
    expect(builds()).toBe(2);
    await gateway.reload();
    expect(builds()).toBe(3);
  });

  it('changes nothing any more once it is stopped', async () => {
    const { gateway, set, snapshots } = fixture(good('v1'));
    await gateway.start();
    await gateway.stop();
    set(good('v2'));
    await gateway.reload();
    expect(snapshots.get('edge')?.version).toBe('v1');
  });

  it('serves the newest good build, and nothing else, after any series of edits', async () => {
    const edits = fc.array(fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(edits, async (series) => {
        const { gateway, set, snapshots, change } = fixture(good('v0'));
        await gateway.start();
        let expected = 'v0';
        for (const edit of series) {
          set(edit === undefined ? bad() : good(`v${edit}`));
          if (edit !== undefined) expected = `v${edit}`;
          change();
          await gateway.reload();
        }
        expect(snapshots.get('edge')?.version).toBe(expected);
        expect(gateway.status().serving).toBe(series.at(-1) === undefined ? 'last-good' : 'current');
      }),
      { numRuns: 50 },
    );
  });
});
