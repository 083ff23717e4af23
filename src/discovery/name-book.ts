// The host names that are looked up for all services: each once, again when its answer has expired (D20). A failed lookup changes nothing.
import type { IpFamily } from '../model/discovery-source.ts';
import { reasonOf } from './list-source.ts';
import type { Clock, NameLookup } from './ports.ts';

export const TTL_MIN_MS = 1_000;
export const TTL_MAX_MS = 300_000;
/** After failures in a row: 1 s, 2 s, 4 s …, up to this. */
const RETRY_MAX_MS = 30_000;
const RETRY_MIN_MS = 1_000;
/** Share of a pause by which names are spread, so that many of them do not ask at once for ever. */
const JITTER = 0.1;

export interface NameState {
  /** The last answer, sorted, of this run or kept from an earlier one; undefined: none yet. */
  readonly ips?: readonly string[];
  /** When this run got its last answer. */
  readonly answeredAtMs?: number;
  /** Why the last lookup gave no answer. */
  readonly error?: string;
}

export interface FollowedName {
  state(): NameState;
  close(): void;
}

export interface NameListener {
  /** The addresses changed, or the first lookup ended. */
  changed(): void;
  failed(message: string): void;
}

export interface NameBook {
  follow(host: string, family: IpFamily, listener: NameListener): FollowedName;
  /** Answers of an earlier run, by `keyOf`, for names that are followed from now on. */
  restore(answers: ReadonlyMap<string, readonly string[]>): void;
  /** Last answers by `keyOf`, for the next run. */
  answers(): ReadonlyMap<string, readonly string[]>;
}

export interface NameBookOptions {
  readonly clock: Clock;
  readonly names: NameLookup;
}

/** Names a lookup. */
export function keyOf(host: string, family: IpFamily): string {
  return `${family} ${host}`;
}

export function createNameBook(options: NameBookOptions): NameBook {
  const book = new Map<string, Name>();
  let kept: ReadonlyMap<string, readonly string[]> = new Map();
  return {
    restore: (answers) => {
      kept = answers;
    },
    follow: (host, family, listener) => {
      const key = keyOf(host, family);
      const name = book.get(key) ?? new Name({ ...options, host, family, kept: kept.get(key) });
      book.set(key, name);
      name.listeners.add(listener);
      return {
        state: () => name.state,
        close: () => {
          name.listeners.delete(listener);
          if (name.listeners.size > 0) return;
          name.stop();
          book.delete(key);
        },
      };
    },
    answers: () => new Map([...book].flatMap(([key, { state }]) => (state.ips === undefined ? [] : [[key, state.ips] as const]))),
  };
}

interface NameOptions extends NameBookOptions {
  readonly host: string;
  readonly family: IpFamily;
  /** The last answer of an earlier run. */
  readonly kept: readonly string[] | undefined;
}

class Name {
  readonly listeners = new Set<NameListener>();
  state: NameState;
  readonly #options: NameOptions;
  #failures = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: NameOptions) {
    this.#options = options;
    this.state = options.kept === undefined ? {} : { ips: options.kept };
    void this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    const { names, host, family } = this.#options;
    try {
      const { ips, ttlMs } = await names.addresses(host, family);
      if (this.#isStopped) return;
      this.#answered([...new Set(ips)].sort());
      this.#again(Math.min(Math.max(ttlMs, TTL_MIN_MS), TTL_MAX_MS));
    } catch (error) {
      if (this.#isStopped) return;
      this.#failed(reasonOf(error));
      this.#again(Math.min(RETRY_MIN_MS * 2 ** Math.min(this.#failures - 1, 10), RETRY_MAX_MS));
    }
  }

  #answered(ips: readonly string[]): void {
    const isNews = this.state.answeredAtMs === undefined || this.state.ips?.join() !== ips.join();
    this.#failures = 0;
    this.state = { ips: isNews ? ips : (this.state.ips ?? ips), answeredAtMs: this.#options.clock.nowMs() };
    if (isNews) for (const listener of this.listeners) listener.changed();
  }

  #failed(error: string): void {
    this.#failures += 1;
    const isFirst = this.state.error === undefined && this.state.answeredAtMs === undefined;
    this.state = { ...this.state, error };
    for (const listener of this.listeners) {
      listener.failed(error);
      if (isFirst) listener.changed();
    }
  }

  #again(pauseMs: number): void {
    const { after, random } = this.#options.clock;
    this.#cancel = after(pauseMs * (1 + JITTER * random()), () => void this.#look());
  }
}
