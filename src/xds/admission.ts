// Lets many clients that come at once in by turns (T9, P14, D26), so that those that are connected starve neither of time nor of memory. A
// client that waits keeps its stream open; the order is that of coming.
import { Alarm, type AlarmClock } from './alarm.ts';

export interface AdmissionOptions extends AlarmClock {
  /** New streams that are read from within a second; more wait unread. Default 1,000. */
  readonly streamsPerSecond?: number;
  /** Full first pushes at once. Default 32. */
  readonly firstPushes?: number;
  /** A first push without progress for so long gives its place to another; its stream goes on. Default 10 s. */
  readonly stuckMs?: number;
  /** Responses up to this size need no place. Default 64 KiB. */
  readonly smallBytes?: number;
}

/** One of the places for first pushes. */
export interface Place {
  /** Something was written or answered. */
  progressed(): void;
  /** Idempotent. */
  free(): void;
}

interface Taken {
  progressedAtMs: number;
}

const DEFAULT_STREAMS_PER_SECOND = 1_000;
const DEFAULT_FIRST_PUSHES = 32;
const DEFAULT_STUCK_MS = 10_000;
const DEFAULT_SMALL_BYTES = 64 * 1024;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #perSecond: number;
  readonly #places: number;
  /** Streams that may be read from at once. */
  #tokens: number;
  #tokensAtMs: number;
  /** In the order of coming. */
  readonly #entering = new Set<{ readonly start: () => void }>();
  readonly #entry: Alarm;
  readonly #taken = new Set<Taken>();
  /** Who waits for a place, in the order of coming. */
  readonly #waiting = new Map<object, () => void>();
  readonly #stuck: Alarm;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#perSecond = options.streamsPerSecond ?? DEFAULT_STREAMS_PER_SECOND;
    this.#places = options.firstPushes ?? DEFAULT_FIRST_PUSHES;
    this.#tokens = this.#perSecond;
    this.#tokensAtMs = options.nowMs();
    this.#entry = new Alarm(options, () => this.#letIn());
    this.#stuck = new Alarm(options, () => this.#freeStuck());
  }

  /** Calls `start` when the stream may be read from: now, or in its turn. Gives what gives the turn up. */
  enter(start: () => void): () => void {
    const entry = { start };
    this.#entering.add(entry);
    this.#letIn();
    return () => void this.#entering.delete(entry);
  }

  isSmall(bytes: number): boolean {
    return bytes <= (this.#options.smallBytes ?? DEFAULT_SMALL_BYTES);
  }

  /** A place for the first push of `stream`; undefined if all are taken: then `retry` is called when there is one for it. */
  place(stream: object, retry: () => void): Place | undefined {
    const isTurn = this.#next().includes(stream) || this.#waiting.size < this.#free();
    if (!isTurn) {
      if (!this.#waiting.has(stream)) this.#waiting.set(stream, retry);
      this.#watch();
      return undefined;
    }
    this.#waiting.delete(stream);
    const taken = { progressedAtMs: this.#options.nowMs() };
    this.#taken.add(taken);
    return {
      progressed: () => {
        taken.progressedAtMs = this.#options.nowMs();
      },
      free: () => this.#giveBack(taken),
    };
  }

  /** The stream wants no place any more. */
  forget(stream: object): void {
    if (this.#waiting.delete(stream)) this.#callNext();
  }

  /** Stops its timers and forgets who waits. */
  close(): void {
    this.#entry.cancel();
    this.#stuck.cancel();
    this.#entering.clear();
    this.#waiting.clear();
  }

  #letIn(): void {
    const nowMs = this.#options.nowMs();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((nowMs - this.#tokensAtMs) / 1_000) * this.#perSecond);
    this.#tokensAtMs = nowMs;
    for (const entry of this.#entering) {
      if (this.#tokens < 1) {
        this.#entry.set(nowMs + 1_000 / this.#perSecond);
        return;
      }
      this.#tokens -= 1;
      this.#entering.delete(entry);
      entry.start();
    }
  }

  #free(): number {
    return this.#places - this.#taken.size;
  }

  /** Those that wait and for whom there is a place. */
  #next(): readonly object[] {
    const next: object[] = [];
    for (const stream of this.#waiting.keys()) {
      if (next.length >= this.#free()) break;
      next.push(stream);
    }
    return next;
  }

  #callNext(): void {
    for (const stream of this.#next()) this.#waiting.get(stream)?.();
  }

  #giveBack(taken: Taken): void {
    if (this.#taken.delete(taken)) this.#callNext();
  }

  #freeStuck(): void {
    const nowMs = this.#options.nowMs();
    for (const taken of this.#taken) if (nowMs >= this.#stuckAtMs(taken)) this.#giveBack(taken);
    this.#watch();
  }

  #watch(): void {
    if (this.#waiting.size === 0 || this.#taken.size === 0) return;
    this.#stuck.set(Math.min(...[...this.#taken].map((taken) => this.#stuckAtMs(taken))));
  }

  #stuckAtMs({ progressedAtMs }: Taken): number {
    return progressedAtMs + (this.#options.stuckMs ?? DEFAULT_STUCK_MS);
  }
}
