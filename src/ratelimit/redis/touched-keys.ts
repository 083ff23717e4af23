// R504: fixed counters that this process has made sure live no longer than their window, and what it saw there. Bounded (P27).

const CAPACITY = 100_000;

export interface Touched {
  readonly untilUs: number;
  /** Hits that this process took, and those of all that it saw last. */
  own: number;
  total: number;
}

export class TouchedKeys {
  readonly #keys = new Map<string, Touched>();

  find(name: string): Touched | undefined {
    return this.#keys.get(name);
  }

  add(name: string, untilUs: number): Touched {
    const made = { untilUs, own: 0, total: 0 };
    this.#keys.set(name, made);
    if (this.#keys.size > CAPACITY) this.#keys.delete(this.#keys.keys().next().value ?? '');
    return made;
  }

  forget(name: string): void {
    this.#keys.delete(name);
  }

  clear(): void {
    this.#keys.clear();
  }
}
