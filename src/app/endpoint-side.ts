// The side towards the endpoints: discovery with its ports, what is kept of it for the next run, its log and its metrics. Only joins parts.

import { createDiscovery, type Discovery, type DiscoveryFailure } from '../discovery/discovery.ts';
import type { KeptDiscovery } from '../discovery/kept-discovery.ts';
import type { DiscoveryPorts } from '../discovery/ports.ts';
import type { PushedList, PushKey } from '../discovery/push-board.ts';
import type { ServiceCounts } from '../discovery/service-status.ts';
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ProgressListener } from '../xds/progress.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { createDiscoveryKeeper } from './discovery-keeper.ts';
import { createEndpointLag } from './endpoint-lag.ts';
import { createEndpointPushes, type EndpointPushes } from './endpoint-pushes.ts';
import { createEndpointOverlay, withLiveEndpoints } from './live-endpoints.ts';

export interface EndpointSide {
  readonly discovery: Discovery;
  /** Reads what an earlier run kept; before anything is prepared. */
  start(): Promise<void>;
  /**
   * To be called before the snapshot is served: looks for its endpoints, and waits for first answers, for 2 s at most. `services` absent: of
   * a snapshot of an earlier run, whose services were kept too.
   */
  prepare(snapshot: Snapshot, services?: readonly DiscoveredService[]): Promise<void>;
  readonly pushes: EndpointPushes;
  /** The same targets with the endpoints of now. */
  targets(base: TargetSource): TargetSource;
  /** The snapshot with the endpoints of now. */
  over(base: Snapshot): Snapshot;
  /** Measures the way to the proxies. */
  readonly progress: ProgressListener;
  /** Writes what is known to disk, and ends. */
  stop(): Promise<void>;
}

export interface EndpointSideOptions {
  readonly settings: Pick<AppSettings, 'state'>;
  readonly parts: Pick<AppParts, 'logger' | 'api' | 'nowMs'>;
  readonly ports: DiscoveryPorts;
  readonly metrics: Metrics;
  /** Of all gateways that are served. */
  readonly gateways: () => readonly string[];
}

/** First answers are waited for so long before a snapshot is served. */
export const PATIENCE_MS = 2_000;
export function createEndpointSide(options: EndpointSideOptions): EndpointSide {
  const { settings, parts, ports, metrics, gateways } = options;
  const discovery = createDiscovery({ ports, onFailure: reportFailures(options) });
  const keeper = createDiscoveryKeeper(discovery, { directory: settings.state, clock: ports.clock, logger: parts.logger });
  let kept: KeptDiscovery | undefined;
  metrics.beforeRead(() => refreshEndpointGauges(metrics, discovery, gateways()));
  return {
    discovery,
    start: async () => {
      kept = await keeper.read();
      discovery.restore(kept);
    },
    prepare: async ({ gateway, version }, services) => {
      const earlier = services === undefined ? keptServices(kept, gateway, version) : undefined;
      if (services !== undefined) await discovery.follow({ gateway, revision: version, services }, PATIENCE_MS);
      else if (earlier !== undefined)
        await discovery.follow({ gateway, revision: version, services: earlier, isEarlier: true }, PATIENCE_MS);
      keeper.write();
    },
    pushes: createEndpointPushes({
      discovery,
      gateways,
      nowMs: parts.nowMs,
      onWrite: async (key, list) => {
        reportWrite(parts, key, list);
        await keeper.writePushes();
      },
    }),
    ...createLivePart(discovery, options),
    stop: async () => {
      await keeper.stop();
      discovery.close();
    },
  };
}

/** Of a revision that is not known: those of the newest one that is. */
function keptServices(kept: KeptDiscovery | undefined, gateway: string, revision: string): readonly DiscoveredService[] | undefined {
  const own = kept?.revisions.filter((each) => each.gateway === gateway) ?? [];
  return (own.find((each) => each.revision === revision) ?? own.at(-1))?.services;
}

function createLivePart(discovery: Discovery, options: EndpointSideOptions): Pick<EndpointSide, 'targets' | 'over' | 'progress'> {
  const { parts, metrics } = options;
  const overlay = createEndpointOverlay({ api: parts.api, discovery, onRefused: reportRefusals(options) });
  let targetFor: TargetSource['targetFor'] = () => undefined;
  const lag = createEndpointLag({
    targetFor: (node) => targetFor(node),
    nowMs: parts.nowMs,
    onLag: (gateway, durationMs) => metrics.observe('chancery_endpoint_lag_seconds', { gateway }, durationMs / 1_000),
  });
  discovery.subscribe((change) => lag.changed(change));
  return {
    targets: (base) => {
      const live = withLiveEndpoints(base, { overlay, discovery });
      targetFor = (node) => live.targetFor(node);
      return live;
    },
    over: (base) => overlay.over(base),
    progress: lag.progress,
  };
}

/** Every write is a record (O7). */
function reportWrite({ logger }: Pick<AppParts, 'logger'>, { gateway, service }: PushKey, list: PushedList | undefined): void {
  const count = list?.endpoints.length;
  if (count === undefined) logger.info({ event: 'endpoints.taken-back', gateway, service }, 'pushed endpoints were taken back');
  else logger.info({ event: 'endpoints.pushed', gateway, service, count }, 'endpoints were pushed');
}

/** What a source gives and Envoy would refuse is a fault of the source: the service keeps its last endpoints. */
function reportRefusals({ metrics, parts }: EndpointSideOptions): (gateway: string, service: string, message: string) => void {
  return (gateway, service, message) => {
    metrics.increment('chancery_discovery_errors_total', { source: 'endpoints' });
    parts.logger.warn({ event: 'discovery.refused', gateway, service, reason: message }, 'Envoy would refuse these endpoints');
  };
}

/** Each failure is counted; the log has the first of a row of the same ones. */
function reportFailures({ metrics, parts }: EndpointSideOptions): (failure: DiscoveryFailure) => void {
  const told = new Map<string, string>();
  return ({ gateway, service, source, message }) => {
    metrics.increment('chancery_discovery_errors_total', { source });
    const key = `${gateway}\0${service}`;
    if (told.get(key) === message) return;
    told.set(key, message);
    parts.logger.warn({ event: 'discovery.failed', gateway, service, source, reason: message }, 'endpoints could not be looked for');
  };
}

/** Services beyond these are counted together (P27). */
const MOST_LABELLED = 1_000;
const OTHERS = 'other';

function refreshEndpointGauges(metrics: Metrics, discovery: Discovery, gateways: readonly string[]): void {
  const all = gateways.map((gateway) => ({ gateway, services: discovery.counts(gateway) }));
  const endpoints = all.flatMap(({ gateway, services }) => {
    const rest = sumOf(services.slice(MOST_LABELLED));
    const shown = services.length > MOST_LABELLED ? [...services.slice(0, MOST_LABELLED), rest] : services;
    return shown.flatMap(({ name: service, endpoints: active, draining }) => [
      [{ gateway, service, state: 'active' }, active] as const,
      [{ gateway, service, state: 'draining' }, draining] as const,
    ]);
  });
  metrics.replace('chancery_endpoints', endpoints);
  metrics.replace(
    'chancery_discovery_kept_services',
    all.map(({ gateway, services }) => [{ gateway }, services.filter(({ isKept }) => isKept).length] as const),
  );
  metrics.replace(
    'chancery_discovery_held_endpoints',
    all.map(({ gateway, services }) => [{ gateway }, services.reduce((sum, { held }) => sum + held, 0)] as const),
  );
}

function sumOf(services: readonly ServiceCounts[]): Pick<ServiceCounts, 'name' | 'endpoints' | 'draining'> {
  const sum = (count: (service: ServiceCounts) => number): number => services.reduce((total, service) => total + count(service), 0);
  return { name: OTHERS, endpoints: sum(({ endpoints }) => endpoints), draining: sum(({ draining }) => draining) };
}
