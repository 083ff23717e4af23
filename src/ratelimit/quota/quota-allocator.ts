// Divides limits over all proxies that report to this instance (R703-R707): which limits there are, one budget for each value of their keys, one
// book for each stream. Clock, names and store are handed in; somebody else calls `tick` each second.
import type { LimitTable } from '../limit-table.ts';
import type { CounterStore } from '../store.ts';
import { QuotaBudget } from './quota-budget.ts';
import { type BucketId, counterOf, ledgerKeyOf, nameOfLimit, type QuotaLimit, quotaLimits, valuesOf } from './quota-limit.ts';
import { QuotaPool } from './quota-pool.ts';
import { type BudgetShares, joinedShares, sharesOf } from './quota-shares.ts';
import { QuotaStream, type QuotaStreamOptions } from './quota-stream.ts';

export interface QuotaAllocatorOptions {
  readonly store: CounterStore;
  /** R410. */
  readonly keySecret: Uint8Array;
  /** Of a clock that never goes back. */
  readonly nowMs: () => number;
  /** A name that no other call of any instance gives. */
  readonly newName: () => string;
}

export interface QuotaCounts {
  readonly streams: number;
  readonly buckets: number;
  /** Largest part that proxies of this instance have of one budget, by limit. */
  readonly ratios: ReadonlyMap<string, number>;
}

/** What operators are shown of one limit. */
const MOST_BUDGETS = 100;

export class QuotaAllocator {
  readonly #options: QuotaAllocatorOptions;
  readonly #budgets = new Map<string, QuotaBudget>();
  readonly #streams = new Set<QuotaStream>();
  #limits: ReadonlyMap<string, QuotaLimit> = new Map();

  constructor(options: QuotaAllocatorOptions) {
    this.#options = options;
  }

  /** Streams hear of it when they report next. */
  setTable(table: LimitTable): void {
    this.#limits = quotaLimits(table);
  }

  open({ proxy, send }: Pick<QuotaStreamOptions, 'proxy' | 'send'>): QuotaStream {
    const stream: QuotaStream = new QuotaStream({
      proxy,
      send,
      budgetOf: (domain, id) => this.#budgetOf(domain, id),
      isCurrent: (budget) => this.#isCurrent(budget),
      onClose: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    return stream;
  }

  async tick(): Promise<void> {
    const nowMs = this.#options.nowMs();
    for (const [key, budget] of this.#budgets) if (budget.isOver(nowMs)) this.#budgets.delete(key);
    await Promise.all([...this.#budgets.values()].map((budget) => budget.tick()));
  }

  counts(): QuotaCounts {
    const ratios = new Map<string, number>();
    for (const budget of this.#budgets.values()) ratios.set(budget.limit.name, Math.max(ratios.get(budget.limit.name) ?? 0, budget.ratio));
    const buckets = [...this.#streams].reduce((sum, stream) => sum + stream.buckets, 0);
    return { streams: this.#streams.size, buckets, ratios };
  }

  /** The counter of this hash was changed by an operator, here or elsewhere (R811). */
  async changed(hash: string): Promise<void> {
    await Promise.all([...this.#budgets.values()].map((budget) => budget.counterChanged(hash)));
  }

  /** The budgets of one limit, the most used first; `hash`: only the one whose ledger is called so. */
  shares(domain: string, name: string, hash?: string): readonly BudgetShares[] {
    const budgets = [...this.#budgets.values()].filter(
      ({ limit, key }) => limit.domain === domain && limit.name === name && (hash === undefined || key.text === hash),
    );
    return joinedShares(budgets.map(sharesOf)).slice(0, MOST_BUDGETS);
  }

  #isCurrent(budget: QuotaBudget): boolean {
    const { limit, key } = budget;
    return this.#limits.get(nameOfLimit(limit.domain, limit.name)) === limit && this.#budgets.get(key.text) === budget;
  }

  #budgetOf(domain: string, id: BucketId): QuotaBudget | undefined {
    const limit = this.#limits.get(nameOfLimit(domain, id['limit'] ?? ''));
    const values = limit === undefined ? undefined : valuesOf(limit, id);
    if (limit === undefined || values === undefined) return undefined;
    const { store, keySecret, nowMs, newName } = this.#options;
    const key = ledgerKeyOf(limit, values, keySecret);
    const known = this.#budgets.get(key.text);
    if (known?.limit === limit) return known;
    const pool = new QuotaPool(store, counterOf(limit, values, keySecret));
    if (known !== undefined) {
      known.change({ limit, pool });
      return known;
    }
    const budget = new QuotaBudget({ limit, pool }, { store, key, nowMs, newName });
    this.#budgets.set(key.text, budget);
    return budget;
  }
}
