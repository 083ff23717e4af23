// What is remembered of credentials (S1, S2): bounded in entries and bytes, the least recently used go first, each entry ends by the clock.
// Knows no timers: what has ended goes when it is met or when space is needed.

export interface CacheListener {
  hit(): void;
  miss(): void;
  evicted(): void;
}

interface Entry<Value> {
  readonly scope: CacheScope<Value>;
  readonly key: string;
  readonly value: Value;
  readonly endsMs: number;
  bytes: number;
  newer: Entry<Value> | undefined;
  older: Entry<Value> | undefined;
}

/** One bound for all scopes. */
export class CredentialCache<Value> {
  readonly #bounds: { readonly entries: number; readonly bytes: number };
  readonly #listener: CacheListener;
  readonly #scopes = new Map<string, CacheScope<Value>>();
  #newest: Entry<Value> | undefined;
  #oldest: Entry<Value> | undefined;
  #entries = 0;
  #bytes = 0;

  constructor(bounds: { readonly entries: number; readonly bytes: number }, listener: CacheListener) {
    this.#bounds = bounds;
    this.#listener = listener;
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where the credentials of one provider are remembered; the same name gives the same scope. */
  scope(name: string): CacheScope<Value> {
    const known = this.#scopes.get(name);
    if (known !== undefined) return known;
    const made = new CacheScope<Value>(this);
    this.#scopes.set(name, made);
    return made;
  }

  /** Forgets all scopes but these. */
  keepScopes(names: ReadonlySet<string>): void {
    for (const [name, scope] of this.#scopes) {
      if (names.has(name)) continue;
      for (const entry of scope.found.values()) this.drop(entry);
      this.#scopes.delete(name);
    }
  }

  get(scope: CacheScope<Value>, key: string, nowMs: number): Value | undefined {
    const entry = scope.found.get(key);
    if (entry === undefined) {
      this.#listener.miss();
      return undefined;
    }
    if (nowMs >= entry.endsMs) {
      this.drop(entry);
      this.#listener.miss();
      return undefined;
    }
    if (entry !== this.#newest) {
      this.#unlink(entry);
      this.#link(entry);
    }
    this.#listener.hit();
    return entry.value;
  }

  put(scope: CacheScope<Value>, key: string, { value, endsMs, bytes }: NewEntry<Value>): void {
    const earlier = scope.found.get(key);
    if (earlier !== undefined) this.drop(earlier);
    const entry: Entry<Value> = { scope, key, value, endsMs, bytes, newer: undefined, older: undefined };
    scope.found.set(key, entry);
    this.#link(entry);
    this.#entries++;
    this.#bytes += bytes;
    this.#shrink();
  }

  /** The value of an entry takes more space than was said. */
  grow(scope: CacheScope<Value>, key: string, bytes: number): void {
    const entry = scope.found.get(key);
    if (entry === undefined) return;
    entry.bytes += bytes;
    this.#bytes += bytes;
    this.#shrink();
  }

  drop(entry: Entry<Value>): void {
    if (!entry.scope.found.delete(entry.key)) return;
    this.#unlink(entry);
    this.#entries--;
    this.#bytes -= entry.bytes;
  }

  #shrink(): void {
    while (this.#oldest !== undefined && (this.#entries > this.#bounds.entries || this.#bytes > this.#bounds.bytes)) {
      this.drop(this.#oldest);
      this.#listener.evicted();
    }
  }

  #link(entry: Entry<Value>): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
  }

  #unlink(entry: Entry<Value>): void {
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
  }
}

export interface NewEntry<Value> {
  readonly value: Value;
  readonly endsMs: number;
  /** What it takes, roughly. */
  readonly bytes: number;
}

/** The part of a cache that belongs to one provider: the same token at another provider is another entry. */
export class CacheScope<Value> {
  readonly #cache: CredentialCache<Value>;
  /** For the cache alone. */
  readonly found = new Map<string, Entry<Value>>();

  constructor(cache: CredentialCache<Value>) {
    this.#cache = cache;
  }

  get(key: string, nowMs: number): Value | undefined {
    return this.#cache.get(this, key, nowMs);
  }

  put(key: string, entry: NewEntry<Value>): void {
    this.#cache.put(this, key, entry);
  }

  grow(key: string, bytes: number): void {
    this.#cache.grow(this, key, bytes);
  }

  drop(key: string): void {
    const entry = this.found.get(key);
    if (entry !== undefined) this.#cache.drop(entry);
  }
}
