// When entries may be forgotten: a hierarchical wheel of ticks over linked lists in typed arrays (R601). It only orders; who asks it decides about
// each entry whether it goes or is put in again, so that a counter which is used need not be moved.

const SLOTS = 64;
const BITS = 6;
const LEVELS = 4;

export class TimeWheel {
  /** Circular lists: after the entries come one sentinel for each slot of each level, and one for what is due. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #sentinels: number;
  readonly #due: number;
  #tick: number;

  constructor(capacity: number, tick: number) {
    this.#sentinels = capacity;
    this.#due = capacity + SLOTS * LEVELS;
    this.#next = new Int32Array(this.#due + 1);
    this.#previous = new Int32Array(this.#due + 1);
    for (let at = capacity; at <= this.#due; at += 1) this.#link(at, at);
    this.#tick = tick;
  }

  /** Puts in an entry that is in no list. One that is due already comes at the next tick; one very far comes early and is put in again. */
  add(entry: number, tick: number): void {
    const wait = Math.min(Math.max(1, tick - this.#tick), SLOTS ** LEVELS - 1);
    let level = 0;
    while (wait >= SLOTS ** (level + 1)) level += 1;
    const slot = Math.floor((this.#tick + wait) / SLOTS ** level) & (SLOTS - 1);
    this.#insert(entry, this.#sentinels + level * SLOTS + slot);
  }

  /** Takes an entry out, wherever it is. */
  remove(entry: number): void {
    this.#link(this.#previous[entry] ?? 0, this.#next[entry] ?? 0);
  }

  /** Moves the hand; what it passes becomes due. Costs a little for each tick and nothing for each entry. */
  advance(tick: number): void {
    while (this.#tick < tick) {
      this.#tick += 1;
      for (let level = 0; level < LEVELS; level += 1) {
        this.#becomesDue(this.#sentinels + level * SLOTS + (Math.floor(this.#tick / SLOTS ** level) & (SLOTS - 1)));
        // An outer ring turns on when the inner one has gone round.
        if (this.#tick % 2 ** (BITS * (level + 1)) !== 0) break;
      }
    }
  }

  /** An entry that is due, taken out; -1 when there is none. */
  takeDue(): number {
    const entry = this.#next[this.#due] ?? this.#due;
    if (entry === this.#due) return -1;
    this.remove(entry);
    return entry;
  }

  #becomesDue(sentinel: number): void {
    const first = this.#next[sentinel] ?? sentinel;
    if (first === sentinel) return;
    const last = this.#previous[sentinel] ?? sentinel;
    this.#link(sentinel, sentinel);
    this.#link(this.#previous[this.#due] ?? this.#due, first);
    this.#link(last, this.#due);
  }

  #insert(entry: number, sentinel: number): void {
    const last = this.#previous[sentinel] ?? sentinel;
    this.#link(last, entry);
    this.#link(entry, sentinel);
  }

  #link(a: number, b: number): void {
    this.#next[a] = b;
    this.#previous[b] = a;
  }
}
