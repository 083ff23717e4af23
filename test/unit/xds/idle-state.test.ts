import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot, SnapshotResource, TypeUrl } from '../../../src/snapshot/types.ts';
import { typeView } from '../../../src/snapshot/view.ts';
import { createNameInterner, type InternNames } from '../../../src/xds/name-map.ts';
import { clientNode } from '../../../src/xds/node.ts';
import type { DiscoveryRequest } from '../../../src/xds/request.ts';
import { Session } from '../../../src/xds/session.ts';
import { MODEL_TIMING } from './model-client.ts';

/** What one costs does not depend on how many there are; what else moves in the heap meanwhile is divided by them. */
const STREAMS = 240;
const NAMES = Array.from({ length: 10_000 }, (_, index) => `service/service-${index}`);
const BYTES = Buffer.from('resource');

function snapshot(version: string): Snapshot {
  const views = [TYPE_URLS.Cluster, TYPE_URLS.ClusterLoadAssignment, TYPE_URLS.Listener, TYPE_URLS.RouteConfiguration].map((typeUrl) => {
    const names = typeUrl === TYPE_URLS.Cluster || typeUrl === TYPE_URLS.ClusterLoadAssignment ? NAMES : ['http', 'https'];
    return typeView(
      typeUrl,
      names.map((name): SnapshotResource => ({ typeUrl, name, version, any: BYTES })),
    );
  });
  return { gateway: 'edge', version, views: new Map(views.map((view) => [view.typeUrl, view])) };
}

function request(typeUrl: TypeUrl, nonce: string, subscribe: readonly string[]): DiscoveryRequest {
  const names = { variant: 'delta', subscribe, unsubscribe: [], initialVersions: new Map() } as const;
  return { typeUrl, nonce, error: undefined, names, isResuming: false };
}

/** As an Envoy that asks for everything, endpoints by name, and has accepted all of it. */
function idleSession(target: Snapshot, intern: InternNames): Session {
  const session = new Session({
    variant: 'delta',
    isAggregated: true,
    node: clientNode({ id: 'n', cluster: 'edge' }),
    timing: MODEL_TIMING,
    intern,
    recentlyDropped: () => new Map(),
    onGateTimedOut: () => {},
    onAnswerOverdue: () => {},
  });
  session.setTarget(target, 0);
  session.receive(request(TYPE_URLS.Cluster, '', []), 0);
  session.receive(request(TYPE_URLS.ClusterLoadAssignment, '', NAMES), 0);
  session.receive(request(TYPE_URLS.Listener, '', []), 0);
  session.receive(request(TYPE_URLS.RouteConfiguration, '', ['http', 'https']), 0);
  settle(session);
  return session;
}

function settle(session: Session): void {
  for (let plan = session.next(1); plan !== undefined; plan = session.next(1)) {
    session.sent(plan, 'n', 1);
    session.receive(request(plan.view.typeUrl, 'n', []), 1);
  }
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('the garbage collector cannot be called');
  for (let turn = 0; turn < 4; turn += 1) collect();
  return process.memoryUsage().heapUsed;
}

test('S10, P15: an idle stream costs less than 4 KiB of our state with 10,000 clusters and as many endpoints asked by name, also after a change', () => {
  const intern = createNameInterner();
  const [older, newer] = [snapshot('1'), snapshot('2')];
  const move = (session: Session): void => {
    session.setTarget(newer, 2);
    settle(session);
  };
  // What all streams share, and the compiled code, are there before.
  const first = Array.from({ length: 50 }, () => idleSession(older, intern));
  for (const session of first.slice(25)) move(session);
  const before = heapAfterCollection();
  const sessions = Array.from({ length: STREAMS }, () => idleSession(older, intern));
  const idle = (heapAfterCollection() - before) / STREAMS;
  expect(idle).toBeLessThan(4 * 1024);
  for (const session of sessions) move(session);
  const moved = (heapAfterCollection() - before) / STREAMS;
  expect(moved).toBeLessThan(4 * 1024);
  expect(first).toHaveLength(50);
  expect(sessions.every((session) => session.reached() === newer)).toBe(true);
}, 120_000);
