// Which resources of a type a client runs for sure: it accepted some version of each, and was not told since that it is gone. Decides nothing.
import type { TypeView } from '../snapshot/types.ts';
import type { Plan } from './subscription.ts';
import { droppedFrom } from './views.ts';

export class RunningResources {
  /** As the client accepted them last, as a whole. */
  #view: TypeView | undefined;
  /** Of responses that were cut by size (X95) and accepted since: the rest of their view was not sent with them. */
  #parts: Set<string> | undefined;
  /** Those that responses sent since removed, answered or not: what comes back warms anew (D7). */
  #removed: Set<string> | undefined;

  sent({ view }: Plan): void {
    const gone = this.#view === undefined ? [] : [...(droppedFrom(this.#view, view)?.resources.keys() ?? [])];
    for (const name of [...gone, ...[...(this.#parts ?? [])].filter((part) => !view.resources.has(part))]) {
      this.#removed ??= new Set();
      this.#removed.add(name);
    }
  }

  accepted({ view, changed, hasMore }: Plan): void {
    if (!hasMore) {
      this.#view = view;
      this.#parts = undefined;
      this.#removed = undefined;
      return;
    }
    this.#parts ??= new Set();
    for (const name of changed) {
      this.#parts.add(name);
      this.#removed?.delete(name);
    }
  }

  has(name: string): boolean {
    return (this.#view?.resources.has(name) === true || this.#parts?.has(name) === true) && this.#removed?.has(name) !== true;
  }
}
