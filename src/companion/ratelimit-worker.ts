// The half of the rate-limit companion that lives in a worker: limits of its gateways, each over its store, and what operators ask of them.
// Counts go to the supervisor; it decides nothing by itself.
import type { Secret } from '../lib/secret.ts';
import type { UnknownThing } from '../ratelimit/decision-listener.ts';
import { HotRules } from '../ratelimit/hot-rules.ts';
import type { WorkerAnswer } from '../ratelimit/limit-question.ts';
import { DecisionRecord } from '../ratelimit/operator/decision-record.ts';
import type { RateLimitHandler } from '../ratelimit/rate-limit-call.ts';
import { RequestScan } from '../ratelimit/request-scan.ts';
import { decodeTable } from '../ratelimit/table/decode-table.ts';
import { TableProblem } from '../ratelimit/table/table-problem.ts';
import type { ShellReason } from './bytes-handler.ts';
import { tellCaches } from './cache-metrics.ts';
import type { WorkerService, WorkerServiceContext } from './companion-kind.ts';
import { GatewayLimits } from './gateway-limits.ts';
import { hotKeysOf, limitAnswer } from './limit-answers.ts';
import { MetricRelay } from './metric-relay.ts';
import type { PolicyUpdate, RefusedResource } from './policy-update.ts';
import { tellQuotas } from './quota-counts.ts';
import { quotaStreams } from './quota-service.ts';
import { tellDecisions } from './ratelimit-counts.ts';
import { ratelimitLog } from './ratelimit-log.ts';
import type { RatelimitWorkerStatus } from './ratelimit-messages.ts';
import { DOMAIN_PREFIX } from './ratelimit-names.ts';
import { ratelimitMethods } from './ratelimit-service.ts';
import { storeListener, type WatchedStore } from './ratelimit-store-listener.ts';
import { DEFAULT_NEAR_RATIO, type RatelimitWorkerSettings } from './ratelimit-worker-settings.ts';
import type { StreamedService } from './stream-handler.ts';
import { planStore } from './table-store.ts';

/** How often counts go to the supervisor. */
const TELL_MS = 500;
/** No limit is called so (R101). */
const UNKNOWN_LIMIT = '_unknown';
const ALONE: RatelimitWorkerSettings = { workers: 1, worker: 0, nearRatio: DEFAULT_NEAR_RATIO };

export function createRatelimitService(context: WorkerServiceContext): WorkerService {
  return new RatelimitWorker(context);
}

class RatelimitWorker implements WorkerService {
  readonly methods: WorkerService['methods'];
  readonly streamed: StreamedService;
  readonly #context: WorkerServiceContext;
  readonly #settings: RatelimitWorkerSettings;
  readonly #relay = new MetricRelay();
  readonly #hot = new HotRules();
  readonly #gateways = new Map<string, GatewayLimits>();
  readonly #secrets = new Map<string, Secret>();
  /** By gateway. */
  readonly #watched = new Map<string, WatchedStore>();
  /** By gateway; also of those that left, since metrics never go back. */
  readonly #records = new Map<string, DecisionRecord>();
  readonly #scan = new RequestScan();
  readonly #timer: NodeJS.Timeout;
  #told = '';

  constructor(context: WorkerServiceContext) {
    this.#context = context;
    this.#settings = context.ratelimit ?? ALONE;
    this.methods = ratelimitMethods({
      handler: (request, call, answer) => this.#handlerOf(request)(request, call, answer),
      nowMs: context.nowMs,
      monotonicMs: context.monotonicMs,
      onRefused: (status) => this.#relay.increment('chancery_ratelimit_refused_total', { status }),
    });
    this.streamed = quotaStreams({ api: context.api, allocatorOf: (domain) => this.#limitsOf(domain)?.allocator });
    tellCaches(this.#relay, () => [...this.#gateways.values()].flatMap(({ limiter }) => limiter?.caches() ?? []));
    tellQuotas(this.#relay, () => [...this.#gateways.values()].flatMap(({ allocator }) => allocator?.counts() ?? []));
    this.#timer = setInterval(() => this.#tell(), TELL_MS).unref();
  }

  async apply(update: PolicyUpdate): Promise<{ readonly refused: readonly RefusedResource[] }> {
    for (const { name, value } of update.secrets) this.#secrets.set(name, value);
    for (const name of update.removed) {
      this.#secrets.delete(name);
      await this.#gateways.get(name)?.stop();
      this.#gateways.delete(name);
      this.#watched.delete(name);
      this.#relay.forget(name);
    }
    const refused = (update.tables ?? []).flatMap(({ name, bytes }) => this.#take(name, bytes));
    for (const limits of this.#gateways.values()) {
      await limits.serve(planStore(limits.storeSettings, this.#settings, (name) => this.#secrets.get(name)));
    }
    this.#tellStatus();
    return { refused };
  }

  receive(body: Parameters<WorkerService['receive']>[0]): void {
    if (body.kind !== 'limits.ask') return;
    const { id, question } = body;
    const options = { worker: this.#settings.worker, gateways: this.#gateways, stores: this.#watched, hot: this.#hot };
    void limitAnswer(options, question)
      .catch((error: unknown): WorkerAnswer => {
        this.#context.logger.error({ event: 'ratelimit.failed', err: error }, 'a question about limits failed');
        return { kind: 'refused', status: 503, reason: 'the companion failed; its log says why' };
      })
      .then((answer) => this.#context.send({ kind: 'limits.answer', id, answer }));
  }

  onShed(reason: ShellReason, cause?: unknown): void {
    this.#relay.increment('chancery_ratelimit_refused_total', { status: reason });
    if (cause !== undefined) this.#context.logger.error({ event: 'ratelimit.failed', err: cause }, 'a call failed');
  }

  /** R809: leases go back before the process ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#hot.stop();
    this.#tell();
    await Promise.all([...this.#gateways.values()].map((limits) => limits.stop()));
  }

  /** R301: what is not sound leaves what was there in force. */
  #take(gateway: string, bytes: Uint8Array): readonly RefusedResource[] {
    try {
      const decoded = decodeTable(this.#context.api, gateway, bytes);
      if (decoded.store.kind === 'memory' && this.#settings.redis === undefined && this.#settings.workers > 1)
        throw new TableProblem('store', `is memory, which counts in one worker only, and there are ${this.#settings.workers}: --workers 1`);
      const known = this.#gateways.get(gateway);
      if (known === undefined) this.#gateways.set(gateway, new GatewayLimits(decoded, this.#optionsOf(gateway)));
      else known.replace(decoded);
      return [];
    } catch (error) {
      return [{ name: gateway, message: error instanceof Error ? error.message : String(error) }];
    }
  }

  #optionsOf(gateway: string): ConstructorParameters<typeof GatewayLimits>[1] {
    const { logger, nowMs, monotonicMs, random, shedding } = this.#context;
    const log = logger.child({ gateway });
    const watched = storeListener({ metrics: this.#relay.of(gateway), logger: log, nowMs });
    const record = this.#recordOf(gateway);
    this.#watched.set(gateway, watched);
    return {
      gateway,
      logger,
      nowMs,
      record,
      hot: (limit) => hotKeysOf(this.#hot, gateway, limit),
      nearRatio: this.#settings.nearRatio,
      listener: ratelimitLog({
        logger: log,
        monotonicMs,
        onUnknown: (what) => this.#unknown(what),
        onCounted: (plan, hits) => this.#hot.counted(plan, hits),
        onOver: ({ rule, counters: [counter] }) => {
          if (rule !== undefined && counter !== undefined) record.over(rule.name, counter.target.key);
        },
      }),
      opening: {
        listener: watched,
        onSnapshotError: (error) => log.error({ event: 'ratelimit.snapshot', err: error }, 'counters could not be kept in their file'),
        isOverloaded: () => shedding() !== 'none',
        nowMs,
        monotonicMs,
        random,
      },
    };
  }

  /** One gateway is the rule, and needs no look at the domain. */
  #handlerOf(request: Uint8Array): RateLimitHandler {
    const first = this.#gateways.values().next().value;
    if (this.#gateways.size > 1 && this.#scan.scan(request) === 'scanned') {
      const domain = Buffer.from(request.buffer, request.byteOffset).toString('utf8', this.#scan.domainStart, this.#scan.domainEnd);
      const limits = this.#limitsOf(domain);
      if (limits !== undefined) return limits.limiter?.handler ?? NO_LIMITS;
    }
    return first?.limiter?.handler ?? NO_LIMITS;
  }

  #limitsOf(domain: string): GatewayLimits | undefined {
    return domain.startsWith(DOMAIN_PREFIX) ? this.#gateways.get(domain.slice(DOMAIN_PREFIX.length)) : undefined;
  }

  #recordOf(gateway: string): DecisionRecord {
    const known = this.#records.get(gateway);
    if (known !== undefined) return known;
    const record = new DecisionRecord(this.#context.nowMs());
    tellDecisions(record.counts, this.#relay);
    this.#records.set(gateway, record);
    return record;
  }

  /** Names that callers made up are no labels: all of them count together (R208, R810). */
  #unknown(what: UnknownThing): void {
    this.#relay.increment('chancery_ratelimit_unknown_total', { what });
    if (what === 'limit') this.#relay.increment('chancery_ratelimit_decisions_total', { limit: UNKNOWN_LIMIT, result: 'unknown_limit' });
  }

  #tell(): void {
    for (const [gateway, { operated }] of this.#gateways)
      if (operated !== undefined) this.#watched.get(gateway)?.looked(operated.store.readiness());
    const parcel = this.#relay.take();
    if (parcel !== undefined) this.#context.send({ kind: 'limits.metrics', worker: this.#settings.worker, parcel });
    this.#tellStatus();
  }

  /** When it changed. */
  #tellStatus(): void {
    const status = this.#status();
    const text = JSON.stringify(status);
    if (text === this.#told) return;
    this.#told = text;
    this.#context.send({ kind: 'limits.status', worker: this.#settings.worker, status });
  }

  #status(): RatelimitWorkerStatus {
    const all = [...this.#gateways];
    return {
      gateways: all.flatMap(([gateway, { operated }]) =>
        operated === undefined
          ? []
          : [{ gateway, revision: operated.revision, store: operated.storeKind, readiness: operated.store.readiness() }],
      ),
      waiting: all.flatMap(([gateway, { waiting: reason }]) => (reason === undefined ? [] : [{ gateway, reason }])),
    };
  }
}

/** R302. */
const NO_LIMITS: RateLimitHandler = (_request, _call, answer) => answer({ status: 'UNAVAILABLE', message: 'no limits are loaded yet' });
