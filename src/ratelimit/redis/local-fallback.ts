// What is answered while Redis does not (R802, R803): pass, deny, or count this worker's own share of the limit in memory.

import { blockedOutcome, isDecisive } from '../algorithms/decide.ts';
import { fixedWindow } from '../algorithms/fixed-window.ts';
import { limitProblem } from '../algorithms/limit-problem.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import type { StoreClock } from '../store/store-clock.ts';
import { SILENT_LISTENER } from '../store/store-listener.ts';
import type { CounterTarget, CounterUse, StoreFailure, StoreLimit, TakeAnswer, UseOutcome } from '../store.ts';

const MAX_KEYS = 100_000;
/** What a denial without knowledge tells to wait. */
const DENIED_MS = 1_000;
const SHARES_KEPT = 64;

/** Of how many workers this is which, by name, from 0. */
export interface Rank {
  readonly workers: number;
  readonly rank: number;
}

/** What this worker took of a counter, and what all did, as it last saw. */
export interface Seen {
  readonly own: number;
  readonly total: number;
}

/** Hits that were let pass meanwhile by a fixed window that may still be open (R805). */
export interface LocalHits {
  readonly use: CounterUse;
  readonly atUs: number;
  hits: number;
}

export interface LocalFallbackOptions {
  readonly clock: StoreClock;
  readonly random: () => number;
  readonly rank: () => Rank;
  readonly seen: (use: CounterTarget) => Seen | undefined;
}

export class LocalFallback {
  readonly #options: LocalFallbackOptions;
  readonly #memory: MemoryStore;
  readonly #shares = new WeakMap<StoreLimit, Map<number, StoreLimit>>();
  readonly #hits = new Map<string, LocalHits>();

  constructor(options: LocalFallbackOptions) {
    this.#options = options;
    const { clock, random } = options;
    this.#memory = new MemoryStore({ clock, random, listener: SILENT_LISTENER, maxKeys: MAX_KEYS, isClockKept: true });
  }

  answer(uses: readonly CounterUse[], failure: StoreFailure): TakeAnswer {
    const isDenied = uses.some((use) => isDecisive(use) && (use.limit.onStoreFailure === 'deny' || use.limit.limit === 0));
    const outcomes = uses.map((use) => (use.limit.onStoreFailure === 'local' && use.limit.limit > 0 ? undefined : blindOutcome(use)));
    const local = uses.filter((use, at) => outcomes[at] === undefined && !(isDenied && isDecisive(use)));
    const counted = local.length === 0 ? undefined : this.#count(local, isNotAsked(failure));
    const all = uses.map((use, at) => outcomes[at] ?? counted?.[local.indexOf(use)] ?? PASSED);
    return { isOver: uses.some((use, at) => !use.isShadow && all[at]?.isOver === true), outcomes: all, source: 'failure', failure };
  }

  /** For operators: what this worker would let pass of a counter, were the store away. */
  partOf(target: CounterTarget): { readonly hits: number; readonly workers: number } {
    const { limit, burst, algorithm } = this.#shareOf(target);
    return { hits: algorithm === 'bucket' ? Math.min(burst, limit * burst) : limit, workers: this.#options.rank().workers };
  }

  /** R805: what was let pass in windows that are still open and can be counted now; told once. */
  drain(isCountable: (use: CounterUse) => boolean): readonly LocalHits[] {
    const nowUs = this.#options.clock.nowUs();
    const told: LocalHits[] = [];
    for (const [name, hits] of this.#hits) {
      const isOpen = nowUs < fixedWindow(hits.use.limit, hits.atUs).endUs;
      if (isOpen && !isCountable(hits.use)) continue;
      this.#hits.delete(name);
      if (isOpen) told.push(hits);
    }
    return told;
  }

  close(): Promise<void> {
    return this.#memory.close();
  }

  #count(uses: readonly CounterUse[], isNoted: boolean): readonly UseOutcome[] {
    const answer = this.#memory.take(uses.map((use) => ({ ...use, limit: this.#shareOf(use) })));
    for (const [at, use] of uses.entries()) {
      const isTaken = use.kind !== 'take' || (isDecisive(use) ? !answer.isOver : answer.outcomes[at]?.isOver === false);
      if (isNoted && isTaken && use.hits > 0 && use.limit.algorithm === 'fixed') this.#note(use);
    }
    return answer.outcomes;
  }

  #note(use: CounterUse): void {
    const atUs = this.#options.clock.nowUs();
    const window = fixedWindow(use.limit, atUs);
    const name = `${use.key.text} ${window.startUs}`;
    const noted = this.#hits.get(name);
    if (noted !== undefined) noted.hits += use.hits;
    else if (this.#hits.size < MAX_KEYS) this.#hits.set(name, { use, atUs, hits: use.hits });
  }

  /** R803: as this worker's hits are to all hits, at least 1/(4M); of a counter that nobody knows, an M-th, so that all together have N. */
  #shareOf(use: CounterTarget): StoreLimit {
    const { workers, rank } = this.#options.rank();
    const seen = this.#options.seen(use);
    const size = use.limit.algorithm === 'bucket' ? use.limit.burst : use.limit.limit;
    if (seen === undefined || seen.total === 0) {
      // Small limits go to different workers for different keys.
      const place = (rank + use.key.a) % workers;
      return this.#scaled(use.limit, Math.floor(((place + 1) * size) / workers) - Math.floor((place * size) / workers));
    }
    return this.#scaled(use.limit, Math.floor(size * Math.max(seen.own / seen.total, 1 / (4 * workers))));
  }

  /** The same limit with so many hits; kept, since counting remembers things by the limit's identity. */
  #scaled(limit: StoreLimit, hits: number): StoreLimit {
    const scales = this.#shares.get(limit) ?? new Map<number, StoreLimit>();
    this.#shares.set(limit, scales);
    const known = scales.get(hits);
    if (known !== undefined) return known;
    if (scales.size >= SHARES_KEPT) scales.clear();
    const made = scaledLimit(limit, hits);
    scales.set(hits, made);
    return made;
  }
}

/** Redis may have counted what it did not answer in time: nothing is counted twice (R802). */
function isNotAsked(failure: StoreFailure): boolean {
  return failure !== 'timeout' && failure !== 'lost' && failure !== 'deadline';
}

const PASSED: UseOutcome = { isOver: false, remaining: 0, resetMs: 0, retryAfterMs: 0 };

/** Without counting: as the limit says. */
function blindOutcome(use: CounterUse): UseOutcome {
  if (use.limit.limit === 0) return blockedOutcome(use);
  const isOver = use.limit.onStoreFailure === 'deny' && use.kind !== 'debit';
  return isOver ? { isOver, remaining: 0, resetMs: DENIED_MS, retryAfterMs: DENIED_MS } : PASSED;
}

/** A bucket of a part of the size fills at a part of the speed: its period is longer. */
function scaledLimit(limit: StoreLimit, hits: number): StoreLimit {
  const id = `local ${limit.id}`;
  if (limit.algorithm !== 'bucket' || hits === 0) return { ...limit, id, limit: hits, burst: Math.max(1, hits) };
  const periodUs = Math.ceil((limit.periodUs * limit.burst) / hits / 10) * 10;
  const slower = { ...limit, id, burst: hits, periodUs };
  return limitProblem(slower) === undefined ? slower : { ...limit, id, burst: hits };
}
