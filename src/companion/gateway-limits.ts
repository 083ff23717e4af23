// The limits of one gateway in a worker: its table, the store that it counts in, and the limiter over both (ratelimit R301). A limit that leaves
// the table is kept for the linger (R208); a store that changes is opened and reached before the one before is closed.
import { randomBytes } from 'node:crypto';
import type { DecisionListener } from '../ratelimit/decision-listener.ts';
import { createRateLimiter, type RateLimiter } from '../ratelimit/handler.ts';
import type { OperatedLimits } from '../ratelimit/limit-operator.ts';
import type { LimitRule, LimitTable } from '../ratelimit/limit-table.ts';
import type { DecisionRecord } from '../ratelimit/operator/decision-record.ts';
import { QuotaAllocator } from '../ratelimit/quota/quota-allocator.ts';
import type { DecodedTable } from '../ratelimit/table/decode-table.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type OpeningContext, type OpenStore, openStore, type StorePlan } from './table-store.ts';

/** Proxies may name a limit for so long after it left (R208, D10). */
const LINGER_MS = 600_000;
/** Calls under way end in the store that they began in. */
const CLOSE_AFTER_MS = 1_000;
/** A store that takes the place of another one has so long to be reached before it does so all the same. */
const REACHED_WITHIN_MS = 2_000;
const LOOK_MS = 10;
/** R704. */
const DIVIDE_MS = 1_000;

export interface GatewayLimitsOptions {
  readonly opening: OpeningContext;
  readonly gateway: string;
  readonly logger: Logger;
  readonly listener: DecisionListener;
  readonly record: DecisionRecord;
  /** The counters of a limit that are asked most. */
  readonly hot: OperatedLimits['hot'];
  readonly nearRatio: number;
  readonly nowMs: () => number;
}

interface Served {
  readonly plan: StorePlan;
  readonly opened: OpenStore;
  readonly limiter: RateLimiter;
  /** Of those that are divided over proxies (R703). */
  readonly allocator: QuotaAllocator;
}

interface Lingering {
  readonly rule: LimitRule;
  readonly untilMs: number;
}

export class GatewayLimits {
  readonly #options: GatewayLimitsOptions;
  #decoded: DecodedTable;
  #lingering = new Map<string, Lingering>();
  #served: Served | undefined;
  /** Why nothing is served yet. */
  #waiting: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #ticks: NodeJS.Timeout;

  constructor(decoded: DecodedTable, options: GatewayLimitsOptions) {
    this.#decoded = decoded;
    this.#options = options;
    this.#ticks = setInterval(() => this.#divide(), DIVIDE_MS).unref();
  }

  get storeSettings(): DecodedTable['store'] {
    return this.#decoded.store;
  }

  get limiter(): RateLimiter | undefined {
    return this.#served?.limiter;
  }

  get allocator(): QuotaAllocator | undefined {
    return this.#served?.allocator;
  }

  get waiting(): string | undefined {
    return this.#waiting;
  }

  /** What is in force, for status and operators; undefined before the first. */
  get operated(): OperatedLimits | undefined {
    const served = this.#served;
    const plans = served?.limiter.table?.domains[0];
    if (served === undefined || plans === undefined) return undefined;
    const table = this.#table();
    return {
      gateway: this.#options.gateway,
      domain: plans.domain,
      revision: table.revision,
      limits: table.domains[0]?.limits ?? [],
      lingering: new Set(this.#lingering.keys()),
      storeKind: served.plan.kind,
      store: served.opened.store,
      plans,
      record: this.#options.record,
      keySecret: served.plan.keySecret,
      nowMs: this.#options.nowMs,
      hot: this.#options.hot,
      shares: (limit) => served.allocator.shares(plans.domain, limit),
    };
  }

  /** A new table; in force with the next `serve`. */
  replace(decoded: DecodedTable): void {
    const untilMs = this.#options.nowMs() + LINGER_MS;
    const present = new Set(rulesOf(decoded.table).map(({ name }) => name));
    for (const rule of rulesOf(this.#decoded.table)) if (!present.has(rule.name)) this.#lingering.set(rule.name, { rule, untilMs });
    for (const name of present) this.#lingering.delete(name);
    for (const name of changedRules(this.#decoded.table, decoded.table)) this.#options.record.changed(name, this.#options.nowMs());
    this.#decoded = decoded;
    this.#setTimer();
  }

  /** Puts the table in force over this store; a text: why there is none, and what is served stays. */
  async serve(plan: StorePlan | string): Promise<void> {
    if (typeof plan === 'string') {
      this.#waiting = plan;
      this.#setTable();
      return;
    }
    this.#waiting = undefined;
    const before = this.#served;
    if (before?.plan.identity !== plan.identity) {
      const next = await this.#open(plan);
      if (before !== undefined) await reached(next.opened, this.#options.opening.monotonicMs);
      this.#served = next;
    } else if (before.plan.kind === 'redis' && plan.kind === 'redis' && before.plan.credentials !== plan.credentials) {
      before.opened.renew(plan);
      this.#served = { ...before, plan };
      this.#options.logger.info(
        { event: 'ratelimit.credentials', gateway: this.#options.gateway },
        'credentials of Redis were renewed; its counters go on',
      );
    }
    this.#setTable();
    if (before !== undefined && before.opened !== this.#served?.opened)
      setTimeout(() => void before.opened.close(), CLOSE_AFTER_MS).unref();
  }

  /** Somebody let hits pass in it, or took them (R811): what is divided of it is divided anew. */
  counterChanged(hash: string): void {
    const changed = this.#served?.allocator.changed(hash);
    changed?.catch((error: unknown) => this.#failed(error));
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#ticks);
    await this.#served?.opened.close();
  }

  async #open(plan: StorePlan): Promise<Served> {
    const { opening, listener, record, nearRatio, nowMs, logger, gateway } = this.#options;
    const changed = (hash: string): void => this.counterChanged(hash);
    const opened = await openStore(plan, { ...opening, listener: { ...opening.listener, changed } });
    const limiter = createRateLimiter({
      store: opened.store,
      tools: { keySecret: plan.keySecret, counts: record.counts, nearRatio, onStoreFailure: 'local' },
      reference: { isShadow: false, isQuota: false, hasMetadata: false },
      listener,
      nowMs,
      seed: Math.trunc(opening.random() * 2 ** 31),
    });
    logger.info({ event: 'ratelimit.store', gateway, store: plan.kind }, 'counters are kept here');
    const instance = randomBytes(12).toString('base64url');
    let named = 0;
    const newName = (): string => `${instance}.${(named += 1)}`;
    const allocator = new QuotaAllocator({ store: opened.store, keySecret: plan.keySecret, nowMs: opening.monotonicMs, newName });
    return { plan, opened, limiter, allocator };
  }

  #divide(): void {
    this.#options.record.look(this.#options.nowMs());
    void this.#served?.allocator.tick().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#options.logger.error({ event: 'ratelimit.failed', gateway: this.#options.gateway, err: error }, 'limits could not be divided');
  }

  #setTable(): void {
    const own = this.#table();
    this.#served?.limiter.setTables({ own });
    this.#served?.allocator.setTable(own);
  }

  #table(): LimitTable {
    const { revision, domains } = this.#decoded.table;
    const kept = [...this.#lingering.values()].map(({ rule }) => rule);
    return { revision, domains: domains.map(({ domain, limits }) => ({ domain, limits: [...limits, ...kept] })) };
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const ends = [...this.#lingering.values()].map(({ untilMs }) => untilMs);
    if (ends.length === 0) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.min(...ends) - this.#options.nowMs())).unref();
  }

  #expire(): void {
    const nowMs = this.#options.nowMs();
    for (const [name, { untilMs }] of this.#lingering) if (untilMs <= nowMs) this.#lingering.delete(name);
    this.#setTable();
    this.#setTimer();
  }
}

/** Calls are decided by the store before meanwhile. */
async function reached({ store }: OpenStore, monotonicMs: () => number): Promise<void> {
  const endMs = monotonicMs() + REACHED_WITHIN_MS;
  while (!store.readiness().isReady && monotonicMs() < endMs) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

function rulesOf({ domains }: LimitTable): readonly LimitRule[] {
  return domains.flatMap(({ limits }) => limits);
}

/** Those that are there in both and are not the same; where they stand does not matter. */
function changedRules(before: LimitTable, after: LimitTable): readonly string[] {
  const known = new Map(rulesOf(before).map((rule) => [rule.name, JSON.stringify({ ...rule, source: '' })]));
  return rulesOf(after).flatMap((rule) => {
    const text = known.get(rule.name);
    return text === undefined || text === JSON.stringify({ ...rule, source: '' }) ? [] : [rule.name];
  });
}
