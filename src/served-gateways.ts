// All gateways of one control plane: makes each from its root file, sees that no two take the same name, starts and stops them. Knows no
// streams; what it publishes goes into the snapshot store.
import path from 'node:path';
import type { AppParts, AppSettings } from './app-parts.ts';
import type { Builder, Builds } from './build.ts';
import { watchFiles } from './config/watch.ts';
import { createGatewayLog } from './gateway-log.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { shownPath } from './lib/shown-path.ts';
import { createLiveGateway, type GatewayEvent, type LiveGateway, type LiveGatewayOptions } from './live-gateway.ts';
import type { SnapshotStore } from './snapshot/store.ts';
import type { TypeUrl } from './snapshot/types.ts';
import { createLastGoodStore } from './state/last-good.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { DroppedHistory } from './xds/dropped-history.ts';

export interface ServedGatewaysOptions {
  readonly settings: Pick<AppSettings, 'files' | 'state'>;
  readonly parts: AppParts;
  readonly metrics: Metrics;
  readonly snapshots: SnapshotStore;
  /** What targets dropped, for proxies that come back. */
  readonly history: DroppedHistory;
  /** Before a snapshot is served. */
  readonly prepare: NonNullable<LiveGatewayOptions['prepare']>;
  /** Told after the log and the metrics. */
  readonly onEvent: (event: GatewayEvent, gateway: LiveGateway) => void;
}

export interface ServedGateways {
  /** Gives the files of which nothing can be served. One after the other: of two that define the same gateway the first one has it. */
  start(): Promise<readonly string[]>;
  /** Reads all files again. */
  reload(): Promise<void>;
  all(): readonly LiveGateway[];
  statuses(): readonly GatewayStatus[];
  /** Whether a root file has this gateway's name. */
  has(gateway: string): boolean;
  /** `file:line` of what a served resource was made from. */
  placeOf(gateway: string, typeUrl: TypeUrl, name: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

export function createServedGateways(options: ServedGatewaysOptions): ServedGateways {
  return new Gateways(options);
}

class Gateways implements ServedGateways {
  readonly #options: ServedGatewaysOptions;
  readonly #builds: Builds;
  readonly #gateways: readonly LiveGateway[];
  /** Gateway name to the root file that has it. */
  readonly #owners = new Map<string, string>();

  constructor(options: ServedGatewaysOptions) {
    this.#options = options;
    const { logger, createBuilds } = options.parts;
    this.#builds = createBuilds((error) =>
      logger.error({ event: 'build.restarted', err: error }, 'the thread that reads the configuration ended and was started anew'),
    );
    this.#gateways = this.#createAll();
  }

  async start(): Promise<readonly string[]> {
    const broken: string[] = [];
    for (const gateway of this.#gateways) {
      if (!(await gateway.start())) broken.push(shownPath(gateway.file, this.#options.parts.diagnostics.cwd));
    }
    return broken;
  }

  async reload(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.reload()));
  }

  all(): readonly LiveGateway[] {
    return this.#gateways;
  }

  statuses(): readonly GatewayStatus[] {
    return this.#gateways.map((gateway) => gateway.status());
  }

  has(gateway: string): boolean {
    return this.#owners.has(gateway);
  }

  async placeOf(owner: string, typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    return this.#gateways.find((gateway) => gateway.name === owner)?.placeOf(typeUrl, name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    await this.#builds.stop();
  }

  #createAll(): readonly LiveGateway[] {
    const { parts, settings, snapshots, history, metrics, prepare, onEvent } = this.#options;
    const { nowMs, logger, diagnostics } = parts;
    const lastGood = settings.state === undefined ? undefined : createLastGoodStore(path.join(settings.state, 'last-good'));
    const write = createGatewayLog({ logger, metrics, diagnostics });
    return settings.files.map((file) =>
      createLiveGateway({
        file,
        builder: countingCompiles(this.#builds.builderOf(file), metrics),
        snapshots,
        history,
        prepare,
        ...(lastGood === undefined ? {} : { lastGood }),
        claim: (gateway, claimant) => this.#claim(gateway, claimant),
        watch: (onChange) => watchFiles({ onChange }),
        nowMs,
        onEvent: (event, gateway) => {
          write(event, gateway);
          onEvent(event, gateway);
          parts.onEvent?.(event, gateway);
        },
      }),
    );
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
}

/** ACKs, status and live endpoints must never make it move (B68, P6). */
function countingCompiles(builder: Builder, metrics: Metrics): Builder {
  return {
    build: async (since) => {
      const build = await builder.build(since);
      metrics.increment('chancery_compiles_total', {}, build.compiles);
      return build;
    },
    refuse: (good, refusal) => builder.refuse(good, refusal),
    placeOf: (good, typeUrl, name) => builder.placeOf(good, typeUrl, name),
  };
}
