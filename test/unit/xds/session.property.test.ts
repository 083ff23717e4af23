import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { testSnapshot } from '../../support/snapshots.ts';
import { MODEL_TYPES, ModelClient, type ModelType } from './model-client.ts';

const NAMES = ['a', 'b', 'c'];
const VARIANTS = [
  ['sotw', true],
  ['sotw', false],
  ['delta', true],
  ['delta', false],
] as const;

/** More with S11_RUNS, for a long search. */
const RUNS = Number(process.env['S11_RUNS'] ?? 200);
/** The same dialogues in every ordinary run; S11_SEED looks at others. */
const SEED = Number(process.env['S11_SEED'] ?? 1);

type Action = (client: ModelClient) => void;

const contents = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom('1', '2'), { maxKeys: NAMES.length });
const snapshot: fc.Arbitrary<Snapshot> = fc
  .record({ Cluster: contents, ClusterLoadAssignment: contents, Listener: contents, RouteConfiguration: contents })
  .map((types) => testSnapshot('edge', types));
// Clusters most often: they have every kind of subscription.
const type: fc.Arbitrary<ModelType> = fc.constantFrom('Cluster', 'Cluster', 'Cluster', ...MODEL_TYPES);

const answering: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: snapshot.map(
      (given): Action =>
        (client) =>
          client.publish(given),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(type, fc.uniqueArray(fc.constantFrom(...NAMES, 'unknown')), fc.boolean()).map(
      ([of, names, star]): Action =>
        (client) =>
          client.subscribe(of, names, star),
    ),
  },
  { weight: 4, arbitrary: fc.constant<Action>((client) => client.exchange()) },
  { weight: 6, arbitrary: fc.constant<Action>((client) => void client.serve()) },
  { weight: 6, arbitrary: fc.constant<Action>((client) => void client.deliver()) },
  { weight: 5, arbitrary: fc.constant<Action>((client) => void client.answer(false)) },
  {
    weight: 1,
    arbitrary: fc.tuple(type, fc.constantFrom('nothing' as const, ...MODEL_TYPES), fc.boolean()).map(
      ([of, nonceOf, refuse]): Action =>
        (client) =>
          client.stale(of, { nonceOf, refuse }),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Action>((client) => client.reconnect()) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 70_000 }).map(
      (ms): Action =>
        (client) =>
          void (client.nowMs += ms),
    ),
  },
);
const refusing: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: answering },
  { weight: 1, arbitrary: fc.constant<Action>((client) => void client.answer(true)) },
);

test.each(VARIANTS)(
  'S11: a %s client (aggregated: %s) ends with exactly what it asked for of the last snapshot',
  (variant, isAggregated) => {
    fc.assert(
      fc.property(fc.array(answering, { maxLength: 50, size: 'max' }), snapshot, (actions, last) => {
        const client = new ModelClient(variant, isAggregated);
        for (const act of actions) act(client);
        client.publish(last);
        expectAtRest(client);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
);

test.each(VARIANTS)(
  'S11, X30: a %s client (aggregated: %s) that refused contents gets whatever differs from them',
  (variant, isAggregated) => {
    fc.assert(
      fc.property(snapshot, fc.array(refusing, { maxLength: 50, size: 'max' }), snapshot, (first, actions, last) => {
        const client = new ModelClient(variant, isAggregated);
        client.publish(first);
        for (const act of actions) act(client);
        client.settle();
        client.publish(renewed(last));
        expectAtRest(client);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
);

/** Interests that mean the same in both variants: a legacy wildcard ends by names in one, and by an explicit word in the other. */
const explicit: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: answering },
  {
    weight: 2,
    arbitrary: fc.tuple(type, fc.uniqueArray(fc.constantFrom(...NAMES, 'unknown'))).map(
      ([of, names]): Action =>
        (client) =>
          client.subscribe(of, names, true),
    ),
  },
);

test('S11, X1: clients of all four variants that ask for the same hold the same at rest', () => {
  fc.assert(
    fc.property(fc.array(explicit, { maxLength: 40, size: 'max' }), snapshot, (actions, last) => {
      const clients = VARIANTS.map(([variant, isAggregated]) => new ModelClient(variant, isAggregated));
      for (const client of clients) {
        for (const act of actions) act(client);
        client.publish(last);
        for (const of of MODEL_TYPES) client.subscribe(of, of === 'RouteConfiguration' ? ['a', 'c'] : [], of !== 'RouteConfiguration');
        expectAtRest(client);
      }
      const [first, ...others] = clients.map((client) => client.compare());
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

function expectAtRest(client: ModelClient): void {
  client.settle();
  expect(client.broken).toEqual([]);
  for (const { type: of, expected, held } of client.compare()) expect({ of, held }).toEqual({ of, held: expected });
}

function renewed(given: Snapshot): Snapshot {
  const types = [...given.views.values()].map((view) => [
    view.typeUrl.split('.').at(-1),
    Object.fromEntries([...view.resources.keys()].map((name) => [name, 'renewed'])),
  ]);
  return testSnapshot('edge', Object.fromEntries(types));
}
