// The store within one process (R601-R603): the default for one instance, and what answers while Redis does not (R803). Every answer is at hand at once.
import { availableIn, type CounterState, currentState, emptyUsOf, givenTo, readingOf } from '../algorithms/counter.ts';
import { decide, decideOne } from '../algorithms/decide.ts';
import { FixedWindows } from '../algorithms/fixed-window.ts';
import { claimed, GRACE_MS, type Holding } from '../algorithms/ledger.ts';
import type { CacheCounts } from '../cache-counts.ts';
import type { CounterKey } from '../store/counter-key.ts';
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import type {
  CounterPlace,
  CounterReading,
  CounterStore,
  CounterTarget,
  CounterUse,
  LedgerAnswer,
  LedgerClaim,
  StoreReadiness,
  TakeAnswer,
} from '../store.ts';
import { CounterTable } from './counter-table.ts';
import { LimitRegistry } from './limit-registry.ts';

/** Entries that one request, or one turn of the timer, looks at: well under a millisecond (R601). */
const SLICE = 16;
const TIMER_SLICE = 1_000;
const SWEEP_MS = 1_000;
const SAMPLES = 16;
/** Limits that may have an overflow counter at once. */
const MAX_OVERFLOWS = 10_000;
/** 64 MB of times in exact sliding windows. */
const MAX_LOGGED_TIMES = 8_000_000;

export interface MemoryStoreOptions {
  readonly clock: StoreClock;
  readonly listener: StoreListener;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Default 1,000,000. */
  readonly maxKeys?: number;
  /** Somebody else keeps the clock right. Default false: it follows the machine's where that jumps. */
  readonly isClockKept?: boolean;
}

/** Where a use's counter is, or is to be. */
interface Place {
  readonly table: CounterTable;
  readonly entry: number;
  readonly target: CounterTarget;
}

export class MemoryStore implements CounterStore {
  readonly #clock: StoreClock;
  readonly #listener: StoreListener;
  readonly #random: () => number;
  readonly #isClockKept: boolean;
  readonly #windows = new FixedWindows();
  readonly #limits = new LimitRegistry();
  readonly #table: CounterTable;
  readonly #overflow: CounterTable;
  readonly #ledgers = new Map<string, readonly Holding[]>();
  readonly #sweeper: NodeJS.Timeout;
  #sweep: NodeJS.Immediate | undefined;

  constructor({ clock, listener, random, maxKeys = 1_000_000, isClockKept = false }: MemoryStoreOptions) {
    this.#clock = clock;
    this.#listener = listener;
    this.#random = random;
    this.#isClockKept = isClockKept;
    this.#table = new CounterTable(maxKeys, this.#limits, clock.nowUs());
    this.#overflow = new CounterTable(MAX_OVERFLOWS, this.#limits, clock.nowUs());
    this.#sweeper = setInterval(() => this.#expireAll(), SWEEP_MS).unref();
  }

  /** The entries and the names of their limits, for a snapshot. */
  get contents(): { readonly table: CounterTable; readonly limits: LimitRegistry } {
    return { table: this.#table, limits: this.#limits };
  }

  /** R603: puts a counter back of which a snapshot tells; `limit` is its number in the registry. One that is known stays as it is. */
  restore(key: CounterKey, limit: number, state: CounterState): void {
    if (this.#table.isFull || this.#table.find(key) >= 0) return;
    this.#table.add(key, { limit, state, endUs: this.#clock.nowUs() });
  }

  take(uses: readonly CounterUse[]): TakeAnswer {
    const nowUs = this.#clock.nowUs();
    this.#expire(nowUs, SLICE);
    const [only] = uses;
    if (uses.length === 1 && only !== undefined) return this.#takeOne(only, nowUs);
    const places = uses.map((use) => this.#placeOf(use, nowUs));
    const kept = places.map((place) => read(place));
    const { isOver, outcomes, states } = decide(uses, kept, { nowUs, windows: this.#windows });
    for (const [at, state] of states.entries()) {
      const place = places[at];
      if (state !== undefined && place !== undefined) this.#keep(place, state, nowUs);
    }
    return { isOver, outcomes, source: 'store' };
  }

  #takeOne(use: CounterUse, nowUs: number): TakeAnswer {
    const place = this.#placeOf(use, nowUs);
    const { outcome, state } = decideOne(use, read(place), { nowUs, windows: this.#windows });
    if (state !== undefined) this.#keep(place, state, nowUs);
    return { isOver: outcome.isOver && !use.isShadow, outcomes: [outcome], source: 'store' };
  }

  give(uses: readonly (CounterTarget & { readonly hits: number })[]): void {
    for (const use of uses) this.#giveTo(use, { hits: use.hits, isGrant: false });
  }

  async read(target: CounterTarget): Promise<CounterReading> {
    const nowUs = this.#clock.nowUs();
    if (target.limit.limit === 0) return { used: 0, remaining: 0, resetMs: 0 };
    return readingOf(target.limit, this.#stateOf(this.#known(target), nowUs), nowUs);
  }

  placeOf({ limit, key }: CounterTarget): CounterPlace {
    return { name: `memory:${key.text}`, localPart: { hits: limit.algorithm === 'bucket' ? limit.burst : limit.limit, workers: 1 } };
  }

  async reset(target: CounterTarget): Promise<void> {
    const { table, entry } = this.#known(target);
    if (entry >= 0) table.remove(entry);
  }

  async grant(target: CounterTarget, hits: number): Promise<void> {
    this.#giveTo(target, { hits, isGrant: true });
  }

  /** It is alone: who made the change tells its own. */
  async announce(): Promise<void> {
    return undefined;
  }

  async ledger(claim: LedgerClaim): Promise<LedgerAnswer> {
    const { holdings, answer } = claimed(this.#ledgers.get(claim.key.text) ?? [], claim, Math.floor(this.#clock.nowUs() / 1000));
    if (holdings.length === 0) this.#ledgers.delete(claim.key.text);
    else this.#ledgers.set(claim.key.text, holdings);
    return answer;
  }

  /** R603: it is alone. */
  async heartbeat(): Promise<number> {
    return 1;
  }

  /** Nothing is remembered of denials: the counters are at hand. */
  tableChanged(): void {
    return undefined;
  }

  /** Its counters are no cache: what leaves is lost (R602), and told as `evicted`. */
  caches(): readonly CacheCounts[] {
    return [];
  }

  readiness(): StoreReadiness {
    return { isReady: true };
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    clearImmediate(this.#sweep);
  }

  #giveTo(target: CounterTarget, gift: { readonly hits: number; readonly isGrant: boolean }): void {
    if (target.limit.limit === 0) return;
    const nowUs = this.#clock.nowUs();
    const place = gift.isGrant ? this.#placeOf(target, nowUs) : this.#known(target);
    if (place.entry < 0 && !gift.isGrant) return;
    this.#keep(place, givenTo(target.limit, this.#stateOf(place, nowUs), gift), nowUs);
  }

  #stateOf(place: Place, nowUs: number): CounterState {
    return currentState(place.target.limit, read(place), { nowUs, windows: this.#windows });
  }

  #known(target: CounterTarget): Place {
    return { table: this.#table, entry: this.#table.find(target.key), target };
  }

  /** R602: where the counter is or can be made; where nothing can go, the counter that its limit's late keys share. */
  #placeOf(target: CounterTarget, nowUs: number): Place {
    const known = this.#known(target);
    if (known.entry >= 0 || target.limit.limit === 0 || this.#hasRoom(target, nowUs)) return known;
    this.#listener.overflowed();
    const key = this.#limits.at(this.#limits.numberOf(target.limit))?.overflow ?? target.key;
    return { table: this.#overflow, entry: this.#overflow.find(key), target: { limit: target.limit, key } };
  }

  #hasRoom({ limit }: CounterTarget, nowUs: number): boolean {
    if (limit.algorithm === 'slidingExact' && this.#table.logged >= MAX_LOGGED_TIMES) return false;
    return !this.#table.isFull || this.#evictOne(nowUs);
  }

  #evictOne(nowUs: number): boolean {
    let least = 0.5;
    let victim = -1;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const entry = Math.floor(this.#random() * this.#table.made);
      const share = this.#table.isHeld(entry) ? this.#usedShare(entry, nowUs) : 1;
      if (share > least) continue;
      least = share;
      victim = entry;
    }
    if (victim < 0) return false;
    this.#table.remove(victim);
    this.#listener.evicted();
    return true;
  }

  /** Of what its limit allows; of a limit that is not known again yet, all. */
  #usedShare(entry: number, nowUs: number): number {
    const limit = this.#limits.at(this.#table.limitNumberOf(entry))?.limit;
    if (limit === undefined || limit.limit === 0) return 1;
    const state = currentState(limit, this.#table.read(entry), { nowUs, windows: this.#windows });
    return 1 - availableIn(limit, state, nowUs) / (limit.algorithm === 'bucket' ? limit.burst : limit.limit);
  }

  /** The key is looked up again: another one of the same request may have taken the last room, or this one's. */
  #keep({ table, target }: Place, state: CounterState, nowUs: number): void {
    const limit = this.#limits.numberOf(target.limit);
    const entry = table.find(target.key);
    if (entry >= 0) table.write(entry, state);
    else if (!table.isFull || (table === this.#table && this.#evictOne(nowUs))) {
      table.add(target.key, { limit, state, endUs: nowUs + emptyUsOf(target.limit, state, nowUs) });
    }
  }

  #expire(nowUs: number, atMost: number): boolean {
    const isDone = this.#table.expire(nowUs, atMost, (entry) => this.#endUs(this.#table, entry, nowUs));
    return this.#overflow.expire(nowUs, atMost, (entry) => this.#endUs(this.#overflow, entry, nowUs)) && isDone;
  }

  /** A limit that is not known again yet may come back within the hour. */
  #endUs(table: CounterTable, entry: number, nowUs: number): number {
    const limit = this.#limits.at(table.limitNumberOf(entry))?.limit;
    const state = table.read(entry);
    if (state.algorithm === 'fixed') return state.endUs;
    if (limit === undefined || limit.limit === 0) return nowUs + 3_600_000_000;
    return nowUs + emptyUsOf(limit, currentState(limit, state, { nowUs, windows: this.#windows }), nowUs);
  }

  /** Between slices, other work has its turn. */
  #expireAll(): void {
    if (!this.#isClockKept) this.#clock.followWall();
    if (!this.#expire(this.#clock.nowUs(), TIMER_SLICE)) {
      clearImmediate(this.#sweep);
      this.#sweep = setImmediate(() => this.#expireAll());
      return;
    }
    this.#listener.keys(this.#table.count);
    const nowMs = Math.floor(this.#clock.nowUs() / 1000);
    for (const [key, holdings] of this.#ledgers) {
      if (holdings.every(({ untilMs }) => nowMs >= untilMs + GRACE_MS)) this.#ledgers.delete(key);
    }
  }
}

function read({ table, entry }: Place): CounterState | undefined {
  return entry < 0 ? undefined : table.read(entry);
}
