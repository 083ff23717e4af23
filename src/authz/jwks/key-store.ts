// The keys of all remote providers of a process: fetched in the background, kept while an issuer is away, given to whoever verifies (J4-J8). Tokens
// never wait for it but for 100 ms when they name a key that nobody has seen.
import { isDeepStrictEqual } from 'node:util';
import type { FetchKeySet, FetchOutcome } from './fetch-key-set.ts';
import type { KeyParcel } from './key-parcel.ts';
import { keySetId } from './key-set-id.ts';
import type { KeyOwner } from './key-source.ts';
import { type RemoteKeySettings, type StoredKeys, storedAfter } from './stored-keys.ts';

export interface KeyStoreOptions {
  readonly fetch: FetchKeySet;
  readonly dev: boolean;
  readonly nowMs: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Calls `run` after `ms` and gives what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** The keys of one provider changed, came, or may not be used any more. */
  readonly onChange: (parcel: KeyParcel) => void;
  /** Told of each fetch. */
  readonly onFetched: (owner: KeyOwner, outcome: FetchOutcome) => void;
}

export interface ProviderKeys {
  readonly owner: KeyOwner;
  readonly state: 'fresh' | 'stale' | 'unavailable';
  /** Absent: never. */
  readonly fetchedAtMs?: number;
  readonly text?: string;
}

/** The answer to a key that nobody has seen. */
export interface WantedAnswer {
  /** The issuer was heard, and the keys of now say what it has; false: nobody can tell now. */
  readonly isKnown: boolean;
  /** No other key is looked for before (J6). Epoch milliseconds. */
  readonly quietUntilMs: number;
}

const WANTED_WAIT_MS = 100;
const COOLDOWN_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

interface Entry {
  readonly id: string;
  owner: KeyOwner;
  settings: RemoteKeySettings;
  stored: StoredKeys | undefined;
  /** The one that runs (J7). */
  running: Promise<void> | undefined;
  failures: number;
  quietUntilMs: number;
  readonly tried: Promise<void>;
  readonly onTried: () => void;
  cancelNext: () => void;
  cancelDrop: () => void;
  isWatched: boolean;
}

export class KeyStore {
  readonly #options: KeyStoreOptions;
  readonly #entries = new Map<string, Entry>();
  #generations = 0;

  constructor(options: KeyStoreOptions) {
    this.#options = options;
  }

  /** Keeps the keys of these providers fresh; others are forgotten. Those whose keys are not remote are passed over. */
  watch(owners: readonly KeyOwner[]): void {
    const wanted = sourcesOf(owners);
    for (const entry of this.#entries.values()) {
      if (wanted.has(entry.id)) continue;
      this.#forget(entry);
      // Nobody keeps them fresh any more: a mirror must not have them for ever (J5).
      if (entry.stored !== undefined) this.#drop(entry);
    }
    for (const [id, { owner, settings }] of wanted) {
      const entry = this.#entries.get(id);
      if (entry === undefined) this.#begin(id, owner, settings);
      else this.#follow(entry, owner, settings);
    }
  }

  /** Resolves when each watched provider was tried once. */
  async tried(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ tried }) => tried));
  }

  parcels(): readonly KeyParcel[] {
    return [...this.#entries.values()].map(parcelOf);
  }

  providers(): readonly ProviderKeys[] {
    return [...this.#entries.values()].map((entry) => this.#told(entry));
  }

  /** Undefined: not watched. */
  provider(owner: KeyOwner): ProviderKeys | undefined {
    const entry = this.#entries.get(keySetId(owner));
    return entry === undefined ? undefined : this.#told(entry);
  }

  /** At most one fetch for each provider and 30 s, failed ones too; waits at most 100 ms (J6). */
  async wanted(owner: KeyOwner): Promise<WantedAnswer> {
    const entry = this.#entries.get(keySetId(owner));
    const { nowMs } = this.#options;
    if (entry === undefined) return { isKnown: false, quietUntilMs: nowMs() };
    if (entry.running === undefined && nowMs() >= entry.quietUntilMs) {
      entry.quietUntilMs = nowMs() + COOLDOWN_MS;
      this.#fetch(entry);
    }
    if (entry.running !== undefined) await this.#within(entry.running);
    // An issuer that failed last may have that key: an outage is never the caller's fault (G5).
    const isKnown = entry.running === undefined && entry.failures === 0 && this.#isFresh(entry);
    return { isKnown, quietUntilMs: entry.quietUntilMs };
  }

  stop(): void {
    for (const entry of this.#entries.values()) this.#forget(entry);
  }

  #begin(id: string, owner: KeyOwner, settings: RemoteKeySettings): void {
    let onTried = (): void => {};
    const tried = new Promise<void>((resolve) => {
      onTried = resolve;
    });
    const nothing = (): void => {};
    const entry: Entry = {
      id,
      owner,
      settings,
      stored: undefined,
      running: undefined,
      failures: 0,
      quietUntilMs: 0,
      tried,
      onTried,
      cancelNext: nothing,
      cancelDrop: nothing,
      isWatched: true,
    };
    this.#entries.set(id, entry);
    this.#fetch(entry);
  }

  /** Another patience or freshness is no other key set: what is known is used on, and looked at anew. */
  #follow(entry: Entry, owner: KeyOwner, settings: RemoteKeySettings): void {
    if (isDeepStrictEqual(entry.settings, settings)) return;
    entry.owner = owner;
    entry.settings = settings;
    if (entry.stored !== undefined) {
      const { fetchedAtMs, freshForMs } = entry.stored;
      entry.stored = { ...entry.stored, freshForMs: Math.min(freshForMs, settings.cacheForMs) };
      this.#dropAt(entry, fetchedAtMs + entry.stored.freshForMs + settings.serveStaleForMs);
    }
    this.#fetch(entry);
  }

  #forget(entry: Entry): void {
    entry.isWatched = false;
    entry.cancelNext();
    entry.cancelDrop();
    entry.onTried();
    this.#entries.delete(entry.id);
  }

  #fetch(entry: Entry): void {
    entry.cancelNext();
    const { fetch, dev } = this.#options;
    entry.running ??= fetch(entry.owner, { etag: entry.stored?.etag, dev }).then((outcome) => {
      entry.running = undefined;
      // Nobody asks any more: a late answer changes nothing.
      if (entry.isWatched) this.#take(entry, outcome);
    });
  }

  #take(entry: Entry, outcome: FetchOutcome): void {
    const { nowMs, after, random, onFetched, onChange } = this.#options;
    onFetched(entry.owner, outcome);
    const { cacheForMs, serveStaleForMs } = entry.settings;
    const next = storedAfter(entry.stored, outcome, { nowMs: nowMs(), cacheForMs, newGeneration: () => (this.#generations += 1) });
    const jitter = 0.9 + random() * 0.2;
    if (next === undefined) {
      entry.failures += 1;
      const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (entry.failures - 1)) * jitter;
      entry.cancelNext = after(pauseMs, () => this.#fetch(entry));
    } else {
      entry.failures = 0;
      entry.stored = next;
      entry.cancelNext = after(next.freshForMs * 0.8 * jitter, () => this.#fetch(entry));
      this.#dropAt(entry, next.fetchedAtMs + next.freshForMs + serveStaleForMs);
      onChange(parcelOf(entry));
    }
    entry.onTried();
  }

  #dropAt(entry: Entry, atMs: number): void {
    const { nowMs, after } = this.#options;
    entry.cancelDrop();
    entry.cancelDrop = after(Math.max(0, atMs - nowMs()), () => this.#drop(entry));
  }

  /** Too old to be believed (J5). */
  #drop(entry: Entry): void {
    entry.stored = undefined;
    this.#options.onChange(parcelOf(entry));
  }

  #isFresh({ stored }: Entry): boolean {
    return stored !== undefined && this.#options.nowMs() < stored.fetchedAtMs + stored.freshForMs;
  }

  #told(entry: Entry): ProviderKeys {
    const { owner, stored } = entry;
    if (stored === undefined) return { owner, state: 'unavailable' };
    return { owner, state: this.#isFresh(entry) ? 'fresh' : 'stale', fetchedAtMs: stored.fetchedAtMs, text: stored.text };
  }

  async #within(running: Promise<void>): Promise<void> {
    let cancel = (): void => {};
    const timeUp = new Promise<void>((resolve) => {
      cancel = this.#options.after(WANTED_WAIT_MS, resolve);
    });
    await Promise.race([running, timeUp]);
    cancel();
  }
}

interface KeySetSource {
  readonly owner: KeyOwner;
  readonly settings: RemoteKeySettings;
}

/** Two that name one key set are one source, which is asked as often as either wants, and believed no longer than both allow. */
function sourcesOf(owners: readonly KeyOwner[]): ReadonlyMap<string, KeySetSource> {
  const sources = new Map<string, KeySetSource>();
  for (const owner of owners) {
    if (owner.keys.kind !== 'remote') continue;
    const id = keySetId(owner);
    const other = sources.get(id)?.settings ?? owner.keys;
    const { cacheForMs, timeoutMs, serveStaleForMs } = owner.keys;
    const settings: RemoteKeySettings = {
      ...owner.keys,
      cacheForMs: Math.min(cacheForMs, other.cacheForMs),
      timeoutMs: Math.max(timeoutMs, other.timeoutMs),
      serveStaleForMs: Math.min(serveStaleForMs, other.serveStaleForMs),
    };
    sources.set(id, { owner: { ...owner, keys: settings }, settings });
  }
  return sources;
}

function parcelOf({ id, stored }: Entry): KeyParcel {
  if (stored === undefined) return { id, generation: 0, freshUntilMs: 0 };
  const { text, keys, fetchedAtMs, freshForMs } = stored;
  return { id, generation: keys.generation, jwks: text, freshUntilMs: fetchedAtMs + freshForMs };
}
