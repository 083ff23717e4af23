// How much of a limit there is to divide: the rate itself (R703), or of a fixed window what it has left for the time that assignments last (R706).
import { GRACE_MS } from '../algorithms/ledger.ts';
import type { CounterStore, CounterTarget, LedgerEntry } from '../store.ts';
import type { Portion, QuotaHolder } from './quota-holder.ts';
import type { QuotaLimit } from './quota-limit.ts';
import { ASSIGNMENT_TTL_MS } from './usage-report.ts';

/** How long an assignment may be spent after it was sent. */
const SPENT_FOR_S = (ASSIGNMENT_TTL_MS + GRACE_MS) / 1_000;
/** Of what a window has left, as bursts. */
const BURST_PART = 24;
const UINT32_MAX = 4_294_967_295;

/** Those who hold parts of it: of this instance, and in the ledger. */
export interface Holders {
  readonly own: Iterable<QuotaHolder>;
  readonly entries: readonly LedgerEntry[];
}

/** What is divided. */
export interface Divided {
  readonly limit: QuotaLimit;
  readonly pool: QuotaPool;
}

export class QuotaPool {
  readonly #store: CounterStore;
  readonly #counter: CounterTarget;
  /** Of the window, as the store said last; undefined: it never did. */
  #remaining: number | undefined;

  constructor(store: CounterStore, counter: CounterTarget) {
    this.#store = store;
    this.#counter = counter;
  }

  /** The hash of the counter that requests of scope shared would use. */
  get counter(): string {
    return this.#counter.key.text;
  }

  /** What all holders may have together: shares per fill interval, and bursts. */
  size(limit: QuotaLimit, holders: Holders, nowMs: number): Portion {
    const { rate, units } = limit;
    if (rate.algorithm === 'bucket') return { share: units, burst: rate.limit === 0 ? 0 : Math.min(rate.burst, UINT32_MAX) };
    return this.#leftOf(limit, holders, nowMs);
  }

  /** Counts what was spent in the window and learns what is left of it. Buckets are divided, not counted. */
  async debit(hits: number): Promise<void> {
    if (this.#counter.limit.algorithm !== 'fixed') return;
    const use = { ...this.#counter, kind: 'debit', hits: Math.min(Math.ceil(hits), UINT32_MAX), isShadow: false } as const;
    const { outcomes, source } = await this.#store.take([use], { deadlineMs: Number.POSITIVE_INFINITY });
    if (source !== 'failure') this.#remaining = outcomes[0]?.remaining;
  }

  /** Shares that may be spent for as long as assignments last, and their bursts, never pass what is left less what was not reported yet. */
  #leftOf({ fillSeconds, units }: QuotaLimit, { own, entries }: Holders, nowMs: number): Portion {
    let left = this.#remaining ?? 0;
    const names = new Set<string>();
    for (const holder of own) {
      names.add(holder.name);
      left -= holder.unreported(fillSeconds, nowMs);
    }
    // When proxies of other instances reported last is not known here.
    for (const { holder, share, burst } of entries) if (!names.has(holder)) left -= (share / fillSeconds) * SPENT_FOR_S + burst;
    left = Math.max(0, Math.floor(left));
    const holders = Math.max(1, names.size, entries.length);
    // Twice: while a replaced assignment is under way the former bucket may be emptied, and the new one starts full.
    const burst = Math.min(Math.floor(left / 2), UINT32_MAX, Math.max(holders, Math.floor(left / BURST_PART)));
    return { share: Math.min(units, UINT32_MAX, Math.floor(((left - 2 * burst) * fillSeconds) / SPENT_FOR_S)), burst };
  }
}
