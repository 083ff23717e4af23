// R504: fixed windows' counters that this process has counted in: their names, whether they are sure to live no longer than their window, and what
// was seen there. Bounded (P27).
import { BoundedMap } from '../../lib/bounded-map.ts';
import type { Window } from '../algorithms/fixed-window.ts';
import type { CacheCounts } from '../cache-counts.ts';
import type { CounterTarget } from '../store.ts';
import { mapCounts } from './map-counts.ts';
import { PlainCounter } from './plain-command.ts';
import { counterName } from './store-keys.ts';

const CAPACITY = 100_000;

export class PlainCounters {
  readonly #prefix: string;
  /** By the text of the key: of each, the window that was asked for last. */
  readonly #counters = new BoundedMap<string, PlainCounter>(CAPACITY);
  readonly #counts = mapCounts('ratelimit_counters', this.#counters);

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get counts(): CacheCounts {
    return this.#counts;
  }

  /** Undefined where this process knows nothing of it. */
  find(target: CounterTarget, window: Window): PlainCounter | undefined {
    const found = this.#counters.get(keyOf(target));
    return found?.window.startUs === window.startUs ? found : undefined;
  }

  /** The same one for all that ask in a turn. */
  at(target: CounterTarget, window: Window): PlainCounter {
    const known = this.find(target, window);
    if (known !== undefined) return known;
    const made = new PlainCounter(counterName(this.#prefix, target, window), window);
    this.#counters.set(keyOf(target), made);
    return made;
  }

  /** Somebody let hits pass of it: where it begins anew with the next one it was not lost. Not told of counters with a slot of their own. */
  changed(hash: string): void {
    const counter = this.#counters.get(hash);
    if (counter !== undefined) counter.total = 0;
  }

  /** One was set back by an operator: whose its hits were says nothing any more (R803). */
  forget(key: string): void {
    this.#counters.delete(key);
  }

  /** What was seen says nothing any more (R806). */
  clear(): void {
    this.#counters.clear();
  }
}

/** Counters with a slot of their own (R406) are named by both. */
function keyOf({ key, slot }: CounterTarget): string {
  return slot === undefined ? key.text : `${slot.text}${key.text}`;
}
