import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { type Contents, contentOf, type TypeLabel, testSnapshot } from '../../support/snapshots.ts';
import { ModelEnvoy, valueOf } from './model-envoy.ts';

const CLUSTERS = ['a', 'b', 'c', 'd'];
const ROUTES = ['r1', 'r2'];

/** A long search with STAGING_RUNS; the same commits in every ordinary run, others with STAGING_SEED. */
function runs(ordinary: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Number(process.env['STAGING_RUNS'] ?? ordinary), seed: Number(process.env['STAGING_SEED'] ?? 1) };
}

/** A gateway in which every route names a cluster that is there, and every cluster has endpoints. */
const gateway: fc.Arbitrary<Snapshot> = fc
  .record({
    clusters: fc.dictionary(fc.constantFrom(...CLUSTERS), fc.constantFrom('1', '2', '3'), { minKeys: 1 }),
    endpoints: fc.constantFrom('1', '2'),
    listener: fc.constantFrom(...ROUTES),
    routes: fc.dictionary(fc.constantFrom(...ROUTES), fc.nat(), { minKeys: 2 }),
  })
  .map(({ clusters, endpoints, listener, routes }) => {
    const names = Object.keys(clusters);
    return testSnapshot('edge', {
      Cluster: clusters,
      ClusterLoadAssignment: Object.fromEntries(names.map((name) => [name, endpoints])),
      Listener: { main: listener },
      RouteConfiguration: Object.fromEntries(Object.entries(routes).map(([name, pick]) => [name, names[pick % names.length] ?? ''])),
    });
  });

type Action = (envoy: ModelEnvoy) => void;

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: gateway.map(
      (given): Action =>
        (envoy) =>
          envoy.publish(given),
    ),
  },
  { weight: 6, arbitrary: fc.constant<Action>((envoy) => void envoy.serve()) },
  { weight: 6, arbitrary: fc.constant<Action>((envoy) => void envoy.deliver()) },
  { weight: 6, arbitrary: fc.constant<Action>((envoy) => void envoy.take()) },
  { weight: 2, arbitrary: fc.constant<Action>((envoy) => envoy.exchange()) },
  // Time passes only when everything is answered, so no wait ends by its clock.
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 40_000 }).map(
      (ms): Action =>
        (envoy) => {
          envoy.exchange();
          envoy.nowMs += ms;
          envoy.exchange();
        },
    ),
  },
);
/** A new server knows nothing of before, and a delta client must be enough to tell it. */
const withRestarts = fc.oneof(
  { weight: 15, arbitrary: action },
  { weight: 1, arbitrary: fc.constant<Action>((envoy) => envoy.reconnect({ isServerNew: true })) },
);
const withReconnects = fc.oneof(
  { weight: 15, arbitrary: action },
  { weight: 1, arbitrary: fc.constant<Action>((envoy) => envoy.reconnect()) },
);

describe.each(['sotw', 'delta'] as const)('a model of Envoy on %s ADS', (variant) => {
  test('X75, X77, X78, D6, D9, G#59, G#218, G#526, G#705, G#752: under random commits no route ever names a cluster that is not running, and all ends at the last', () => {
    fc.assert(
      fc.property(gateway, fc.array(action, { maxLength: 60, size: 'max' }), gateway, (first, actions, last) => {
        const envoy = started(variant, first);
        for (const act of actions) act(envoy);
        envoy.publish(last);
        expectEnd(envoy, last);
        expect(envoy.timedOut).toEqual([]);
      }),
      runs(150),
    );
  });

  test('X80, D7: neither with lost streams, also while it warms; nothing stays warming', () => {
    fc.assert(
      fc.property(gateway, fc.array(withReconnects, { maxLength: 60, size: 'max' }), gateway, (first, actions, last) => {
        const envoy = started(variant, first);
        for (const act of actions) act(envoy);
        envoy.publish(last);
        expectEnd(envoy, last);
      }),
      runs(150),
    );
  });
});

describe.each(['sotw', 'delta'] as const)('a model of Envoy on %s ADS with a cluster that never is warm', (variant) => {
  test('D8, B52: no other route ever names a cluster that is not running, and all routes end at the last', () => {
    fc.assert(
      fc.property(gateway, fc.array(action, { maxLength: 60, size: 'max' }), gateway, (first, actions, last) => {
        const envoy = new ModelEnvoy(variant, ['d']);
        envoy.publish(withoutStuck(first));
        envoy.start();
        envoy.exchange();
        for (const act of actions) act(envoy);
        envoy.publish(last);
        for (let round = 0; round < 20; round += 1) {
          envoy.exchange();
          envoy.nowMs += 10_000;
        }
        expect(envoy.failures).toEqual([]);
        expect(new Set(envoy.routes.values())).toEqual(new Set(routesOf(last)));
      }),
      runs(60),
    );
  });

  test('D8, B52: what does not name it needs no clock', () => {
    const envoy = new ModelEnvoy(variant, ['d']);
    const publish = (clusters: readonly string[], cluster: string): void => {
      envoy.publish(testSnapshot('edge', contentsOf(clusters, cluster)));
      envoy.exchange();
    };
    publish(['a', 'b'], 'a');
    envoy.start();
    envoy.exchange();
    publish(['a', 'b', 'd'], 'b');
    expect([...envoy.routes.values()]).toEqual(['b']);
    publish(['a', 'b', 'd'], 'a');
    expect([[...envoy.routes.values()], envoy.timedOut]).toEqual([['a'], []]);
  });

  test('D8, B52: a cluster that was accepted once and removed since is waited for as a new one', () => {
    const envoy = new ModelEnvoy(variant, ['d']);
    const publish = (clusters: readonly string[], cluster: string): void => {
      envoy.publish(testSnapshot('edge', contentsOf(clusters, cluster)));
      envoy.exchange();
    };
    const pass = (ms: number): void => {
      envoy.nowMs += ms;
      envoy.exchange();
    };
    publish(['a'], 'a');
    envoy.start();
    envoy.exchange();
    publish(['b', 'd'], 'b');
    // The answers to routes show that the client only holds back the one for clusters; then what lingers goes, unanswered too.
    for (let second = 0; second < 60; second += 1) pass(1_000);
    expect(envoy.clusters).toEqual(['b']);
    publish(['a', 'd'], 'a');
    const waited: string[] = [];
    for (let second = 0; second < 15 && !waited.includes('a'); second += 1) {
      pass(1_000);
      waited.push(...envoy.routes.values());
    }
    expect([envoy.failures, waited.at(-1)]).toEqual([[], 'a']);
  });
});

function contentsOf(clusters: readonly string[], routesTo: string): Contents {
  return {
    Cluster: Object.fromEntries(clusters.map((name) => [name, '1'])),
    ClusterLoadAssignment: Object.fromEntries(clusters.map((name) => [name, '1'])),
    Listener: { main: 'r1' },
    RouteConfiguration: { r1: routesTo },
  };
}

/** What the client runs at first is warm. */
function withoutStuck(snapshot: Snapshot): Snapshot {
  return JSON.stringify(routesOf(snapshot)).includes('d') || names(snapshot, 'Cluster').includes('d')
    ? testSnapshot('edge', contentsOf(['a'], 'a'))
    : snapshot;
}

/** The clusters that the routes of the listener name. */
function routesOf(snapshot: Snapshot): readonly string[] {
  const all = (type: TypeLabel) =>
    [...(snapshot.views.get(TYPE_URLS[type])?.resources.values() ?? [])].map(({ typeUrl, any }) => contentOf(typeUrl, valueOf(any)));
  const used = new Set(all('Listener').map(({ content }) => content));
  return all('RouteConfiguration').flatMap(({ name, content }) => (used.has(name) ? content : []));
}

function names(snapshot: Snapshot, type: TypeLabel): readonly string[] {
  return [...(snapshot.views.get(TYPE_URLS[type])?.resources.keys() ?? [])];
}

test('X80, D25: a restarted server learns from a delta client what must not go yet', () => {
  fc.assert(
    fc.property(gateway, fc.array(withRestarts, { maxLength: 60, size: 'max' }), gateway, (first, actions, last) => {
      const envoy = started('delta', first);
      for (const act of actions) act(envoy);
      envoy.publish(last);
      expectEnd(envoy, last);
    }),
    runs(150),
  );
});

function started(variant: 'sotw' | 'delta', first: Snapshot): ModelEnvoy {
  const envoy = new ModelEnvoy(variant);
  envoy.publish(first);
  envoy.start();
  envoy.exchange();
  return envoy;
}

function expectEnd(envoy: ModelEnvoy, last: Snapshot): void {
  for (let round = 0; round < 10; round += 1) {
    envoy.exchange();
    envoy.nowMs += 10_000;
  }
  envoy.exchange();
  expect(envoy.failures).toEqual([]);
  expect(envoy.isWarming).toBe(false);
  const target = [...last.views.values()].find(({ typeUrl }) => typeUrl.endsWith('.Cluster'));
  expect(envoy.clusters).toEqual([...(target?.resources.keys() ?? [])]);
}
