// R501, R502: uses of one fixed window that cost at most one hit, or always take, in one INCRBY. Pure: positions in arrival order decide.
import type { Window } from '../algorithms/fixed-window.ts';
import type { CounterUse } from '../store.ts';
import type { Pending, Verdict } from './pending.ts';

/** Whether a use can be counted so: then no script is needed. */
export function isPlain({ kind, hits, limit }: CounterUse): boolean {
  return limit.algorithm === 'fixed' && (kind !== 'take' || hits <= 1);
}

interface Part {
  readonly use: CounterUse;
  readonly pending: Pending;
  readonly place: number;
}

export class PlainCommand {
  readonly name: string;
  readonly window: Window;
  readonly #parts: Part[] = [];
  #sum = 0;

  constructor(name: string, window: Window) {
    this.name = name;
    this.window = window;
  }

  /** What is added. 0 where all only look. */
  get sum(): number {
    return this.#sum;
  }

  /** One of the uses; all are of one counter. */
  get target(): CounterUse | undefined {
    return this.#parts[0]?.use;
  }

  add(part: Part): void {
    this.#parts.push(part);
    this.#sum += part.use.hits;
  }

  /** Decides each part by what the counter stands at after all of them. Gives the hits that were denied, and the use that was, if any. */
  decide(after: number, nowUs: number): { readonly denied: number; readonly over: CounterUse | undefined } {
    let position = after - this.#sum;
    let denied = 0;
    let over: CounterUse | undefined;
    for (const { use, pending, place } of this.#parts) {
      position += use.hits;
      const isOver = isOverAt(use, position);
      const untilEndUs = Math.max(0, this.window.endUs - nowUs);
      const remaining = Math.max(0, use.limit.limit - position);
      if (isOver) over = use;
      if (isOver && use.kind === 'take') denied += use.hits;
      const verdict: Verdict = { isOver, remaining, resetUs: untilEndUs, retryUs: untilEndUs };
      pending.decided([place], [verdict], !isOver);
    }
    return { denied, over };
  }

  fail(failure: Parameters<Pending['fail']>[0]): void {
    for (const { pending } of this.#parts) pending.fail(failure);
  }
}

/** A check passes where one more hit would; `position` is where the counter stands with this use. */
function isOverAt({ kind, hits, limit }: CounterUse, position: number): boolean {
  if (kind === 'debit') return false;
  if (kind === 'count') return position > limit.limit;
  return position + (hits === 0 ? 1 : 0) > limit.limit;
}
