import { expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import { createNodeProgress, type StreamProgress } from '../../../src/xds/node-progress.ts';
import { testSnapshot } from '../../support/snapshots.ts';

const ENVOY: ClientNode = {
  id: 'n',
  cluster: 'edge',
  userAgent: 'envoy',
  version: undefined,
  isGrpc: false,
  limits: { maxResponseBytes: 1 },
};
const A = testSnapshot('edge', { Listener: { l: '1' } });
const B = testSnapshot('edge', { Listener: { l: '2' } });

class FakeStream implements StreamProgress {
  readonly node: ClientNode;
  aim: Snapshot | undefined = A;
  at: Snapshot | undefined;
  types: readonly string[] = [TYPE_URLS.Listener];

  constructor(node: ClientNode = ENVOY) {
    this.node = node;
  }

  target(): Snapshot | undefined {
    return this.aim;
  }

  reached(): Snapshot | undefined {
    return this.at;
  }

  asksFor(typeUrl: string): boolean {
    return this.types.includes(typeUrl);
  }
}

function rig() {
  const clock = { nowMs: 0 };
  const told: string[] = [];
  const name = (target: Snapshot): string => (target === A ? 'A' : 'B');
  const progress = createNodeProgress(
    {
      nodeConnected: ({ id }) => told.push(`${id} came`),
      nodeGone: ({ id }) => told.push(`${id} went`),
      reached: ({ id }, target) => told.push(`${id} at ${name(target)}`),
    },
    () => clock.nowMs,
  );
  return { clock, told, progress };
}

test('D1: a node comes with its first stream and goes with its last', () => {
  const { told, progress } = rig();
  const [one, two, other] = [new FakeStream(), new FakeStream(), new FakeStream({ ...ENVOY, id: 'o' })];
  for (const stream of [one, two, other]) progress.joined(stream);
  progress.left(one);
  progress.left(one);
  progress.left(two);
  expect(told).toEqual(['n came', 'o came', 'n went']);
});

test('D1: a target is reached when every stream of the node has, and that is told once', () => {
  const { told, progress } = rig();
  const [one, two] = [new FakeStream(), new FakeStream()];
  for (const stream of [one, two]) progress.joined(stream);
  one.at = A;
  progress.looked(one);
  progress.looked(two);
  expect(told).toEqual(['n came']);
  two.at = A;
  progress.looked(two);
  progress.looked(one);
  two.at = undefined;
  progress.looked(two);
  two.at = A;
  progress.looked(two);
  expect(told).toEqual(['n came', 'n at A']);
});

test('D15: a target that is offered again after another one is reached again', () => {
  const { told, progress } = rig();
  const stream = new FakeStream();
  progress.joined(stream);
  for (const target of [A, B, A]) {
    stream.aim = target;
    stream.at = undefined;
    progress.looked(stream);
    stream.at = target;
    progress.looked(stream);
  }
  expect(told.slice(1)).toEqual(['n at A', 'n at B', 'n at A']);
});

test('a stream that goes leaves the rest to be counted; one that comes is to be counted too', () => {
  const { told, progress } = rig();
  const [one, two, three] = [new FakeStream(), new FakeStream(), new FakeStream()];
  for (const stream of [one, two]) progress.joined(stream);
  one.at = A;
  progress.looked(one);
  progress.left(two);
  progress.looked(one);
  expect(told).toEqual(['n came', 'n at A']);
  progress.joined(three);
  for (const stream of [one, three]) stream.aim = B;
  one.at = B;
  progress.looked(one);
  expect(told).toHaveLength(2);
});

test('B55: an Envoy that starts has not reached its target with its clusters; one that never asks for listeners has after a while', () => {
  const { clock, told, progress } = rig();
  const stream = new FakeStream();
  stream.types = [TYPE_URLS.Cluster];
  stream.at = A;
  progress.joined(stream);
  progress.looked(stream);
  expect(told).toEqual(['n came']);
  clock.nowMs = 10_000;
  progress.looked(stream);
  expect(told).toEqual(['n came', 'n at A']);
});

test('a gRPC client reaches a target with what it asks for', () => {
  const { told, progress } = rig();
  const stream = new FakeStream({ ...ENVOY, isGrpc: true });
  stream.types = [TYPE_URLS.Cluster];
  stream.at = A;
  progress.joined(stream);
  progress.looked(stream);
  expect(told).toEqual(['n came', 'n at A']);
});
