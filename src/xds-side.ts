// The side towards the proxies: what each node should reach (configuration → waves → live endpoints) and the xDS server that brings it there.
// Only joins parts; decides nothing.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { AppParts } from './app-parts.ts';
import type { EndpointSide } from './endpoint-side.ts';
import type { EventFeed } from './event-feed.ts';
import type { SnapshotStore } from './snapshot/store.ts';
import type { TypeUrl } from './snapshot/types.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { joinedProgress, toldProgress, toldTraffic } from './told-progress.ts';
import { createDroppedHistory, type DroppedHistory } from './xds/dropped-history.ts';
import { createXdsServer, DEFAULT_TIMING, LINGERS_REMEMBERED, type XdsServer } from './xds/server.ts';
import { newestSnapshots } from './xds/targets.ts';
import { createXdsMetrics } from './xds-metrics.ts';

export interface XdsSideOptions {
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs' | 'timing'>;
  readonly metrics: Metrics;
  readonly snapshots: SnapshotStore;
  readonly history: DroppedHistory;
  /** Lays the endpoints of now over what the configuration gives. */
  readonly endpoints: Pick<EndpointSide, 'targets' | 'progress'>;
  /** Hears what the streams do. */
  readonly feed: EventFeed;
  /** Whether a gateway of this name is served. */
  readonly isServed: (gateway: string) => boolean;
  /** After each ACK and NACK. */
  readonly onAnswer: () => void;
  readonly placeOf: (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;
}

/** What targets dropped: of the streams, and of an earlier run. */
export function createHistory({ nowMs, timing }: Pick<AppParts, 'nowMs' | 'timing'>): DroppedHistory {
  return createDroppedHistory({ keepMs: LINGERS_REMEMBERED * (timing?.lingerMs ?? DEFAULT_TIMING.lingerMs), nowMs });
}

export function createXdsSide(options: XdsSideOptions): XdsServer {
  const { parts, metrics, snapshots, history, endpoints, feed, isServed, onAnswer, placeOf } = options;
  return createXdsServer({
    api: parts.api,
    logger: parts.logger,
    nowMs: parts.nowMs,
    metrics: createXdsMetrics({ metrics, isServed, onAnswer }),
    targets: endpoints.targets(newestSnapshots(snapshots)),
    progress: joinedProgress(endpoints.progress, toldProgress(feed, placeOf)),
    traffic: toldTraffic(feed),
    history,
    identifier: `chancery@${hostname()}`,
    random: randomUUID,
    ...(parts.timing === undefined ? {} : { timing: parts.timing }),
    describeResource: (typeUrl, name, gateway) => placeOf(gateway, typeUrl, name),
  });
}
