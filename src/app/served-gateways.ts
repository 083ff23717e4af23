// All gateways of one control plane: makes each from its root file, sees that no two take the same name, starts and stops them. Knows no
// streams; what it publishes goes into the snapshot store.
import path from 'node:path';
import type { Builder, Builds } from '../build/build.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import { watchFiles } from '../config/watch.ts';
import { createRevisionHistory } from '../delivery/revision-history.ts';
import type { RevisionStore } from '../delivery/revision-store.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import type { Rollouts } from '../delivery/rollouts.ts';
import { shownPath } from '../lib/shown-path.ts';
import type { SnapshotStore } from '../snapshot/store.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import { createFileRevisionStore } from '../state/file-revision-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { DroppedHistory } from '../xds/dropped-history.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { type GatewayArrivals, watchForGateways } from './gateway-arrivals.ts';
import { createGatewayDelivery, type GatewayDelivery } from './gateway-delivery.ts';
import type { GatewayEvent } from './gateway-event.ts';
import { createGatewayLog, type GatewayLog } from './gateway-log.ts';
import { createLiveGateway, type LiveGateway, type LiveGatewayOptions } from './live-gateway.ts';

export interface ServedGatewaysOptions {
  readonly settings: Pick<AppSettings, 'files' | 'directories' | 'state' | 'historyLimit' | 'allowLargeRemoval' | 'force'>;
  readonly parts: AppParts;
  readonly metrics: Metrics;
  readonly snapshots: SnapshotStore;
  readonly rollouts: Rollouts;
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
  /** What the rollouts tell goes to the gateway that it is about. */
  rolledOut(gateway: string, event: RolloutEvent): void;
  all(): readonly LiveGateway[];
  /** The gateway whose root file has this name. */
  named(gateway: string): LiveGateway | undefined;
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
  readonly #store: RevisionStore | undefined;
  readonly #write: GatewayLog;
  readonly #gateways: LiveGateway[];
  #arrivals: GatewayArrivals | undefined;
  /** Gateway name to the root file that has it. */
  readonly #owners = new Map<string, string>();

  constructor(options: ServedGatewaysOptions) {
    this.#options = options;
    const { settings, parts, metrics } = options;
    const { logger, diagnostics, createBuilds } = parts;
    this.#builds = createBuilds((error) =>
      logger.error({ event: 'build.restarted', err: error }, 'the thread that reads the configuration ended and was started anew'),
    );
    this.#store = settings.state === undefined ? undefined : createFileRevisionStore(path.join(settings.state, 'revisions'));
    this.#write = createGatewayLog({ logger, metrics, diagnostics });
    this.#gateways = settings.files.map((file) => this.#create(file));
  }

  async start(): Promise<readonly string[]> {
    const broken: string[] = [];
    for (const gateway of this.#gateways) {
      if (!(await gateway.start())) broken.push(shownPath(gateway.file, this.#options.parts.diagnostics.cwd));
    }
    await this.#lookForMore();
    return broken;
  }

  /** A file that is added is served when it is good; until then its mistakes are told, and nothing else waits for it. */
  async #lookForMore(): Promise<void> {
    const { directories = [] } = this.#options.settings;
    if (directories.length === 0) return;
    this.#arrivals = watchForGateways({
      directories,
      isKnown: (file) => this.#gateways.some((gateway) => gateway.file === file),
      onFile: async (file) => {
        const gateway = this.#create(file);
        this.#gateways.push(gateway);
        await gateway.start();
      },
      watch: (onChange) => watchFiles({ onChange }),
    });
    await this.#arrivals.look();
  }

  async reload(): Promise<void> {
    await this.#arrivals?.look();
    await Promise.all(this.#gateways.map((gateway) => gateway.reload()));
  }

  rolledOut(gateway: string, event: RolloutEvent): void {
    this.named(gateway)?.rolledOut(event);
  }

  named(gateway: string): LiveGateway | undefined {
    const file = this.#owners.get(gateway);
    return this.#gateways.find((each) => each.file === file);
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
    await this.#arrivals?.close();
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    await this.#builds.stop();
  }

  #create(file: string): LiveGateway {
    const { parts, metrics, prepare, onEvent } = this.#options;
    const tell = (event: GatewayEvent): void => {
      if (event.kind === 'accepted') this.#leave(event, file);
      this.#write(event, gateway);
      onEvent(event, gateway);
      parts.onEvent?.(event, gateway);
    };
    const builder = countingCompiles(this.#builds.builderOf(file), metrics);
    const gateway: LiveGateway = createLiveGateway({
      file,
      builder,
      delivery: this.#delivery(file, builder, (error) => tell({ kind: 'state-unwritable', error })),
      prepare,
      claim: (name, claimant) => this.#claim(name, claimant),
      watch: (onChange) => watchFiles({ onChange }),
      nowMs: parts.nowMs,
      onEvent: tell,
    });
    return gateway;
  }

  #delivery(source: string, builder: Builder, onUnwritable: (error: unknown) => void): GatewayDelivery {
    const { parts, settings, snapshots, rollouts, history } = this.#options;
    const { historyLimit, allowLargeRemoval = false, force = false } = settings;
    const revisions = createRevisionHistory({
      source,
      onUnwritable,
      ...(this.#store === undefined ? {} : { store: this.#store }),
      ...(historyLimit === undefined ? {} : { limit: historyLimit }),
    });
    return createGatewayDelivery({
      revisions,
      rollouts,
      snapshots,
      dropped: history,
      author: parts.author ?? 'file',
      allowLargeRemoval,
      force,
      nowMs: parts.nowMs,
      readTexts: (files) => builder.textsOf(files),
    });
  }

  #claim(gateway: string, file: string): string | undefined {
    const owner = this.#owners.get(gateway) ?? file;
    if (owner !== file) return owner;
    this.#owners.set(gateway, owner);
    this.#giveUpOthers(gateway, file);
    return undefined;
  }

  /** The name that the file had before is offered no longer, unless another file has taken it. */
  #leave({ good, previousSnapshot }: Extract<GatewayEvent, { kind: 'accepted' }>, file: string): void {
    const before = previousSnapshot?.gateway;
    if (before === undefined || before === good.gateway || (this.#owners.get(before) ?? file) !== file) return;
    this.#options.rollouts.forget(before);
    this.#options.snapshots.remove(before);
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
    textsOf: (files) => builder.textsOf(files),
    placeOf: (good, typeUrl, name) => builder.placeOf(good, typeUrl, name),
    explain: (good, asked) => builder.explain(good, asked),
  };
}
