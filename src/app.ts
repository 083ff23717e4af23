// The composition root: builds every part of a control plane, owns the order of start and stop. Reads no flags and prints nothing.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { type AdminServer, createAdminServer } from './admin/server.ts';
import { formatIssues } from './config/diagnostics.ts';
import { watchFiles } from './config/watch.ts';
import { type Convergence, createConvergence, type Live } from './convergence.ts';
import { createGatewayLog, type Diagnostics } from './gateway-log.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { ChanceryError } from './lib/errors.ts';
import { shownPath } from './lib/shown-path.ts';
import { createLiveGateway, type GatewayEvent, type LiveGateway } from './live-gateway.ts';
import { createPipeline } from './pipeline.ts';
import type { EnvoyApi } from './proto/api.ts';
import { refreshGauges } from './refresh-gauges.ts';
import { createSnapshotStore, type SnapshotStore } from './snapshot/store.ts';
import { createLastGoodStore } from './state/last-good.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createXdsServer, type XdsServer } from './xds/server.ts';
import type { NodeStatus } from './xds/status.ts';
import { createXdsMetrics } from './xds-metrics.ts';

export interface AppSettings {
  /** Root files of the gateways, absolute; at least one. */
  readonly files: readonly string[];
  readonly host: string;
  /** 0 takes a free port. */
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Directory for what must survive a restart; absent: nothing is kept. */
  readonly state?: string;
}

export interface AppParts {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  /** Of the program, for `chancery_build_info` and the page. */
  readonly version: string;
  readonly diagnostics: Diagnostics;
  /** Also CPU, memory, event loop. Default false. */
  readonly processMetrics?: boolean;
  /** Told after the log and the metrics. */
  readonly onEvent?: (event: GatewayEvent, gateway: LiveGateway) => void;
  /** A change has reached every connected node of its gateway. */
  readonly onLive?: (live: Live) => void;
}

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
  /** Errors and warnings of all gateways as text for people; empty when there are none. */
  problemsText(color: boolean): string;
  /** Ends streams and connections, waits for what is being written. Idempotent. */
  stop(): Promise<void>;
}

const STREAMS_GRACE_MS = 1_000;
/** Certificates come closer to their end without an edit. */
const RECHECK_MS = 12 * 3_600_000;
/** Answers of many nodes come close together. */
const LOOK_AFTER_MS = 5;

export function createApp(settings: AppSettings, parts: AppParts): App {
  return new ControlPlane(settings, parts);
}

class ControlPlane implements App {
  readonly #settings: AppSettings;
  readonly #parts: AppParts;
  readonly #snapshots: SnapshotStore = createSnapshotStore();
  readonly #metrics: Metrics;
  readonly #convergence: Convergence;
  readonly #gateways: readonly LiveGateway[];
  readonly #xds: XdsServer;
  readonly #admin: AdminServer;
  /** Gateway name to the root file that has it. */
  readonly #owners = new Map<string, string>();
  #recheck: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: AppSettings, parts: AppParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#metrics = createMetrics({ version: parts.version, processMetrics: parts.processMetrics === true });
    this.#xds = this.#createXds();
    this.#convergence = createConvergence({
      nodes: () => this.#xds.nodes(),
      nowMs: parts.nowMs,
      soon: (task) => void setTimeout(task, LOOK_AFTER_MS),
      onLive: (live) => this.#onLive(live),
    });
    this.#gateways = this.#createGateways();
    this.#admin = this.#createAdmin();
    this.#metrics.beforeRead(() => refreshGauges(this.#metrics, this.gateways(), this.nodes()));
  }

  async start(): Promise<{ readonly xds: number; readonly admin: number }> {
    const { host, xdsPort, adminPort } = this.#settings;
    try {
      const xds = await this.#xds.listen({ host, port: xdsPort });
      const admin = await this.#admin.listen({ host, port: adminPort });
      const broken = await this.#startGateways();
      if (broken.length > 0) throw new ChanceryError('ERR_INVALID_CONFIG', `${broken.join(' and ')} cannot be served`);
      this.#recheck = setInterval(() => void this.reload(), RECHECK_MS).unref();
      return { xds, admin };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Gives the files of which nothing can be served. One after the other: of two that define the same gateway the first one has it. */
  async #startGateways(): Promise<readonly string[]> {
    const broken: string[] = [];
    for (const gateway of this.#gateways) {
      if (!(await gateway.start())) broken.push(shownPath(gateway.file, this.#parts.diagnostics.cwd));
    }
    return broken;
  }

  async reload(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.reload()));
  }

  gateways(): readonly GatewayStatus[] {
    return this.#gateways.map((gateway) => gateway.status());
  }

  nodes(): readonly NodeStatus[] {
    return this.#xds.nodes();
  }

  problemsText(color: boolean): string {
    const builds = this.#gateways.flatMap((gateway) => gateway.newest() ?? []);
    return builds.map(({ issues, positions }) => formatIssues(issues, positions, { color, cwd: this.#parts.diagnostics.cwd })).join('');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    clearInterval(this.#recheck);
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    await this.#xds.close({ graceMs: STREAMS_GRACE_MS });
    await this.#admin.close();
  }

  #createXds(): XdsServer {
    const { api, logger, nowMs } = this.#parts;
    const metrics = createXdsMetrics({
      metrics: this.#metrics,
      isServed: (gateway) => this.#owners.has(gateway),
      onAnswer: () => this.#convergence.changed(),
    });
    return createXdsServer({
      api,
      logger,
      nowMs,
      metrics,
      snapshots: this.#snapshots,
      identifier: `chancery@${hostname()}`,
      random: randomUUID,
      describeResource: (typeUrl, name, gateway) => this.#placeOf(gateway, typeUrl, name),
    });
  }

  #createGateways(): readonly LiveGateway[] {
    const { api, env, nowMs, onEvent, logger, diagnostics } = this.#parts;
    const { files, state } = this.#settings;
    const lastGood = state === undefined ? undefined : createLastGoodStore(path.join(state, 'last-good'));
    const write = createGatewayLog({ logger, metrics: this.#metrics, diagnostics });
    return files.map((file) =>
      createLiveGateway({
        file,
        pipeline: createPipeline({ file, env, api, nowMs, isServing: true }),
        snapshots: this.#snapshots,
        ...(lastGood === undefined ? {} : { lastGood }),
        claim: (gateway, claimant) => this.#claim(gateway, claimant),
        watch: (onChange) => watchFiles({ onChange }),
        nowMs,
        onEvent: (event, gateway) => {
          write(event, gateway);
          if (event.kind === 'accepted') this.#convergence.published(event.good.model.gateway, event.startedAtMs);
          onEvent?.(event, gateway);
        },
      }),
    );
  }

  #createAdmin(): AdminServer {
    const { api, logger, version } = this.#parts;
    return createAdminServer(
      {
        version,
        api,
        gateways: () => this.gateways(),
        nodes: () => this.nodes(),
        snapshots: this.#snapshots,
        metrics: this.#metrics,
        placeOf: (gateway, typeUrl, name) => this.#placeOf(gateway, typeUrl, name),
      },
      logger,
    );
  }

  #placeOf(owner: string, typeUrl: string, name: string): string | undefined {
    return this.#gateways.find((gateway) => gateway.name === owner)?.placeOf(typeUrl, name);
  }

  #claim(gateway: string, file: string): string | undefined {
    const owner = this.#owners.get(gateway) ?? file;
    if (owner !== file) return owner;
    this.#owners.set(gateway, owner);
    this.#giveUpOthers(gateway, file);
    return undefined;
  }

  /** The names that a file had before it took this one are free for another file, which may wait for one of them. */
  #giveUpOthers(gateway: string, file: string): void {
    const others = [...this.#owners].flatMap(([name, owner]) => (owner === file && name !== gateway ? [name] : []));
    for (const name of others) this.#owners.delete(name);
    if (others.length === 0) return;
    for (const other of this.#gateways) if (other.file !== file) void other.reload();
  }

  #onLive(live: Live): void {
    this.#metrics.observe('chancery_config_convergence_seconds', { gateway: live.gateway }, live.durationMs / 1_000);
    this.#parts.logger.info(
      { event: 'config.live', gateway: live.gateway, nodes: live.nodes, duration_ms: live.durationMs },
      'every connected node runs the configuration',
    );
    this.#parts.onLive?.(live);
  }
}
