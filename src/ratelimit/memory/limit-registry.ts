// Numbers for the limits whose counters are kept, so that an entry needs four bytes to say whose it is. Limits come from the configuration:
// there are as many as were ever configured, not as many as there are keys.
import { createHash } from 'node:crypto';
import { CounterKey } from '../store/counter-key.ts';
import type { Algorithm, StoreLimit } from '../store.ts';

export interface RegisteredLimit {
  readonly id: string;
  readonly algorithm: Algorithm;
  /** As it was last counted by; undefined after a restart, until a request brings it. */
  readonly limit: StoreLimit | undefined;
  /** R602: of the counter that new keys share when memory is full. */
  readonly overflow: CounterKey;
}

export class LimitRegistry {
  readonly #numbers = new Map<string, number>();
  readonly #limits: RegisteredLimit[] = [];
  /** Requests of one limit often follow each other. */
  #last: StoreLimit | undefined;
  #lastNumber = 0;

  /** The number of a limit; a new one's where it was not known. */
  numberOf(limit: StoreLimit): number {
    if (limit === this.#last) return this.#lastNumber;
    this.#last = limit;
    this.#lastNumber = this.#find(limit);
    return this.#lastNumber;
  }

  #find(limit: StoreLimit): number {
    const known = this.#numbers.get(limit.id);
    if (known === undefined) return this.#add({ id: limit.id, algorithm: limit.algorithm, limit });
    const registered = this.#limits[known];
    if (registered !== undefined && registered.limit !== limit) this.#limits[known] = { ...registered, limit };
    return known;
  }

  /** The number of a limit of which only a snapshot tells. */
  restore(id: string, algorithm: Algorithm): number {
    return this.#numbers.get(id) ?? this.#add({ id, algorithm, limit: undefined });
  }

  at(number: number): RegisteredLimit | undefined {
    return this.#limits[number];
  }

  all(): readonly RegisteredLimit[] {
    return this.#limits;
  }

  #add(parts: Omit<RegisteredLimit, 'overflow'>): number {
    const overflow = new CounterKey(createHash('sha256').update('overflow\0').update(parts.id).digest());
    this.#numbers.set(parts.id, this.#limits.length);
    return this.#limits.push({ ...parts, overflow }) - 1;
  }
}
