import { describe, expect, it } from 'vitest';
import { ClusterNodes } from '../../../../src/ratelimit/redis/cluster-nodes.ts';
import { keySlot } from '../../../../src/ratelimit/redis/key-slot.ts';
import { RedisNode } from '../../../../src/ratelimit/redis/redis-node.ts';
import { loadScripts } from '../../../../src/ratelimit/redis/redis-scripts.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { type FakeClient, fakeRedis, refusal } from './fake-redis.ts';

const scripts = loadScripts();
const HALF = 8_192;

interface Cluster {
  readonly nodes: ClusterNodes;
  /** What each node was sent but for what it was prepared with, by port. */
  sent(port: number): readonly (readonly unknown[])[];
  slots: unknown;
  /** Answers of a node to what is not about the Cluster. */
  answer: (command: readonly unknown[], port: number) => unknown;
}

async function clusterOf(ports: readonly number[]): Promise<Cluster> {
  const portOf = (client: FakeClient): number => Number(client.options.port);
  const redis = fakeRedis((command, client) => {
    if (command[0] === 'info') return 'redis_version:8.2.3\r\n';
    if (command[0] === 'cluster') return cluster.slots;
    return command[0] === 'config' || command[0] === 'script' ? 'OK' : cluster.answer(command, portOf(client));
  });
  const nodes = new ClusterNodes({
    hosts: ports.slice(0, 1).map((port) => ({ host: 'node', port })),
    createNode: (options) =>
      new RedisNode({
        connect: redis.connect,
        options,
        scripts,
        listener: SILENT_LISTENER,
        onReady: () => undefined,
        onLost: () => undefined,
      }),
  });
  const cluster: Cluster = {
    nodes,
    sent: (port) =>
      redis.clients
        .filter((client) => portOf(client) === port)
        .flatMap(({ sent }) => sent.flat())
        .filter(([name]) => !['info', 'config', 'script', 'cluster'].includes(String(name))),
    slots: [
      [0, HALF - 1, ['node', ports[0]]],
      [HALF, 16_383, ['node', ports[1]]],
    ],
    answer: () => 'OK',
  };
  await settled();
  await nodes.refresh();
  await settled();
  return cluster;
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** A tag in the first or the second half of the slots. */
const tagIn = (half: 0 | 1): string => {
  for (let tag = 0; ; tag += 1) if (Math.floor(keySlot(String(tag)) / HALF) === half) return String(tag);
};

describe('the masters of a Cluster (ratelimit R408)', () => {
  it('are found from one of them, and each is asked for its own slots', async () => {
    const { nodes } = await clusterOf([1, 2]);
    const [low, high] = [nodes.nodeOf(tagIn(0)), nodes.nodeOf(tagIn(1))];
    expect([nodes.all().length, low !== undefined, high !== undefined, low === high]).toEqual([2, true, true, false]);
    if (low === undefined || high === undefined) throw new Error('no nodes');
    expect([nodes.nodeOf(nodes.tagOf(low) ?? ''), nodes.nodeOf(nodes.tagOf(high) ?? '')]).toEqual([low, high]);
  });

  it('after MOVED a command is sent once more, to where it says, and the slots are looked for anew', async () => {
    const cluster = await clusterOf([1, 2]);
    cluster.answer = (command, port) => (port === 1 && command[0] === 'incrby' ? refusal('MOVED 7 node:2') : port);
    cluster.slots = [[0, 16_383, ['node', 2]]];
    const low = cluster.nodes.nodeOf(tagIn(0));
    if (low === undefined) throw new Error('no node');
    const replies = await cluster.nodes.send(low, [
      ['incrby', 'a', 1],
      ['get', 'b'],
    ]);
    expect(replies).toEqual([{ value: 2 }, { value: 1 }]);
    expect([cluster.sent(1).length, cluster.sent(2)]).toEqual([2, [['incrby', 'a', 1]]]);
    await settled();
    expect(cluster.nodes.all()).toEqual([cluster.nodes.nodeOf(tagIn(0))]);
    expect(cluster.nodes.tagOf(low)).toBeUndefined();
  });

  it('after ASK that one command is sent with ASKING; a second redirection is an answer', async () => {
    const cluster = await clusterOf([1, 2]);
    cluster.answer = (command, port) => {
      if (command[0] !== 'incrby') return 'OK';
      return port === 1 ? refusal('ASK 7 node:2') : refusal('TRYAGAIN Multiple keys request during rehashing of slot');
    };
    const low = cluster.nodes.nodeOf(tagIn(0));
    if (low === undefined) throw new Error('no node');
    const [reply] = await cluster.nodes.send(low, [['incrby', 'a', 1]]);
    expect(reply).toMatchObject({ error: { message: expect.stringContaining('TRYAGAIN') }, isLost: false });
    expect(cluster.sent(2)).toEqual([['asking'], ['incrby', 'a', 1]]);
    expect(cluster.sent(1)).toEqual([['incrby', 'a', 1]]);
  });

  it('what is told to go to a node that nobody knew is refused once, and the node is known from then on', async () => {
    const cluster = await clusterOf([1, 2]);
    cluster.answer = (_, port) => (port === 1 ? refusal('MOVED 7 node:3') : port);
    const low = cluster.nodes.nodeOf(tagIn(0));
    if (low === undefined) throw new Error('no node');
    expect(await cluster.nodes.send(low, [['incrby', 'a', 1]])).toMatchObject([{ isLost: false }]);
    await settled();
    // Also while it has no slots yet, and for as long as keys move to it.
    for (let look = 0; look < 20; look += 1) {
      expect(await cluster.nodes.send(low, [['incrby', 'a', 1]])).toEqual([{ value: 3 }]);
      await settled();
    }
    cluster.answer = () => 'OK';
    for (let look = 0; look < 100; look += 1) {
      await cluster.nodes.refresh();
      await settled();
    }
    expect(cluster.nodes.all()).toHaveLength(2);
  });

  it('that tell no host, or none that is known, are where they were asked: behind one address, by their ports', async () => {
    const cluster = await clusterOf([1, 2]);
    cluster.slots = [
      [0, HALF - 1, [null, 1]],
      [HALF, HALF + 9, ['?', 2]],
      [HALF + 10, 16_383, ['', 2]],
    ];
    cluster.answer = (command, port) => (port === 1 && command[0] === 'incrby' ? refusal('MOVED 7 :2') : port);
    const low = cluster.nodes.nodeOf(tagIn(0));
    if (low === undefined) throw new Error('no node');
    expect(await cluster.nodes.send(low, [['incrby', 'a', 1]])).toEqual([{ value: 2 }]);
    await settled();
    expect(cluster.nodes.all()).toHaveLength(2);
    expect(cluster.nodes.nodeOf(tagIn(0))).toBe(low);
    expect(cluster.nodes.nodeOf(tagIn(1))).toBe(cluster.nodes.all()[1]);
  });

  it('a node whose breaker is open is not the one that is asked the time', async () => {
    const { nodes } = await clusterOf([1, 2]);
    const first = nodes.anyNode();
    for (let failure = 0; failure < 5; failure += 1) first?.breaker.failed(failure);
    expect([nodes.anyNode() === first, nodes.anyNode()?.isUsable]).toEqual([false, true]);
  });
});
