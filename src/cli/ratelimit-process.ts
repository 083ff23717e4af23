// Joins the parts of a rate-limit companion that serves reference files with this machine: files, clock, store, gRPC, metrics.
import { randomBytes } from 'node:crypto';
import { tellCaches } from '../companion/cache-metrics.ts';
import { type CompanionServer, createCompanionServer } from '../companion/companion-server.ts';
import { type LoopWatch, type Shedding, watchLoop } from '../companion/loop-delay.ts';
import { tellDecisions } from '../companion/ratelimit-counts.ts';
import { ratelimitLog } from '../companion/ratelimit-log.ts';
import { RATELIMIT_SERVICE } from '../companion/ratelimit-names.ts';
import { ratelimitMethods } from '../companion/ratelimit-service.ts';
import { storeListener } from '../companion/ratelimit-store-listener.ts';
import { type StatusServer, startStatusServer } from '../companion/status-server.ts';
import { nodeFileSystem } from '../config/config-file-system.ts';
import { formatIssues } from '../config/diagnostics.ts';
import { loadReferenceLimits, type ReferenceLoad } from '../config/load-reference-limits.ts';
import { type FileWatcher, watchFiles } from '../config/watch.ts';
import { OPEN_ACCESS } from '../grpc/access.ts';
import { ChanceryError } from '../lib/errors.ts';
import { loadEnvoyApi } from '../proto/api.ts';
import { DecisionCounts } from '../ratelimit/decision-counts.ts';
import { createRateLimiter, type RateLimiter } from '../ratelimit/handler.ts';
import { HotRules } from '../ratelimit/hot-rules.ts';
import { REFERENCE_DIFFERENCES } from '../ratelimit/reference/differences.ts';
import type { CounterStore, StoreReadiness } from '../ratelimit/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { packageVersion } from './package.ts';
import type { RatelimitSettings } from './ratelimit-settings.ts';
import { openStore } from './ratelimit-store.ts';
import type { Terminal } from './terminal.ts';

const DRAIN_MS = 10_000;
/** How often the state of the store is looked at, for the log. */
const LOOK_MS = 500;

export interface RatelimitProcess {
  readonly endpoint: string;
  readonly metricsPort: number | undefined;
  stop(): Promise<void>;
}

/** Throws ERR_INVALID_CONFIG where the files are wrong at the start, with everything printed; later mistakes leave the last good ones. */
export async function startRatelimit(settings: RatelimitSettings, logger: Logger, terminal: Terminal): Promise<RatelimitProcess> {
  const process = new Process(settings, logger, terminal);
  await process.start();
  return process;
}

class Process implements RatelimitProcess {
  endpoint = '';
  metricsPort: number | undefined;
  readonly #settings: RatelimitSettings;
  readonly #logger: Logger;
  readonly #terminal: Terminal;
  readonly #metrics: Metrics = createMetrics({ version: packageVersion(), processMetrics: true });
  readonly #hot = new HotRules();
  /** From when it serves: what a start takes is no overload. */
  #loop: LoopWatch | undefined;
  readonly #store: CounterStore;
  readonly #looks: NodeJS.Timeout;
  readonly #limiter: RateLimiter;
  #server: CompanionServer | undefined;
  #status: StatusServer | undefined;
  #watcher: FileWatcher | undefined;
  #revision = '';

  constructor(settings: RatelimitSettings, logger: Logger, terminal: Terminal) {
    this.#settings = settings;
    this.#logger = logger;
    this.#terminal = terminal;
    const metrics = this.#metrics;
    const keySecret = settings.keySecret ?? randomBytes(32);
    const counts = new DecisionCounts();
    tellDecisions(counts, metrics);
    const watched = storeListener({ metrics, logger, nowMs: Date.now });
    this.#store = openStore(settings, {
      keySecret,
      listener: watched,
      isOverloaded: () => this.#shedding() !== 'none',
    });
    this.#looks = setInterval(() => watched.looked(this.#store.readiness()), LOOK_MS).unref();
    this.#limiter = createRateLimiter({
      store: this.#store,
      tools: { keySecret, counts, nearRatio: settings.nearRatio, onStoreFailure: settings.onStoreFailure },
      reference: {
        isShadow: settings.isShadow,
        isQuota: settings.isQuota,
        hasMetadata: settings.hasMetadata,
        ...(settings.headers === undefined ? {} : { headers: settings.headers }),
      },
      listener: ratelimitLog({
        logger,
        monotonicMs: () => performance.now(),
        onUnknown: (what) => metrics.increment('chancery_ratelimit_unknown_total', { what }),
        onCounted: (plan, hits) => this.#hot.counted(plan, hits),
      }),
      nowMs: Date.now,
      seed: randomBytes(4).readInt32LE(),
    });
    tellCaches(metrics, () => this.#limiter.caches());
  }

  async start(): Promise<void> {
    const first = await this.#load();
    if (first.limits === undefined)
      throw new ChanceryError('ERR_INVALID_CONFIG', 'the limits have errors', { remedy: 'they were printed above' });
    this.#watcher = watchFiles({ onChange: () => void this.#load() });
    this.#watcher.update(first.watched);
    const { host, port, metricsHost, metricsPort } = this.#settings;
    this.#server = createCompanionServer({
      service: RATELIMIT_SERVICE,
      methods: ratelimitMethods({
        handler: this.#limiter.handler,
        nowMs: Date.now,
        monotonicMs: () => performance.now(),
        onRefused: (status) => this.#metrics.increment('chancery_ratelimit_refused_total', { status }),
      }),
      api: loadEnvoyApi(),
      access: OPEN_ACCESS,
      reflection: true,
      shedding: () => this.#shedding(),
      onCall: () => this.#loop?.called(),
      onShed: (reason, cause) => this.#shed(reason, cause),
      nowMs: Date.now,
      logger: this.#logger,
    });
    this.endpoint = await this.#server.listen({ host, port });
    this.#server.setServing(true);
    this.#loop = watchLoop(() => performance.now());
    if (metricsPort === undefined) return;
    this.#status = await startStatusServer(
      { metrics: this.#metrics, status: () => this.#readiness(), pages: this.#pages() },
      metricsHost,
      metricsPort,
    );
    this.metricsPort = this.#status.port;
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    clearInterval(this.#looks);
    await this.#server?.drain(DRAIN_MS);
    await this.#status?.close();
    await this.#store.close();
    this.#loop?.stop();
    this.#hot.stop();
  }

  #shedding(): Shedding {
    return this.#loop?.shedding ?? 'none';
  }

  #shed(reason: string, cause: unknown): void {
    this.#metrics.increment('chancery_ratelimit_refused_total', { status: reason });
    if (cause !== undefined) this.#logger.error({ event: 'ratelimit.failed', err: cause }, 'a call failed');
  }

  #readiness(): { readonly isServing: boolean; readonly revision: string; readonly store: StoreReadiness } {
    const store = this.#store.readiness();
    return { isServing: this.#limiter.table !== undefined && store.isReady, revision: this.#revision, store };
  }

  #pages(): Readonly<Record<string, (query: URLSearchParams) => object | undefined>> {
    return {
      '/api/v1/limits': () => ({ revision: this.#revision, rules: this.#hot.names() }),
      '/api/v1/limits/hot': (query) => this.#hot.top(query.get('name') ?? ''),
    };
  }

  async #load(): Promise<ReferenceLoad> {
    const { directory, mergeDomains } = this.#settings;
    const { cwd, colorErr } = this.#terminal;
    const loaded = await loadReferenceLimits({ directory, mergeDomains, fs: nodeFileSystem, cwd });
    this.#watcher?.update(loaded.watched);
    if (loaded.limits !== undefined && loaded.limits.revision === this.#revision) return loaded;
    if (loaded.issues.length > 0) this.#terminal.err(formatIssues(loaded.issues, loaded.positions, { color: colorErr, cwd }));
    const result = loaded.limits === undefined ? 'refused' : 'accepted';
    this.#metrics.increment('chancery_ratelimit_reloads_total', { result });
    if (loaded.limits === undefined) {
      this.#logger.error(
        { event: 'ratelimit.refused', reason: `${loaded.issues.length} problems` },
        'the limits on disk have errors; the last good ones stay',
      );
      return loaded;
    }
    const isFirst = this.#revision === '';
    this.#revision = loaded.limits.revision;
    this.#limiter.setTables({ reference: loaded.limits });
    const domains = loaded.limits.domains.length;
    this.#logger.info({ event: 'ratelimit.loaded', revision: this.#revision, domains }, 'limits in force');
    if (isFirst) for (const difference of REFERENCE_DIFFERENCES) this.#logger.info({ event: 'ratelimit.difference' }, difference);
    return loaded;
  }
}
