// A Cluster whose slots move while it counts (ratelimit R408, R1008): MOVED and ASK are followed, and no hit is counted twice or lost.
import { afterEach, expect, it } from 'vitest';
import { keySlot } from '../../../src/ratelimit/redis/key-slot.ts';
import { CounterKey } from '../../../src/ratelimit/store/counter-key.ts';
import type { CounterUse, TakeAnswer } from '../../../src/ratelimit/store.ts';
import { use, yearly } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startCluster } from '../../support/redis-server.ts';
import { startStore } from '../../support/redis-store.ts';

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('of several limits in a slot that is moved under load as many pass as N, and each hit that passed is counted once', async () => {
  const { nodes, stop } = await startCluster();
  ends.push(stop);
  const [from, to] = nodes;
  if (from === undefined || to === undefined) throw new Error('no nodes');
  const hosts = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const stores = await Promise.all([0, 1].map(() => startStore({ endpoint: { kind: 'cluster', hosts } })));
  for (const { store } of stores) ends.push(() => store.close());
  const slot = slotOfFirst();
  const tag = { slot };
  const limits = {
    plain: use(yearly('fixed', 100_000), tag),
    scripted: use(yearly('bucket', 100_000), tag),
    sliding: use(yearly('sliding', 100_000), tag),
  };
  const all = Object.values(limits);
  const passed = new Map<CounterUse, number>();
  const failures: TakeAnswer[] = [];
  const load = { isOn: true };
  const client = async (at: number, asked: readonly CounterUse[]): Promise<void> => {
    while (load.isOn) {
      const answer = await stores[at % 2]?.store.take(asked, NEVER);
      if (answer?.source === 'failure') failures.push(answer);
      else if (answer?.isOver === false) for (const one of asked) passed.set(one, (passed.get(one) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: 8 }, (_, at) => client(at, at < 6 ? [all[at % 3] ?? limits.plain] : all));
  await eventually(() => all.every((one) => (passed.get(one) ?? 0) > 50), { what: 'load before the move' });
  await move(keySlot(slot.text), from, to);
  const before = new Map(passed);
  await eventually(() => all.every((one) => (passed.get(one) ?? 0) > (before.get(one) ?? 0) + 50), { what: 'load after the move' });
  load.isOn = false;
  await Promise.all(clients);
  // A script over several keys of which some have moved is told to try again later (TRYAGAIN); it did not run. Such a request is answered by
  // `onStoreFailure`, and where that let hits of a fixed window pass, they are counted when the store is back.
  expect(failures.every(({ failure }) => failure === 'unavailable')).toBe(true);
  expect(failures.length).toBeLessThan(passed.get(limits.plain) ?? 0);
  const used = async (one: CounterUse): Promise<number | undefined> => (await stores[0]?.store.read(one))?.used;
  expect(await used(limits.sliding)).toBe(passed.get(limits.sliding));
  // A year's bucket gains a hit in five minutes.
  expect(Math.abs(Number(await used(limits.scripted)) - Number(passed.get(limits.scripted)))).toBeLessThanOrEqual(1);
  const reconciled = (): number => stores.reduce((sum, { told }) => sum + told.reconciled, 0);
  await eventually(async () => expect(await used(limits.plain)).toBe((passed.get(limits.plain) ?? 0) + reconciled()));
  const ttls = await Promise.all((await to.client.keys('crl:*')).map((key) => to.client.pttl(key)));
  expect(Math.min(...ttls)).toBeGreaterThan(0);
});

/** A key of the first node. */
function slotOfFirst(): CounterKey {
  for (let number = 0; ; number += 1) {
    const key = new CounterKey(Buffer.alloc(16, number));
    if (keySlot(key.text) < 5_000) return key;
  }
}

/** As redis-cli moves a slot: key after key, while both nodes know of it. */
async function move(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  const idOf = async ({ client }: RedisServer): Promise<string> => String(await client.call('CLUSTER', 'MYID'));
  const [source, target] = [await idOf(from), await idOf(to)];
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[];
    const [key] = keys;
    if (key === undefined) break;
    await from.client.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000);
  }
  for (const { client } of [to, from]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', target);
}
