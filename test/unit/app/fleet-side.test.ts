// What proxies are told of how many they are (ratelimit R213), with a clock of the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetSide } from '../../../src/app/fleet-side.ts';
import { RETURN_MS } from '../../../src/app/fleet-sizes.ts';
import { any } from '../../../src/proto/any.ts';
import { TYPE_URLS, typeNameOf } from '../../../src/proto/type-urls.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import type { TargetSource } from '../../../src/xds/targets.ts';
import { testApi, testSnapshot } from '../../support/snapshots.ts';

const LIMITS = { maxResponseBytes: 1_000_000, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };
const NAME = 'filter/limit-fleet';
const TYPE = TYPE_URLS.ClusterLoadAssignment;

function node(id: string, parts: Partial<ClientNode> = {}): ClientNode {
  return { id, cluster: 'edge', userAgent: 'envoy', version: '1.40.0', isGrpc: false, limits: LIMITS, knowsFleet: true, ...parts };
}

const DIVIDED = testSnapshot('edge', {
  ClusterLoadAssignment: { 'service/a': 'zone' },
  TypedExtensionConfig: {
    [NAME]: {
      name: NAME,
      typed_config: any('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', {
        stat_prefix: 'limit-fleet',
        descriptors: [
          {
            entries: [{ key: 'limit', value: 'shield' }],
            token_bucket: { max_tokens: 2, tokens_per_fill: { value: 1 }, fill_interval: { seconds: 1, nanos: 0 } },
          },
        ],
      }),
    },
  },
});
const PLAIN = testSnapshot('edge', { Cluster: { 'service/a': 'a' } });

/** How many endpoints the cluster of all proxies has; undefined: the snapshot says nothing of it. */
function sizeIn(snapshot: Snapshot | undefined): number | undefined {
  const resource = snapshot?.views.get(TYPE)?.resources.get('chancery/fleet');
  if (resource === undefined) return undefined;
  const { value } = testApi().decode('google.protobuf.Any', resource.any);
  const message = testApi().decode(typeNameOf(TYPE), Buffer.from(value ?? '')) as { endpoints?: { lb_endpoints?: object[] }[] };
  return message.endpoints?.[0]?.lb_endpoints?.length;
}

describe('proxies of a gateway', () => {
  let directory: string;
  let nowMs: number;
  let timers: { readonly atMs: number; readonly run: () => void }[];
  let log: Readonly<Record<string, unknown>>[];
  let told: string[];
  let base: Snapshot;
  let side: FleetSide;
  let targets: TargetSource;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'chancery-fleet-'));
    [nowMs, timers, log, told, base] = [0, [], [], [], DIVIDED];
    start();
    await side.start();
  });
  afterEach(async () => {
    await side.stop();
    await rm(directory, { recursive: true });
  });

  function start(): void {
    const logger = createLogger({ sink: { write: (line) => log.push(JSON.parse(line)) }, level: 'debug' });
    side = new FleetSide({
      settings: { state: directory },
      parts: { api: testApi(), logger, nowMs: () => nowMs },
      after: (ms, run) => {
        const timer = { atMs: nowMs + ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
    });
    targets = side.above({ targetFor: () => base, subscribe: () => () => undefined, gateways: () => ['edge'] });
    targets.subscribe((gateway) => told.push(gateway));
  }

  function pass(ms: number): void {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = timers.filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs);
      if (next === undefined) break;
      timers = timers.filter((each) => each !== next);
      nowMs = next.atMs;
      next.run();
    }
    nowMs = endMs;
  }

  const connect = (...ids: readonly string[]): void => {
    for (const id of ids) side.progress.nodeConnected?.(node(id), nowMs);
  };
  const size = (): number | undefined => sizeIn(targets.targetFor(node('a')));

  it('are told of all that came at once in one change, and of one that left a moment later', () => {
    connect('a', 'b', 'c');
    pass(1_000);
    expect([size(), told]).toEqual([3, ['edge']]);
    expect(targets.targetFor(node('a'))).toBe(targets.targetFor(node('b')));
    side.progress.nodeGone?.(node('c'), nowMs);
    expect(size()).toBe(3);
    pass(5_000);
    expect([size(), told]).toEqual([2, ['edge', 'edge']]);
  });

  it('are one where no limit is divided, so that nobody hears of newcomers; what asks for no fleet gets nothing', () => {
    base = PLAIN;
    connect('a', 'b', 'c');
    const before = targets.targetFor(node('a'));
    pass(1_000);
    expect(size()).toBe(1);
    expect(targets.targetFor(node('a'))).toBe(before);
    const { knowsFleet: _knowsFleet, ...plain } = node('x');
    expect(targets.targetFor(plain)).toBe(PLAIN);
    side.progress.nodeConnected?.(plain, nowMs);
    base = DIVIDED;
    expect(size()).toBe(3);
  });

  it('are as many after a restart as before it, until they had time to come back', async () => {
    connect('a', 'b', 'c');
    pass(1_000);
    expect(size()).toBe(3);
    await side.stop();
    timers = [];
    start();
    await side.start();
    connect('a');
    pass(1_000);
    expect(size()).toBe(3);
    pass(RETURN_MS);
    expect(size()).toBe(1);
  });

  it('are warned of once where they are more than a limit lets pass at once', () => {
    connect('a', 'b', 'c');
    pass(1_000);
    size();
    size();
    expect(log.filter(({ event }) => event === 'fleet.thin')).toMatchObject([{ gateway: 'edge', limits: ['shield'], proxies: 3 }]);
  });
});
