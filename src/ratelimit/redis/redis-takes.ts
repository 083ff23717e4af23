// How requests are decided where Redis counts: what is known is answered on the spot, what cannot be asked by `onStoreFailure`, and the rest waits
// for its batch (R501, R505, R807, R808).
import { blockedOutcome, isDecisive } from '../algorithms/decide.ts';
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import type { CounterUse, StoreCall, StoreFailure, TakeAnswer, UseOutcome } from '../store.ts';
import type { Batcher } from './batcher.ts';
import { NOT_TAKEN } from './leases.ts';
import type { OverLimitCache } from './over-limit-cache.ts';
import { Pending, type PendingOwner, UNKNOWN } from './pending.ts';

/** R807: requests that may wait for Redis at once. */
const MAX_WAITING = 20_000;
/** R808: so long before the caller gives up it is answered. */
const SPARE_MS = 3;

export interface RedisTakesOptions {
  readonly clock: StoreClock;
  readonly listener: Pick<StoreListener, 'overLimitHit' | 'gaveBack'>;
  readonly cache: OverLimitCache;
  readonly batcher: Batcher;
  /** Of a batch. */
  readonly timeoutMs: number;
  /** R807: the event loop lags. */
  readonly isOverloaded: () => boolean;
  /** Redis counts as all others do (R410). */
  readonly isUsable: () => boolean;
  readonly onFailure: (uses: readonly CounterUse[], failure: StoreFailure) => TakeAnswer;
}

/** What is not known before. */
interface Open {
  readonly known?: readonly (UseOutcome | undefined)[] | undefined;
  readonly asked: readonly number[];
}

const ALL_OPEN: Open = { asked: [0] };

export class RedisTakes {
  readonly #options: RedisTakesOptions;
  readonly #owner: PendingOwner;
  #waiting = 0;

  constructor(options: RedisTakesOptions) {
    this.#options = options;
    this.#owner = this.#ownerFor(options.onFailure);
  }

  take(uses: readonly CounterUse[], call: StoreCall): TakeAnswer | Promise<TakeAnswer> {
    const nowMs = this.#options.clock.monotonicMs();
    const [only] = uses;
    if (uses.length === 1 && only !== undefined) {
      const known = this.#knownOutcome(only, nowMs);
      if (known !== undefined) return { isOver: known.isOver && !only.isShadow, outcomes: [known], source: 'cache' };
      return this.#askOrFail(uses, ALL_OPEN, { deadlineMs: call.deadlineMs, nowMs });
    }
    const known = uses.map((use) => this.#knownOutcome(use, nowMs));
    const asked = uses.flatMap((_, at) => (known[at] === undefined ? [at] : []));
    const isDenied = uses.some((use, at) => isDecisive(use) && known[at]?.isOver === true);
    if (!isDenied && asked.length > 0) return this.#askOrFail(uses, { known, asked }, { ...call, nowMs });
    const isOver = uses.some((use, at) => !use.isShadow && known[at]?.isOver === true);
    return { isOver, outcomes: known.map((outcome) => outcome ?? UNKNOWN), source: 'cache' };
  }

  /** For oneself and not for a request: undefined where the hits did not fit or nobody answered, and then nothing else becomes of them (R506). */
  async takeAhead(use: CounterUse): Promise<{ readonly remaining: number; readonly atUs: number } | undefined> {
    const { clock } = this.#options;
    const [nowMs, atUs] = [clock.monotonicMs(), clock.nowUs()];
    const uses = [use];
    if (this.#failureNow(uses, ALL_OPEN.asked, { nowMs, deadlineMs: Number.POSITIVE_INFINITY }) !== undefined) return undefined;
    const { isOver, source, outcomes } = await this.#ask(this.#ownerFor(NOT_TAKEN), { uses, ...ALL_OPEN }, Number.POSITIVE_INFINITY);
    return isOver || source !== 'store' ? undefined : { remaining: outcomes[0]?.remaining ?? 0, atUs };
  }

  #ownerFor(onFailure: PendingOwner['onFailure']): PendingOwner {
    return {
      onFailure,
      onAnswered: () => {
        this.#waiting -= 1;
      },
      onHalfTaken: (taken, atUs) => this.#giveHalf(taken, atUs),
    };
  }

  /** What needs no question: N = 0 (R103), and counters that are known to be over (R505). */
  #knownOutcome(use: CounterUse, nowMs: number): UseOutcome | undefined {
    if (use.limit.limit === 0) return blockedOutcome(use);
    if (use.kind === 'debit') return undefined;
    const untilMs = this.#options.cache.overUntilMs(use, nowMs);
    if (untilMs === undefined) return undefined;
    this.#options.listener.overLimitHit();
    const waitMs = Math.ceil(untilMs - nowMs);
    return { isOver: true, remaining: 0, resetMs: waitMs, retryAfterMs: waitMs };
  }

  #askOrFail(uses: readonly CounterUse[], open: Open, at: Moment): TakeAnswer | Promise<TakeAnswer> {
    const failure = this.#failureNow(uses, open.asked, at);
    if (failure !== undefined) return this.#options.onFailure(uses, failure);
    return this.#ask(this.#owner, { uses, known: open.known, asked: open.asked }, at.deadlineMs - SPARE_MS - at.nowMs);
  }

  #failureNow(uses: readonly CounterUse[], asked: readonly number[], { nowMs, deadlineMs }: Moment): StoreFailure | undefined {
    const { batcher, isOverloaded, isUsable } = this.#options;
    if (nowMs >= deadlineMs - SPARE_MS) return 'deadline';
    if (this.#waiting >= MAX_WAITING || isOverloaded()) return 'shed';
    return isUsable() ? batcher.failureOf(uses, asked) : 'unavailable';
  }

  /** A timer only where it comes before the batch's own end: one for each call is what batches are to save. */
  #ask(owner: PendingOwner, { asked, uses, known }: Open & { readonly uses: readonly CounterUse[] }, inMs: number): Promise<TakeAnswer> {
    this.#waiting += 1;
    return new Promise((resolve) => {
      const pending = new Pending(owner, { uses, known, resolve });
      if (inMs < this.#options.timeoutMs) pending.failsAfter(inMs);
      this.#options.batcher.add(pending, asked);
    });
  }

  #giveHalf(taken: readonly CounterUse[], atUs: number): void {
    const { listener, cache, batcher } = this.#options;
    listener.gaveBack(taken.reduce((sum, { hits }) => sum + hits, 0));
    for (const { key } of taken) cache.forget(key.text);
    batcher.giveBack(taken, { atUs, isTold: true });
  }
}

interface Moment extends StoreCall {
  readonly nowMs: number;
}
