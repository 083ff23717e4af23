// An xDS server on loopback over a store that the test fills, with a clock that the test may hold. Shared by the conformance tests.

import { createSnapshotStore, type SnapshotStore } from '../../src/snapshot/store.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import type { XdsMetrics } from '../../src/xds/metrics.ts';
import { createXdsServer, type XdsServer, type XdsServerOptions } from '../../src/xds/server.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import { type Contents, testApi, testSnapshot } from '../support/snapshots.ts';

export const GATEWAY = 'edge';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface XdsHarness {
  readonly server: XdsServer;
  readonly port: number;
  readonly store: SnapshotStore;
  readonly clock: TestClock;
  readonly logs: readonly LogLine[];
  /** Metric → how often it was counted; `responses` and others have `name:type` too. */
  readonly counts: ReadonlyMap<string, number>;
  /** Publishes for `GATEWAY` unless told otherwise. */
  publish(contents: Contents, gateway?: string): void;
  close(): Promise<void>;
}

/** Real time plus what the test adds: timers that fall due by an addition run at once. */
export interface TestClock {
  nowMs(): number;
  after(ms: number, run: () => void): () => void;
  /** Lets the time pass. */
  pass(ms: number): void;
}

export interface HarnessOptions extends Partial<Omit<XdsServerOptions, 'api' | 'nowMs' | 'after'>> {
  readonly port?: number;
  readonly store?: SnapshotStore;
}

export async function startXds(options: HarnessOptions = {}): Promise<XdsHarness> {
  const { port = 0, store = createSnapshotStore(), ...given } = options;
  const clock = testClock();
  const logs: LogLine[] = [];
  const counts = new Map<string, number>();
  const server = createXdsServer({
    api: testApi(),
    targets: newestSnapshots(store),
    logger: testLogger(logs),
    metrics: countingMetrics(counts),
    identifier: 'test',
    random: () => 'r',
    nowMs: () => clock.nowMs(),
    after: (ms, run) => clock.after(ms, run),
    ...given,
  });
  return {
    server,
    port: await server.listen({ host: '127.0.0.1', port }),
    store,
    clock,
    logs,
    counts,
    publish: (contents, gateway = GATEWAY) => void store.publish(testSnapshot(gateway, contents)),
    close: () => server.close({ graceMs: 100 }),
  };
}

function testClock(): TestClock {
  let passed = 0;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void; readonly handle: NodeJS.Timeout }>();
  const nowMs = (): number => Date.now() + passed;
  return {
    nowMs,
    after: (ms, run) => {
      const fire = (): void => {
        clearTimeout(timer.handle);
        if (timers.delete(timer)) run();
      };
      const timer = { atMs: nowMs() + ms, run: fire, handle: setTimeout(() => fire(), ms) };
      timers.add(timer);
      return () => {
        clearTimeout(timer.handle);
        timers.delete(timer);
      };
    },
    pass: (ms) => {
      passed += ms;
      for (const timer of Array.from(timers)) if (timer.atMs <= nowMs()) timer.run();
    },
  };
}

function testLogger(logs: LogLine[]): Logger {
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void logs.push({ level, message, fields });
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return logger;
}

function countingMetrics(counts: Map<string, number>): XdsMetrics {
  const add = (name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by);
  return {
    streamOpened: () => add('streams'),
    streamClosed: () => add('streams', -1),
    request: ({ type }) => add(`requests:${type}`),
    response: ({ type }) => {
      add('responses');
      add(`responses:${type}`);
    },
    ack: ({ type }) => add(`acks:${type}`),
    nack: ({ type }) => add(`nacks:${type}`),
    ackTimedOut: () => add('ackTimeouts'),
    gateTimedOut: (_gateway, waitedFor) => add(`gate:${waitedFor}`),
    frames: { hit: () => add('framesReused'), missed: () => add('framesBuilt'), evicted: () => {}, holds: () => {} },
    names: { hit: () => {}, missed: () => {}, evicted: () => {}, holds: () => {} },
    writerBytes: () => {},
    streamFailed: (_variant, status) => add(`failed:${status}`),
    readingPaused: () => add('readingPauses'),
    oversized: ({ type }) => add(`oversized:${type}`),
  };
}
