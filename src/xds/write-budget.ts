// Bounds the bytes that all streams together have handed to the transport (T6, P13): each full push is copied there once per stream.
// Streams beyond the bound take turns. A stream that does not read stops counting after a while, so that it delays no other (X97).

export interface WriteBudgetOptions {
  /** Default 256 MiB. One message is let through at any size. */
  readonly maxBytes?: number;
  /** How long a message that is not written counts. Default 10 s. */
  readonly stuckMs?: number;
  readonly nowMs: () => number;
  /** Calls `run` after `ms`; see `XdsServerOptions.after`. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly onChange?: (bytes: number) => void;
}

interface Reservation {
  readonly bytes: number;
  readonly atMs: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const DEFAULT_STUCK_MS = 10_000;

export class WriteBudget {
  readonly #options: WriteBudgetOptions;
  /** In the order of their making. */
  readonly #reservations = new Set<Reservation>();
  #waiting: (() => void)[] = [];
  #total = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: WriteBudgetOptions) {
    this.#options = options;
  }

  /** Makes room for a message and gives the function that frees it; undefined if there is none. Then `retry` is called once there may be. */
  reserve(bytes: number, retry: () => void): (() => void) | undefined {
    if (this.#total > 0 && this.#total + bytes > (this.#options.maxBytes ?? DEFAULT_MAX_BYTES)) {
      this.#waiting.push(retry);
      this.#watchOldest();
      return undefined;
    }
    const reservation = { bytes, atMs: this.#options.nowMs() };
    this.#reservations.add(reservation);
    this.#add(bytes);
    return () => this.#free(reservation);
  }

  /** Stops its timer and forgets who waits. */
  close(): void {
    this.#cancelTimer?.();
    this.#waiting = [];
  }

  #free(reservation: Reservation): void {
    if (!this.#reservations.delete(reservation)) return;
    this.#add(-reservation.bytes);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const retry of waiting) retry();
  }

  #freeStuck(): void {
    this.#cancelTimer = undefined;
    for (const reservation of this.#reservations) {
      if (this.#options.nowMs() < this.#stuckAtMs(reservation)) break;
      this.#free(reservation);
    }
    if (this.#waiting.length > 0) this.#watchOldest();
  }

  #watchOldest(): void {
    const [oldest] = this.#reservations;
    if (oldest === undefined) return;
    const waitMs = Math.max(1, this.#stuckAtMs(oldest) - this.#options.nowMs());
    this.#cancelTimer ??= this.#options.after(waitMs, () => this.#freeStuck());
  }

  #stuckAtMs({ atMs }: Reservation): number {
    return atMs + (this.#options.stuckMs ?? DEFAULT_STUCK_MS);
  }

  #add(bytes: number): void {
    this.#total += bytes;
    this.#options.onChange?.(this.#total);
  }
}
