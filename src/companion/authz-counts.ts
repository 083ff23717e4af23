// What a worker of the authz companion counts, gathered and told to its supervisor now and then: a worker that dies takes back no more than what
// it had not told. Nothing is put together per check but on the first of its kind (P5).
import type { CacheName, CacheSize, HandlerMetrics } from '../authz/handler-ports.ts';
import type { ShellReason } from './bytes-handler.ts';

export type DecisionRecord = Parameters<HandlerMetrics['decided']>[0];

export interface AuthzCounts {
  readonly decisions: readonly {
    readonly route: string;
    readonly decision: string;
    readonly reason: string;
    readonly mode: string;
    readonly times: number;
  }[];
  /** In ranges narrower than the buckets of the metric: their mean and number keep buckets and sum. */
  readonly durations: readonly { readonly meanSeconds: number; readonly times: number }[];
  /** Of each cache that was used (P27): what happened since the last time, and what it holds now. */
  readonly caches: readonly (CacheUse & CacheSize & { readonly cache: CacheName })[];
  readonly shed: readonly { readonly reason: ShellReason | 'cold'; readonly times: number }[];
}

/** Bounds of the ranges, in milliseconds: those of the metric. */
const RANGES_MS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000];

export interface CacheUse {
  readonly hit: number;
  readonly miss: number;
  readonly evicted: number;
}

interface Cell<Facts> {
  readonly facts: Facts;
  times: number;
}

/** Names of routes come with the requests: so many kinds of decision are told apart between two takes, and longer names are none of ours. */
const MOST_KINDS = 10_000;
const LONGEST_NAME = 256;
const OTHER = 'other';

/** Nested maps: a look-up joins no text. */
class Counter<Facts> {
  readonly #cells = new Map<string, Map<string, Map<string, Cell<Facts>>>>();
  #size = 0;

  count(keys: readonly [string, string, string], facts: () => Facts): void {
    const [first, second, third] = keys;
    const level = within(within(this.#cells, first), second);
    const cell = level.get(third);
    if (cell !== undefined) {
      cell.times += 1;
      return;
    }
    level.set(third, { facts: facts(), times: 1 });
    this.#size += 1;
  }

  /** Whether there is room for what is counted under that name. */
  takes(first: string): boolean {
    return (this.#size < MOST_KINDS && first.length <= LONGEST_NAME) || this.#cells.has(first);
  }

  /** What was counted since the last time. */
  take(): (Facts & { readonly times: number })[] {
    const taken: (Facts & { readonly times: number })[] = [];
    for (const level of this.#cells.values())
      for (const cells of level.values())
        for (const cell of cells.values()) {
          if (cell.times > 0) taken.push({ ...cell.facts, times: cell.times });
          cell.times = 0;
        }
    if (this.#size >= MOST_KINDS) {
      this.#cells.clear();
      this.#size = 0;
    }
    return taken;
  }
}

function within<Value>(map: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Map<string, Value>();
  map.set(key, made);
  return made;
}

export class CountBook implements HandlerMetrics {
  readonly #decisions = new Counter<Omit<AuthzCounts['decisions'][number], 'times'>>();
  readonly #caches: Readonly<Record<CacheName, { hit: number; miss: number; evicted: number }>> = {
    token: { hit: 0, miss: 0, evicted: 0 },
    token_refused: { hit: 0, miss: 0, evicted: 0 },
    introspection: { hit: 0, miss: 0, evicted: 0 },
    certificate: { hit: 0, miss: 0, evicted: 0 },
  };
  readonly #shed = new Counter<Omit<AuthzCounts['shed'][number], 'times'>>();
  readonly #times = new Float64Array(RANGES_MS.length + 1);
  readonly #sums = new Float64Array(RANGES_MS.length + 1);

  decided({ route: named, decision, reason, mode, durationMs }: DecisionRecord): void {
    const route = this.#decisions.takes(named) ? named : OTHER;
    // A reason has one decision.
    this.#decisions.count([route, reason, mode], () => ({ route, decision, reason, mode }));
    let range = 0;
    while (durationMs > (RANGES_MS[range] ?? Number.POSITIVE_INFINITY)) range += 1;
    this.#times[range] = (this.#times[range] ?? 0) + 1;
    this.#sums[range] = (this.#sums[range] ?? 0) + durationMs;
  }

  cache(name: CacheName, result: keyof CacheUse): void {
    this.#caches[name][result] += 1;
  }

  shed(reason: ShellReason | 'cold'): void {
    this.#shed.count([reason, '', ''], () => ({ reason }));
  }

  /** What was counted since the last time; undefined: nothing. `sizes`: of the caches now. */
  take(sizes: Readonly<Record<CacheName, CacheSize>>): AuthzCounts | undefined {
    const durations = [...this.#times].flatMap((times, range) =>
      times === 0 ? [] : [{ meanSeconds: (this.#sums[range] ?? 0) / times / 1_000, times }],
    );
    this.#times.fill(0);
    this.#sums.fill(0);
    const counts = { decisions: this.#decisions.take(), durations, caches: this.#takeCaches(sizes), shed: this.#shed.take() };
    const isEmpty = [counts.decisions, counts.durations, counts.caches, counts.shed].every((list) => list.length === 0);
    return isEmpty ? undefined : counts;
  }

  #takeCaches(sizes: Readonly<Record<CacheName, CacheSize>>): AuthzCounts['caches'] {
    return CACHE_NAMES.flatMap((cache) => {
      const use = this.#caches[cache];
      if (use.hit + use.miss + use.evicted === 0) return [];
      const taken = { cache, ...use, ...sizes[cache] };
      use.hit = use.miss = use.evicted = 0;
      return [taken];
    });
  }
}

const CACHE_NAMES = ['token', 'token_refused', 'introspection', 'certificate'] as const satisfies readonly CacheName[];
