// The side towards the proxies: what each node should reach (configuration → waves → live endpoints) and the xDS server that brings it there.
// Only joins parts; decides nothing.
import { randomUUID } from 'node:crypto';
import type { StreamSettings } from '../config/stream-settings.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { joinedProgress, splitProgress, toldProgress, toldTraffic } from '../events/told-progress.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createDroppedHistory, type DroppedHistory } from '../xds/dropped-history.ts';
import { createXdsServer, DEFAULT_TIMING, LINGERS_REMEMBERED, type XdsServer } from '../xds/server.ts';
import type { AppParts } from './app-parts.ts';
import type { CompanionSide } from './companion-side.ts';
import type { EndpointSide } from './endpoint-side.ts';
import type { FleetSide } from './fleet-side.ts';
import type { KeySide } from './key-side.ts';
import type { NodeBook } from './node-book.ts';
import { type TargetWaitsOptions, withTargetWaits } from './target-waits.ts';
import { createXdsMetrics } from './xds-metrics.ts';
import { IDENTIFIER, type XdsPorts } from './xds-ports.ts';

export interface XdsSideOptions {
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs' | 'timing'>;
  readonly streams?: StreamSettings | undefined;
  readonly metrics: Metrics;
  /** Say what each node should reach, and hear how it gets on: what is of proxies goes on to the rollouts. */
  readonly companions: Pick<CompanionSide, 'below' | 'above' | 'progress' | 'rollouts'>;
  /** Tells proxies how many they are. */
  readonly fleet: Pick<FleetSide, 'above' | 'progress'>;
  /** Lay the keys of now over that. */
  readonly keys: Pick<KeySide, 'above'>;
  readonly history: DroppedHistory;
  /** Lays the endpoints of now over what the configuration gives. */
  readonly endpoints: Pick<EndpointSide, 'targets' | 'progress'>;
  /** TLS, load reports, REST. */
  readonly ports: XdsPorts;
  /** Hears what the streams do. */
  readonly feed: EventFeed;
  /** Remembers what the nodes run. */
  readonly book: Pick<NodeBook, 'progress'>;
  /** Whether a gateway of this name is served. */
  readonly isServed: (gateway: string) => boolean;
  /** What the configuration of a gateway says of waits. */
  readonly deliveryOf: TargetWaitsOptions['deliveryOf'];
  readonly placeOf: (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;
}

/** What targets dropped: of the streams, and of an earlier run. */
export function createHistory({ nowMs, timing }: Pick<AppParts, 'nowMs' | 'timing'>): DroppedHistory {
  return createDroppedHistory({ keepMs: LINGERS_REMEMBERED * (timing?.lingerMs ?? DEFAULT_TIMING.lingerMs), nowMs });
}

export function createXdsSide(options: XdsSideOptions): XdsServer {
  const { parts, streams, metrics, companions, keys, fleet, history, endpoints, ports, feed, book, isServed, deliveryOf, placeOf } =
    options;
  const targets = withTargetWaits(fleet.above(keys.above(companions.above(endpoints.targets(companions.below())))), {
    deliveryOf,
    timing: parts.timing,
  });
  const server = createXdsServer({
    ...ports.serverOptions,
    api: parts.api,
    logger: parts.logger,
    nowMs: parts.nowMs,
    metrics: createXdsMetrics({ metrics, isServed }),
    targets,
    progress: splitProgress(
      joinedProgress(companions.rollouts, endpoints.progress, fleet.progress, book.progress, toldProgress(feed, placeOf)),
      companions.progress,
    ),
    traffic: toldTraffic(feed),
    history,
    identifier: IDENTIFIER,
    random: randomUUID,
    ...(streams === undefined ? {} : { admission: streams }),
    ...(streams?.maxConnectionAgeMs === undefined ? {} : { maxConnectionAgeMs: streams.maxConnectionAgeMs }),
    ...(parts.timing === undefined ? {} : { timing: parts.timing }),
    describeResource: (typeUrl, name, gateway) => placeOf(gateway, typeUrl, name),
  });
  return ports.withRest(server, targets);
}
