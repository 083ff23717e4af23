// R501, R502: uses of one fixed window that cost at most one hit, or always take, in one INCRBY. Pure: positions in arrival order decide.
import { milliseconds } from '../algorithms/decide.ts';
import type { Window } from '../algorithms/fixed-window.ts';
import type { CounterUse } from '../store.ts';
import type { Pending } from './pending.ts';

/** Whether a use can be counted so: then no script is needed. */
export function isPlain({ kind, hits, limit }: CounterUse): boolean {
  return limit.algorithm === 'fixed' && (kind !== 'take' || hits <= 1);
}

/** One counter in one window. */
export class PlainCounter {
  readonly name: string;
  readonly window: Window;
  /** This process has given it an end. */
  isTouched = false;
  /** Hits that this process took, and those of all that it saw last. */
  own = 0;
  total = 0;
  /** What is asked in this turn of the event loop. */
  command: PlainCommand | undefined;

  constructor(name: string, window: Window) {
    this.name = name;
    this.window = window;
  }
}

interface Part {
  readonly use: CounterUse;
  readonly pending: Pending;
  readonly place: number;
}

export class PlainCommand {
  readonly counter: PlainCounter;
  readonly #first: Part;
  /** Most commands have one part. */
  #others: Part[] | undefined;
  #sum: number;
  /** The counter is given an end in the same batch. */
  isFirst = false;

  constructor(counter: PlainCounter, first: Part) {
    this.counter = counter;
    this.#first = first;
    this.#sum = first.use.hits;
  }

  /** What is added. 0 where all only look. */
  get sum(): number {
    return this.#sum;
  }

  /** One of the uses; all are of one counter. */
  get target(): CounterUse {
    return this.#first.use;
  }

  add(part: Part): void {
    if (this.#others === undefined) this.#others = [part];
    else this.#others.push(part);
    this.#sum += part.use.hits;
  }

  /** Decides each part by what the counter stands at after all of them. Gives the hits that were denied, and the use that was, if any. */
  decide(after: number, nowUs: number): { readonly denied: number; readonly over: CounterUse | undefined } {
    const deciding = new Deciding(after - this.#sum, milliseconds(Math.max(0, this.counter.window.endUs - nowUs)));
    deciding.decide(this.#first);
    if (this.#others !== undefined) for (const part of this.#others) deciding.decide(part);
    return deciding;
  }

  fail(failure: Parameters<Pending['fail']>[0]): void {
    this.#first.pending.fail(failure);
    if (this.#others !== undefined) for (const { pending } of this.#others) pending.fail(failure);
  }
}

class Deciding {
  /** Where the counter stands with the uses so far. */
  #position: number;
  readonly #untilEndMs: number;
  denied = 0;
  over: CounterUse | undefined;

  constructor(position: number, untilEndMs: number) {
    this.#position = position;
    this.#untilEndMs = untilEndMs;
  }

  decide({ use, pending, place }: Part): void {
    this.#position += use.hits;
    const isOver = isOverAt(use, this.#position);
    if (isOver) this.over = use;
    if (isOver && use.kind === 'take') this.denied += use.hits;
    const remaining = isOver ? 0 : Math.max(0, use.limit.limit - this.#position);
    // More hits at once than N pass in no window.
    const resetMs = isOver && use.hits > use.limit.limit ? Number.POSITIVE_INFINITY : this.#untilEndMs;
    pending.decidedOne(place, { isOver, remaining, resetMs, retryAfterMs: isOver ? resetMs : 0 });
  }
}

/** A check passes where one more hit would; `position` is where the counter stands with this use. */
function isOverAt({ kind, hits, limit }: CounterUse, position: number): boolean {
  if (kind === 'debit') return false;
  if (kind === 'count') return position > limit.limit;
  return position + (hits === 0 ? 1 : 0) > limit.limit;
}
