// The buckets that one stream of a proxy reported (R701, R702): which budget each belongs to, and at most 1,000 of them (R707).
import type { QuotaBudget } from './quota-budget.ts';
import type { Asker, QuotaHolder } from './quota-holder.ts';
import type { BucketId } from './quota-limit.ts';
import type { BucketAction, BucketUsage, UsageReport } from './usage-report.ts';

/** R707. */
const MOST_BUCKETS = 1_000;

export interface QuotaStreamOptions {
  /** SAN or address. */
  readonly proxy: string;
  readonly send: (action: BucketAction) => void;
  /** The budget that a bucket belongs to now; undefined for a limit that is not known. */
  readonly budgetOf: (domain: string, id: BucketId) => QuotaBudget | undefined;
  /** Whether the budget is in force as it is. */
  readonly isCurrent: (budget: QuotaBudget) => boolean;
  readonly onClose: () => void;
}

interface Entry {
  readonly budget: QuotaBudget;
  readonly holder: QuotaHolder;
}

/** A bucket as it was when it was sorted. */
interface IdleEntry {
  readonly name: string;
  readonly entry: Entry;
  readonly busyMs: number;
}

/** Why a stream must end. */
export type StreamProblem = 'no domain' | 'other domain';

export class QuotaStream {
  readonly #options: QuotaStreamOptions;
  readonly #asker: Asker;
  readonly #buckets = new Map<string, Entry>();
  /** The first to forget is the last: those that were sorted once and went idle no less since. Sorted anew when it is used up. */
  #longestIdle: IdleEntry[] = [];
  #domain: string | undefined;

  constructor(options: QuotaStreamOptions) {
    this.#options = options;
    this.#asker = { proxy: options.proxy, send: options.send };
  }

  get buckets(): number {
    return [...this.#buckets.values()].filter(({ holder }) => !holder.isGone).length;
  }

  /** The domain is that of the first message; any report subscribes (R701). */
  report({ domain, usages }: UsageReport): StreamProblem | undefined {
    if (this.#domain === undefined && domain === '') return 'no domain';
    this.#domain ??= domain;
    if (domain !== '' && domain !== this.#domain) return 'other domain';
    for (const usage of usages) this.#reported(usage, this.#domain);
    return undefined;
  }

  close(): void {
    for (const { budget, holder } of this.#buckets.values()) budget.closed(holder);
    this.#buckets.clear();
    this.#longestIdle = [];
    this.#options.onClose();
  }

  #reported(usage: BucketUsage, domain: string): void {
    const name = JSON.stringify(Object.entries(usage.id).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#buckets.get(name);
    if (known !== undefined && this.#options.isCurrent(known.budget)) return known.budget.report(known.holder, usage);
    const budget = this.#options.budgetOf(domain, usage.id);
    if (known !== undefined && known.budget === budget) return budget.report(known.holder, usage);
    if (known !== undefined) this.#forget(name, known);
    if (budget === undefined) {
      if (known === undefined) this.#options.send({ kind: 'abandon', id: usage.id });
      return;
    }
    if (this.#buckets.size >= MOST_BUCKETS) this.#forgetLongestIdle();
    const holder = budget.join(this.#asker, usage);
    this.#buckets.set(name, { budget, holder });
    // One that goes on from a closed stream may have been idle for longer than those that were sorted.
    if (holder.busyMs < (this.#longestIdle[0]?.busyMs ?? holder.busyMs)) this.#longestIdle = [];
  }

  #forgetLongestIdle(): void {
    const longest = this.#nextIdle() ?? this.#sorted().#nextIdle();
    if (longest !== undefined) this.#forget(longest.name, longest.entry);
  }

  /** Who had a request since is busier than all that are left, and so is who came since. */
  #nextIdle(): IdleEntry | undefined {
    for (let next = this.#longestIdle.pop(); next !== undefined; next = this.#longestIdle.pop()) {
      if (this.#buckets.get(next.name) === next.entry && next.entry.holder.busyMs === next.busyMs) return next;
    }
    return undefined;
  }

  #sorted(): this {
    const entries = [...this.#buckets].map(([name, entry]) => ({ name, entry, busyMs: entry.holder.busyMs }));
    this.#longestIdle = entries.sort((a, b) => a.busyMs - b.busyMs).reverse();
    return this;
  }

  #forget(name: string, { budget, holder }: Entry): void {
    this.#buckets.delete(name);
    budget.abandon(holder);
  }
}
