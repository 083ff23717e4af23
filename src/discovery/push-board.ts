// The lists of endpoints that were pushed, by gateway and service, each for as long as it holds. Knows no HTTP.
import type { Endpoint } from '../model/types.ts';
import type { ListSource, SourceListener } from './list-source.ts';
import type { Clock } from './ports.ts';

export interface PushedList {
  readonly endpoints: readonly Endpoint[];
  readonly pushedAtMs: number;
  /** When it is taken back by itself. */
  readonly untilMs?: number;
}

export interface PushBoard {
  put(key: PushKey, list: PushedList): void;
  get(key: PushKey): PushedList | undefined;
  /** Takes the list back: its endpoints drain, none is kept. False where there is none. */
  delete(key: PushKey): boolean;
  /** Follows the list of a service. */
  source(key: PushKey, listener: SourceListener): ListSource;
  all(): readonly (readonly [PushKey, PushedList])[];
}

export interface PushKey {
  readonly gateway: string;
  readonly service: string;
}

/** The longest that a timer of Node can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createPushBoard(clock: Pick<Clock, 'nowMs' | 'after'>): PushBoard {
  return new Board(clock);
}

interface Slot {
  readonly key: PushKey;
  readonly list: PushedList;
  cancel: () => void;
}

class Board implements PushBoard {
  readonly #clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly #slots = new Map<string, Slot>();
  readonly #listeners = new Map<string, Set<SourceListener>>();

  constructor(clock: Pick<Clock, 'nowMs' | 'after'>) {
    this.#clock = clock;
  }

  put(key: PushKey, list: PushedList): void {
    const id = idOf(key);
    this.#slots.get(id)?.cancel();
    const slot: Slot = { key, list, cancel: () => undefined };
    this.#slots.set(id, slot);
    this.#wait(slot);
    for (const listener of this.#listeners.get(id) ?? []) listener.answered(list.endpoints);
  }

  get(key: PushKey): PushedList | undefined {
    return this.#slots.get(idOf(key))?.list;
  }

  delete(key: PushKey): boolean {
    const id = idOf(key);
    const slot = this.#slots.get(id);
    if (slot === undefined) return false;
    slot.cancel();
    this.#slots.delete(id);
    for (const listener of this.#listeners.get(id) ?? []) listener.answered([], true);
    return true;
  }

  source(key: PushKey, listener: SourceListener): ListSource {
    const id = idOf(key);
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    // Before the first push there is nothing to wait for.
    listener.answered(this.get(key)?.endpoints ?? []);
    return {
      close: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(id);
      },
    };
  }

  all(): readonly (readonly [PushKey, PushedList])[] {
    return [...this.#slots.values()].map(({ key, list }) => [key, list] as const);
  }

  #wait(slot: Slot): void {
    const { untilMs } = slot.list;
    if (untilMs === undefined) return;
    const leftMs = untilMs - this.#clock.nowMs();
    if (leftMs <= 0) this.delete(slot.key);
    else slot.cancel = this.#clock.after(Math.min(leftMs, LONGEST_TIMER_MS), () => this.#wait(slot));
  }
}

function idOf({ gateway, service }: PushKey): string {
  return `${gateway}\0${service}`;
}
