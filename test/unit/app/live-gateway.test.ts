import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Build } from '../../../src/build.ts';
import type { Issue } from '../../../src/lib/issue.ts';
import { createLiveGateway, type GatewayEvent, type LiveGateway, type LiveGatewayOptions } from '../../../src/live-gateway.ts';
import { createSnapshotStore, type SnapshotStore } from '../../../src/snapshot/store.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { LastGood, LastGoodRead, LastGoodStore } from '../../../src/state/last-good.ts';
import { buildOf, goodOf } from '../../support/plain-builds.ts';

const FILE = '/etc/chancery/edge.yaml';

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

function fixture(first: Build | Error, options: Partial<LiveGatewayOptions> = {}): Fixture {
  const snapshots = createSnapshotStore();
  const events: GatewayEvent[] = [];
  let next = first;
  let builds = 0;
  let gate: Promise<void> = Promise.resolve();
  let onChange = (): void => undefined;
  let now = 1_000;
  const gateway = createLiveGateway({
    file: FILE,
    builder: {
      placeOf: async () => undefined,
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
    snapshots,
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

function memoryStore(read: LastGoodRead = { kind: 'absent' }) {
  const written: LastGood[] = [];
  const store: LastGoodStore = {
    read: async () => read,
    write: async (_file, lastGood) => void written.push(lastGood),
  };
  return { written, store };
}

const kept: LastGood = { snapshot: snapshot('kept'), contentHash: 'kept', acceptedAtMs: 500 };

describe('a gateway while it is served', () => {
  it('has started only when what it serves is kept, so that a kill right after loses nothing (D25)', async () => {
    const order: string[] = [];
    const write = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('kept');
    };
    const { gateway } = fixture(good('v1'), { lastGood: { ...memoryStore().store, write } });
    await gateway.start();
    order.push('started');
    expect(order).toEqual(['kept', 'started']);
  });

  it('starts and stops although the disk hangs', async () => {
    vi.useFakeTimers();
    try {
      const { gateway } = fixture(good('v1'), { lastGood: { ...memoryStore().store, write: () => new Promise<void>(() => undefined) } });
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
    const { store } = memoryStore({ kind: 'found', lastGood: kept });
    const { gateway, snapshots, kinds, set } = fixture(bad(), { lastGood: store });
    expect(await gateway.start()).toBe(true);
    expect(snapshots.get('edge')?.version).toBe('kept');
    expect(gateway.status()).toMatchObject({ gateway: 'edge', serving: 'last-good', isRestored: true, version: 'kept' });
    expect(kinds()).toEqual(['refused', 'restored']);
    set(good('v2'));
    await gateway.reload();
    expect(gateway.status()).toMatchObject({ serving: 'current', isRestored: false, version: 'v2' });
  });

  it('passes over what was kept where the files are good', async () => {
    const { store } = memoryStore({ kind: 'found', lastGood: kept });
    const { gateway, snapshots } = fixture(good('v1'), { lastGood: store });
    await gateway.start();
    expect(snapshots.get('edge')?.version).toBe('v1');
    expect(gateway.status().isRestored).toBe(false);
  });

  it('tells that what was kept is damaged and does not serve it', async () => {
    const { store } = memoryStore({ kind: 'damaged', file: '/state/edge', reason: 'cut off' });
    const { gateway, kinds } = fixture(bad(), { lastGood: store });
    expect(await gateway.start()).toBe(false);
    expect(kinds()).toEqual(['state-damaged', 'refused']);
  });

  it('keeps each accepted snapshot, and none that is refused (D25)', async () => {
    const { store, written } = memoryStore();
    const { gateway, set } = fixture(good('v1'), { lastGood: store });
    await gateway.start();
    set(bad());
    await gateway.reload();
    set(good('v2'));
    await gateway.reload();
    await gateway.stop();
    expect(written.map(({ snapshot: { version } }) => version)).toEqual(['v1', 'v2']);
  });

  it('goes on serving when the disk refuses to keep it, and says so', async () => {
    const store: LastGoodStore = { read: async () => ({ kind: 'absent' }), write: () => Promise.reject(new Error('disk full')) };
    const { gateway, kinds } = fixture(good('v1'), { lastGood: store });
    expect(await gateway.start()).toBe(true);
    await gateway.stop();
    expect(kinds()).toContain('state-unwritable');
  });

  it('keeps what it serves again after its gateway had another name for a while (D17)', async () => {
    const { store, written } = memoryStore();
    const { gateway, set, kinds } = fixture(good('v1'), { lastGood: store });
    await gateway.start();
    set(good('v1', 'shop'));
    await gateway.reload();
    set(good('v1'));
    await gateway.reload();
    await gateway.stop();
    expect(kinds().filter((kind) => kind !== 'unchanged')).toEqual(['accepted', 'accepted', 'accepted']);
    expect(written.map(({ snapshot: { gateway: name } }) => name)).toEqual(['edge', 'shop', 'edge']);
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
