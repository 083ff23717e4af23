// R402: a sliding window by ten sub-windows and the one that is leaving, which counts in full: never above the limit in any window, and a hit
// is remembered for at most 1.1 of it. Pure functions; src/ratelimit/scripts/take.lua is their transcription.

export const SUB_WINDOWS = 10;

/** Hits by sub-window. */
export interface SlidingState {
  /** Of the newest sub-window: microseconds since the epoch / its length, floored. */
  readonly index: number;
  /** Eleven counts, the oldest first. The newest may be below 0 after a grant. */
  readonly counts: readonly number[];
}

export const NO_HITS: SlidingState = { index: 0, counts: Array.from({ length: SUB_WINDOWS + 1 }, () => 0) };

/** The state as it counts now. After a clock that went back nothing is forgotten; where by more than a window, the newest hits were just now. */
export function rolled(kept: SlidingState, periodUs: number, nowUs: number): SlidingState {
  const now = Math.floor(nowUs / (periodUs / SUB_WINDOWS));
  const state = kept.index > now ? movedBack(kept, now) : kept;
  const index = Math.max(state.index, now);
  const gone = index - state.index;
  if (gone === 0) return state;
  const counts = gone > SUB_WINDOWS ? [] : state.counts.slice(gone);
  while (counts.length <= SUB_WINDOWS) counts.push(0);
  return { index, counts };
}

/** Ends with the newest hits: those of more than a window ahead are moved, or they would count until the clock is there again. */
function movedBack(state: SlidingState, now: number): SlidingState {
  const newest = state.counts.findLastIndex((count) => count !== 0);
  if (newest < 0) return { index: now, counts: NO_HITS.counts };
  const unused = SUB_WINDOWS - newest;
  const index = state.index - unused;
  const counts = [...Array.from({ length: unused }, () => 0), ...state.counts.slice(0, newest + 1)];
  return { index: index - now > SUB_WINDOWS ? now : index, counts };
}

/** Hits that count. The state is rolled. */
export function slidingUsed({ counts }: SlidingState): number {
  let used = 0;
  for (const count of counts) used += count;
  return used;
}

/** With hits added to the newest sub-window; a negative number is a grant. */
export function slidingTaken(state: SlidingState, hits: number): SlidingState {
  return { index: state.index, counts: [...state.counts.slice(0, SUB_WINDOWS), (state.counts[SUB_WINDOWS] ?? 0) + hits] };
}

/** With hits given back, from the newest sub-window on, floored at nothing used. */
export function slidingGiven(state: SlidingState, hits: number): SlidingState {
  const counts = [...state.counts];
  let left = hits;
  for (let at = SUB_WINDOWS; at >= 0 && left > 0; at -= 1) {
    const count = counts[at] ?? 0;
    const given = Math.max(0, Math.min(count, left));
    counts[at] = count - given;
    left -= given;
  }
  return { index: state.index, counts };
}

export interface SlidingQuestion {
  readonly limit: number;
  readonly periodUs: number;
  readonly nowUs: number;
}

/** Microseconds until so many hits pass: when enough of the oldest sub-windows have left. Infinite where they never can. */
export function slidingRetryUs(state: SlidingState, hits: number, { limit, periodUs, nowUs }: SlidingQuestion): number {
  let used = slidingUsed(state);
  if (used + hits <= limit) return 0;
  for (const [at, count] of state.counts.entries()) {
    used -= count;
    if (used + hits <= limit) return leavesUs(state, at, periodUs) - nowUs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Microseconds until the next hits are forgotten; 0 where there are none. */
export function slidingResetUs(state: SlidingState, periodUs: number, nowUs: number): number {
  const at = state.counts.findIndex((count) => count !== 0);
  return at < 0 ? 0 : leavesUs(state, at, periodUs) - nowUs;
}

/** Microseconds until all are forgotten. */
export function slidingEmptyUs(state: SlidingState, periodUs: number, nowUs: number): number {
  const at = state.counts.findLastIndex((count) => count !== 0);
  return at < 0 ? 0 : leavesUs(state, at, periodUs) - nowUs;
}

function leavesUs(state: SlidingState, at: number, periodUs: number): number {
  return (state.index + 1 + at) * (periodUs / SUB_WINDOWS);
}
