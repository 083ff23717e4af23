// R506: hits that a worker has taken in advance and spends without asking. What they are worth is known: over-admitted is nothing in a fixed window
// and at most M times `max` else; wrongly denied at most that, also when a worker is killed.
import type { Window } from '../algorithms/fixed-window.ts';
import type { CounterUse, StoreFailure, TakeAnswer } from '../store.ts';

const LONGEST_MS = 1_000;

export interface LeaseOptions {
  /** Takes so many hits in one command; false where they do not fit or nobody answers. `atUs` is when. */
  readonly takeAll: (use: CounterUse) => Promise<{ readonly remaining: number; readonly atUs: number } | undefined>;
  readonly giveBack: (use: CounterUse, atUs: number) => void;
  readonly windowOf: (use: CounterUse, atUs: number) => Window | undefined;
  readonly nowUs: () => number;
  /** M. */
  readonly workers: () => number;
}

interface Lease {
  readonly use: CounterUse;
  readonly atUs: number;
  readonly untilUs: number;
  readonly remaining: number;
  readonly resetUs: number;
  readonly timer: NodeJS.Timeout;
  left: number;
}

export class Leases {
  readonly #options: LeaseOptions;
  readonly #leases = new Map<string, Lease>();
  /** Keys for which one is on its way. */
  readonly #asked = new Set<string>();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** The answer where a hit is left. */
  spend({ key }: CounterUse): TakeAnswer | undefined {
    const lease = this.#leases.get(key.text);
    const nowUs = this.#options.nowUs();
    if (lease === undefined || lease.left === 0 || nowUs >= lease.untilUs) return undefined;
    lease.left -= 1;
    const resetMs = Math.ceil(Math.max(0, lease.resetUs - nowUs) / 1000);
    return {
      isOver: false,
      outcomes: [{ isOver: false, remaining: lease.remaining + lease.left, resetMs, retryAfterMs: 0 }],
      source: 'lease',
    };
  }

  /** After a hit that passed: takes more in advance where enough remains for all workers to do so. */
  extend(use: CounterUse, { outcomes }: TakeAnswer): void {
    const { lease } = use.limit;
    const { workers, takeAll } = this.#options;
    const remaining = outcomes[0]?.remaining ?? 0;
    if (lease === undefined || remaining < workers() * lease.max || this.#asked.has(use.key.text)) return;
    if ((this.#leases.get(use.key.text)?.left ?? 0) > 0) return;
    const hits = Math.min(lease.max, Math.max(1, Math.floor(remaining / (2 * workers()))));
    this.#asked.add(use.key.text);
    void takeAll({ ...use, hits }).then((taken) => {
      this.#asked.delete(use.key.text);
      if (taken !== undefined) this.#keep({ ...use, hits }, lease.ttlMs, taken);
    });
  }

  /** The counter was reset here: what was taken of it is void. */
  forget(key: string): void {
    clearTimeout(this.#leases.get(key)?.timer);
    this.#leases.delete(key);
  }

  /** R809: everything that is left goes back. */
  giveAll(): void {
    for (const key of this.#leases.keys()) this.#end(key);
  }

  #keep(use: CounterUse, ttlMs: number, { remaining, atUs }: { readonly remaining: number; readonly atUs: number }): void {
    this.#end(use.key.text);
    const window = this.#options.windowOf(use, atUs);
    const lastsUs = Math.min(ttlMs, LONGEST_MS, use.limit.periodUs / 10_000) * 1000;
    const untilUs = Math.min(atUs + lastsUs, window?.endUs ?? Number.POSITIVE_INFINITY);
    const timer = setTimeout(() => this.#end(use.key.text), Math.max(0, untilUs - this.#options.nowUs()) / 1000).unref();
    this.#leases.set(use.key.text, { use, atUs, untilUs, remaining, resetUs: window?.endUs ?? untilUs, timer, left: use.hits });
  }

  /** What is left of a window that is over is void. */
  #end(key: string): void {
    const lease = this.#leases.get(key);
    if (lease === undefined) return;
    clearTimeout(lease.timer);
    this.#leases.delete(key);
    const endUs = this.#options.windowOf(lease.use, lease.atUs)?.endUs ?? Number.POSITIVE_INFINITY;
    if (lease.left > 0 && this.#options.nowUs() < endUs) this.#options.giveBack({ ...lease.use, hits: lease.left }, lease.atUs);
  }
}

/** Whether a request may be answered from a lease: one hit of one limit that has them. */
export function leasable(uses: readonly CounterUse[]): CounterUse | undefined {
  const [use] = uses;
  const isOne = uses.length === 1 && use?.limit.lease !== undefined && use.limit.limit > 0;
  return isOne && use.kind === 'take' && use.hits === 1 && !use.isShadow ? use : undefined;
}

/** Hits that nobody answered for are no lease; nothing else becomes of them. */
export const NOT_TAKEN = (_uses: readonly CounterUse[], failure: StoreFailure): TakeAnswer => ({
  isOver: true,
  outcomes: [],
  source: 'failure',
  failure,
});
