// Who waits for a companion that has not come yet. Knows no streams; what nobody waits for any more is not remembered.
import type { CompanionKey } from '../delivery/companion-book.ts';
import { takesLonger } from '../lib/takes-longer.ts';

type Kind = Pick<CompanionKey, 'gateway' | 'role'>;

export class CompanionArrivals {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** How many wait. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, all) => sum + all.size, 0);
  }

  /** Resolves when the next companion of the gateway and role comes, or after `ms`. */
  async next(kind: Kind, ms: number): Promise<void> {
    const key = keyOf(kind);
    const all = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, all);
    let arrive = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    all.add(arrive);
    await takesLonger(arrival, ms);
    all.delete(arrive);
    if (all.size === 0) this.#waiting.delete(key);
  }

  came(kind: Kind): void {
    for (const arrive of this.#waiting.get(keyOf(kind)) ?? []) arrive();
  }
}

function keyOf({ gateway, role }: Kind): string {
  return `${role} ${gateway}`;
}
