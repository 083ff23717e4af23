// The composition root: builds every part of a control plane, owns the order of start and stop. Reads no flags and prints nothing.
import { type AdminServer, createAdminServer } from '../admin/server.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import type { Revision } from '../delivery/revision.ts';
import type { SourceTexts } from '../delivery/revision-store.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import type { RolloutStatus } from '../delivery/rollout-status.ts';
import { createEventFeed, type EventFeed } from '../events/event-feed.ts';
import { toldEndpoints } from '../events/told-endpoints.ts';
import { tellFeed, toldGatewayEvent, toldLive } from '../events/told-events.ts';
import { toldRolloutEvent } from '../events/told-rollout.ts';
import { ChanceryError } from '../lib/errors.ts';
import { createSnapshotStore, type SnapshotStore } from '../snapshot/store.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { DroppedHistory } from '../xds/dropped-history.ts';
import type { XdsServer } from '../xds/server.ts';
import type { NodeStatus } from '../xds/status.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { createCompanionSide } from './companion-parts.ts';
import type { CompanionSide } from './companion-side.ts';
import type { CompanionStatus } from './companion-status.ts';
import { createDiscoveryPorts } from './discovery-ports.ts';
import { createEndpointSide, type EndpointSide } from './endpoint-side.ts';
import { createErrorRates } from './error-rates.ts';
import { FleetSide } from './fleet-side.ts';
import type { GatewayEvent } from './gateway-event.ts';
import { createKeySide, type KeySide } from './key-side.ts';
import type { LiveGateway } from './live-gateway.ts';
import { createNodeBook, type NodeBook } from './node-book.ts';
import { refreshCompanionGauges, refreshGauges } from './refresh-gauges.ts';
import { createRolloutLog, type RolloutLog, refreshRolloutGauges } from './rollout-log.ts';
import { createServedGateways, type ServedGateways } from './served-gateways.ts';
import { tellLive } from './tell-live.ts';
import { createXdsPorts, type XdsPorts } from './xds-ports.ts';
import { createHistory, createXdsSide } from './xds-side.ts';

export interface App {
  /**
   * Opens the ports (streams stay unanswered until something has loaded, X85), then loads the gateways. Throws ERR_PORT_IN_USE, and
   * ERR_INVALID_CONFIG where a gateway has errors and nothing good is kept of it (D17); then nothing is left open.
   */
  start(): Promise<{ readonly xds: number; readonly admin: number }>;
  /** Reads all files again. */
  reload(): Promise<void>;
  gateways(): readonly GatewayStatus[];
  nodes(): readonly NodeStatus[];
  /** Companions, in this process and connected; they are no nodes. */
  companions(): readonly CompanionStatus[];
  /** How the newest revision of a gateway gets on; undefined for a gateway without one. */
  rollout(gateway: string): RolloutStatus | undefined;
  /** Oldest first; undefined where there is no such gateway. */
  revisions(gateway: string): readonly Revision[] | undefined;
  /** The files of a revision with secrets masked, where they are kept. */
  texts(gateway: string, revision: number): Promise<SourceTexts | undefined>;
  /** Lifts the quarantine of a gateway and reads its files again; false where there is nothing in it (D15). */
  release(gateway: string): Promise<boolean>;
  /** Errors and warnings of all gateways as text for people; empty when there are none. */
  problemsText(color: boolean): string;
  /** Ends streams and connections, waits for what is being written. Idempotent. */
  stop(): Promise<void>;
}

const STREAMS_GRACE_MS = 1_000;
/** Certificates come closer to their end without an edit. */
const RECHECK_MS = 12 * 3_600_000;

export function createApp(settings: AppSettings, parts: AppParts): App {
  return new ControlPlane(settings, parts);
}

class ControlPlane implements App {
  readonly #settings: AppSettings;
  readonly #parts: AppParts;
  readonly #snapshots = createSnapshotStore();
  readonly #history: DroppedHistory;
  readonly #metrics: Metrics;
  readonly #feed: EventFeed;
  readonly #book: NodeBook;
  readonly #companions: CompanionSide;
  readonly #keys: KeySide;
  readonly #fleet: FleetSide;
  readonly #rolloutLog: RolloutLog;
  readonly #endpoints: EndpointSide;
  readonly #gateways: ServedGateways;
  readonly #ports: XdsPorts;
  readonly #xds: XdsServer;
  readonly #admin: AdminServer;
  #recheck: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: AppSettings, parts: AppParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#metrics = createMetrics({ version: parts.version, processMetrics: parts.processMetrics === true });
    this.#feed = createEventFeed({ nowMs: parts.nowMs });
    this.#book = createNodeBook(parts.nowMs);
    this.#rolloutLog = createRolloutLog({ logger: parts.logger, metrics: this.#metrics });
    this.#ports = createXdsPorts({ settings, parts, metrics: this.#metrics, snapshots: this.#snapshots });
    this.#companions = createCompanionSide({
      settings,
      parts,
      metrics: this.#metrics,
      feed: this.#feed,
      errorRates: createErrorRates(this.#ports.loadReports),
      clients: (of) => this.#xds.clients(of),
      onEvent: (gateway, event) => this.#onRolloutEvent(gateway, event),
    });
    this.#keys = createKeySide(settings, parts, { metrics: this.#metrics, rollouts: this.#companions.rollouts, random: Math.random });
    this.#fleet = new FleetSide({ settings, parts });
    this.#history = createHistory(parts);
    this.#endpoints = this.#createEndpoints();
    this.#endpoints.discovery.subscribe((change) => this.#feed.tell(toldEndpoints(change)));
    this.#gateways = this.#createGateways();
    this.#xds = this.#createXds();
    this.#admin = this.#createAdmin();
    this.#metrics.beforeRead(() => refreshGauges(this.#metrics, this.gateways(), this.nodes()));
    this.#metrics.beforeRead(() => refreshRolloutGauges(this.#metrics, this.#companions.rollouts));
    this.#metrics.beforeRead(() => refreshCompanionGauges(this.#metrics, this.companions()));
  }

  async start(): Promise<{ readonly xds: number; readonly admin: number }> {
    const { host, xdsPort, adminPort, adminHost = host } = this.#settings;
    try {
      const xds = await this.#xds.listen({ host, port: xdsPort });
      const admin = await this.#admin.listen({ host: adminHost, port: adminPort });
      await this.#endpoints.start();
      await this.#companions.start();
      await Promise.all([this.#keys.start(), this.#fleet.start()]);
      const broken = await this.#gateways.start();
      if (broken.length > 0) throw new ChanceryError('ERR_INVALID_CONFIG', `${broken.join(' and ')} cannot be served`);
      this.#recheck = setInterval(() => void this.reload(), RECHECK_MS).unref();
      return { xds, admin };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  reload(): Promise<void> {
    return this.#gateways.reload();
  }

  gateways(): readonly GatewayStatus[] {
    return this.#gateways.statuses();
  }

  nodes(): readonly NodeStatus[] {
    return this.#xds.nodes().filter(({ companion }) => companion === undefined);
  }

  companions(): readonly CompanionStatus[] {
    return this.#companions.statuses();
  }

  rollout(gateway: string): RolloutStatus | undefined {
    return this.#companions.rollouts.status(gateway);
  }

  revisions(gateway: string): readonly Revision[] | undefined {
    return this.#gateways.named(gateway)?.revisions();
  }

  async texts(gateway: string, revision: number): Promise<SourceTexts | undefined> {
    const found = this.revisions(gateway)?.find(({ number }) => number === revision);
    return found && this.#gateways.named(gateway)?.texts(found);
  }

  async release(gateway: string): Promise<boolean> {
    return (await this.#gateways.named(gateway)?.release()) ?? false;
  }

  problemsText(color: boolean): string {
    const builds = this.#gateways.all().flatMap((gateway) => gateway.newest() ?? []);
    return builds.map(({ text }) => (color ? text.colored : text.plain)).join('');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    clearInterval(this.#recheck);
    await this.#gateways.stop();
    await this.#endpoints.stop();
    await this.#companions.stop();
    await Promise.all([this.#keys.stop(), this.#fleet.stop()]);
    await this.#xds.close({ graceMs: STREAMS_GRACE_MS, spreadMs: this.#settings.xdsStreams?.stopWithinMs ?? 0 });
    await this.#companions.stopWorkers();
    await this.#admin.close();
  }

  #createGateways(): ServedGateways {
    return createServedGateways({
      settings: this.#settings,
      parts: this.#parts,
      metrics: this.#metrics,
      snapshots: this.#snapshots,
      rollouts: this.#companions.rollouts,
      history: this.#history,
      prepare: async (snapshot, good) => {
        const { discovery } = good ?? {};
        await Promise.all([
          this.#endpoints.prepare(snapshot, discovery),
          this.#companions.prepare(snapshot),
          this.#keys.prepare(snapshot, good),
        ]);
      },
      onEvent: (event, gateway) => this.#onGatewayEvent(event, gateway),
    });
  }

  #createEndpoints(): EndpointSide {
    const { nowMs, discoveryPorts } = this.#parts;
    return createEndpointSide({
      settings: this.#settings,
      parts: this.#parts,
      ports: discoveryPorts ?? createDiscoveryPorts({ nowMs, random: Math.random }),
      metrics: this.#metrics,
      gateways: () => this.#snapshots.gateways(),
    });
  }

  #createXds(): XdsServer {
    return createXdsSide({
      parts: this.#parts,
      streams: this.#settings.xdsStreams,
      metrics: this.#metrics,
      companions: this.#companions,
      keys: this.#keys,
      fleet: this.#fleet,
      history: this.#history,
      endpoints: this.#endpoints,
      ports: this.#ports,
      feed: this.#feed,
      book: this.#book,
      isServed: (gateway) => this.#gateways.has(gateway),
      deliveryOf: (gateway) => this.#gateways.named(gateway)?.good()?.delivery,
      placeOf: (gateway, typeUrl, name) => this.#gateways.placeOf(gateway, typeUrl, name),
    });
  }

  #createAdmin(): AdminServer {
    const { api, logger, version } = this.#parts;
    return createAdminServer(
      {
        version,
        api,
        gateways: () => this.gateways(),
        isStopping: () => this.#stopped !== undefined,
        nodes: () => this.nodes(),
        companions: () => this.companions(),
        ...this.#companions.sources,
        gone: () => this.#book.gone(),
        runs: (gateway, node) => this.#book.runs(gateway, node),
        rollout: (gateway) => this.rollout(gateway),
        revisions: (gateway) => this.revisions(gateway),
        texts: (gateway, revision) => this.texts(gateway, revision),
        release: (gateway) => this.release(gateway),
        explain: async (gateway, version, asked) => this.#gateways.named(gateway)?.explain(version, asked),
        loads: () => this.#ports.loadReports.status(),
        snapshots: this.#liveSnapshots(),
        discovered: (gateway) => this.#endpoints.discovery.status(gateway),
        pushes: this.#endpoints.pushes,
        metrics: this.#metrics,
        events: this.#feed,
        placeOf: (gateway, typeUrl, name) => this.#gateways.placeOf(gateway, typeUrl, name),
      },
      logger,
    );
  }

  /** What is served now: the endpoints of now lie over what the configuration gave. */
  #liveSnapshots(): Pick<SnapshotStore, 'get' | 'gateways'> {
    return {
      get: (gateway) => {
        const snapshot = this.#snapshots.get(gateway);
        return snapshot && this.#keys.over(this.#companions.over(this.#endpoints.over(snapshot)));
      },
      gateways: () => this.#snapshots.gateways(),
    };
  }

  #onGatewayEvent(event: GatewayEvent, gateway: LiveGateway): void {
    tellFeed(this.#feed, toldGatewayEvent(event, gateway.name));
  }

  #onRolloutEvent(gateway: string, event: RolloutEvent): void {
    this.#gateways.rolledOut(gateway, event);
    this.#rolloutLog(gateway, event);
    tellFeed(this.#feed, toldRolloutEvent(gateway, event));
    if (event.kind !== 'live') return;
    const live = { gateway, durationMs: event.durationMs, nodes: event.nodes };
    tellFeed(this.#feed, toldLive(live));
    tellLive(live, this.#metrics, this.#parts);
  }
}
