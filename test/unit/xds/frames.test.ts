import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CacheListener } from '../../../src/lib/cache-listener.ts';
import type { TypeView } from '../../../src/snapshot/types.ts';
import { createFrames } from '../../../src/xds/frames.ts';
import { NO_NAMES } from '../../../src/xds/name-map.ts';
import type { Plan, Variant } from '../../../src/xds/subscription.ts';
import { testApi, testView } from '../../support/snapshots.ts';

function planOf(variant: Variant, view: TypeView, removed: readonly string[] = []): Plan {
  const entries = [...view.resources.values()];
  const nothing = { changed: [], errors: [], heartbeats: [], unsendable: [], unanswered: NO_NAMES, answersOwed: false, hasMore: false };
  return { ...nothing, variant, view, entries, removed, limits: { maxResponseBytes: 1_000_000 } };
}

const DEAF: CacheListener = { hit: () => {}, missed: () => {}, evicted: () => {}, holds: () => {} };
const frames = (onBuilt = (): void => {}, maxBytes = 1_000_000) =>
  createFrames({ prefix: 'p', identifier: 'replica-1', cache: { ...DEAF, missed: onBuilt }, maxBytes });

describe('bytes', () => {
  test('T3: a joined state-of-the-world response is the message that the API would encode', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (contents) => {
        const plan = planOf('sotw', testView('Cluster', contents));
        const { bytes, nonce } = frames().frame(plan, 0);
        const decoded = testApi().decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
        expect(decoded).toEqual(
          testApi().decode(
            'envoy.service.discovery.v3.DiscoveryResponse',
            testApi().encode('envoy.service.discovery.v3.DiscoveryResponse', {
              version_info: plan.view.version,
              type_url: plan.view.typeUrl,
              nonce,
              control_plane: { identifier: 'replica-1' },
              resources: plan.entries.map(({ any }) => testApi().decode('google.protobuf.Any', any)),
            }),
          ),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('T3, X69: a joined delta response has each resource with its name and version, and the removed names', () => {
    const view = testView('Cluster', { a: '1', ['b'.repeat(300)]: '2' });
    const { bytes, nonce } = frames().frame(planOf('delta', view, ['gone', 'ü']), 0);
    const decoded = testApi().decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes);
    expect(decoded).toMatchObject({ system_version_info: view.version, type_url: view.typeUrl, nonce, removed_resources: ['gone', 'ü'] });
    expect(decoded.resources?.map(({ name, version }) => [name, version])).toEqual(
      [...view.resources.values()].map(({ name, version }) => [name, version]),
    );
    expect(decoded.control_plane?.identifier).toBe('replica-1');
  });
});

describe('sharing', () => {
  test('T5: the same plan is built once for all streams that have seen no later frame', () => {
    let built = 0;
    const shared = frames(() => (built += 1));
    const plan = planOf('sotw', testView('Cluster', { a: '1' }));
    const first = shared.frame(plan, 0);
    for (let stream = 0; stream < 10; stream += 1) expect(shared.frame(plan, 0)).toBe(first);
    expect(built).toBe(1);
  });

  test('T5, X18: flips between two states never give a stream a nonce twice', () => {
    const shared = frames();
    const plans = ['1', '2'].map((content) => planOf('sotw', testView('Cluster', { a: content })));
    const nonces = new Set<string>();
    let last = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      const frame = shared.frame(plans[turn % 2] as Plan, last);
      expect(frame.sequence).toBeGreaterThan(last);
      last = frame.sequence;
      nonces.add(frame.nonce);
    }
    expect(nonces.size).toBe(100);
  });

  test('X18, cilium#45288: 10,000 nonces differ and say nothing of versions', () => {
    const shared = frames();
    const plan = planOf('sotw', testView('Cluster', { a: '1' }));
    let last = 0;
    const nonces = new Set<string>();
    for (let turn = 0; turn < 10_000; turn += 1) {
      const { nonce, sequence } = shared.frame(plan, last);
      nonces.add(nonce);
      last = sequence;
    }
    expect(nonces.size).toBe(10_000);
    expect([...nonces].every((nonce) => !nonce.includes(plan.view.version))).toBe(true);
  });

  test('P27, T5: kept frames are bounded in bytes, and forgotten on demand', () => {
    let built = 0;
    const shared = frames(() => (built += 1), 1_000);
    const plans = Array.from({ length: 20 }, (_, index) => planOf('sotw', testView('Cluster', { [`c${index}`]: 'x'.repeat(100) })));
    for (const plan of plans) shared.frame(plan, 0);
    shared.frame(plans[0] as Plan, 0);
    expect(built).toBe(21);
    shared.frame(plans[0] as Plan, 0);
    expect(built).toBe(21);
    shared.clear();
    shared.frame(plans[0] as Plan, 0);
    expect(built).toBe(22);
  });

  test('P27: filled to ten times its bound, the cache stays within it and says what it gave up', () => {
    const seen = { most: 0, evicted: 0 };
    const cache: CacheListener = {
      ...DEAF,
      holds: (_entries, bytes) => {
        seen.most = Math.max(seen.most, bytes);
      },
      evicted: (entries) => {
        seen.evicted += entries;
      },
    };
    const shared = createFrames({ prefix: 'p', identifier: 'replica-1', cache, maxBytes: 2_000 });
    const plans = Array.from({ length: 100 }, (_, index) => planOf('sotw', testView('Cluster', { [`c${index}`]: 'x'.repeat(100) })));
    for (const plan of plans) shared.frame(plan, 0);
    expect(seen.most).toBeLessThanOrEqual(2_000);
    expect(seen.most).toBeGreaterThan(1_000);
    expect(seen.evicted).toBeGreaterThan(80);
  });
});
