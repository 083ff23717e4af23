// The side towards the proxies: what each node should reach (configuration → waves → live endpoints) and the xDS server that brings it there.
// Only joins parts; decides nothing.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { AppParts } from './app-parts.ts';
import type { SnapshotStore } from './snapshot/store.ts';
import type { TypeUrl } from './snapshot/types.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createXdsServer, type XdsServer } from './xds/server.ts';
import { newestSnapshots } from './xds/targets.ts';
import { createXdsMetrics } from './xds-metrics.ts';

export interface XdsSideOptions {
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs' | 'timing'>;
  readonly metrics: Metrics;
  readonly snapshots: SnapshotStore;
  /** Whether a gateway of this name is served. */
  readonly isServed: (gateway: string) => boolean;
  /** After each ACK and NACK. */
  readonly onAnswer: () => void;
  readonly placeOf: (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;
}

export function createXdsSide({ parts, metrics, snapshots, isServed, onAnswer, placeOf }: XdsSideOptions): XdsServer {
  return createXdsServer({
    api: parts.api,
    logger: parts.logger,
    nowMs: parts.nowMs,
    metrics: createXdsMetrics({ metrics, isServed, onAnswer }),
    targets: newestSnapshots(snapshots),
    identifier: `chancery@${hostname()}`,
    random: randomUUID,
    ...(parts.timing === undefined ? {} : { timing: parts.timing }),
    describeResource: (typeUrl, name, gateway) => placeOf(gateway, typeUrl, name),
  });
}
