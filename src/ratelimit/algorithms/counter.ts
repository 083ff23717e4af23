// One counter of any algorithm: what it lets through, what it is after hits, how long until it changes. Pure; dispatches to the algorithms.
import type { CounterReading, StoreLimit } from '../store.ts';
import {
  type BucketRate,
  bucketAvailable,
  bucketDebited,
  bucketGiven,
  bucketRate,
  bucketResetUs,
  bucketRetryUs,
  bucketTaken,
  FULL,
  type Moment,
  settled,
} from './bucket.ts';
import type { FixedWindows } from './fixed-window.ts';
import {
  NO_HITS,
  rolled,
  type SlidingState,
  slidingEmptyUs,
  slidingGiven,
  slidingResetUs,
  slidingRetryUs,
  slidingTaken,
  slidingUsed,
} from './sliding.ts';
import { logGiven, logResetUs, logRetryUs, logTaken, remembered } from './sliding-log.ts';

/** What is kept of a counter. */
export type CounterState =
  | { readonly algorithm: 'fixed'; readonly used: number; readonly endUs: number }
  | { readonly algorithm: 'sliding'; readonly hits: SlidingState }
  | { readonly algorithm: 'slidingExact'; readonly times: readonly number[] }
  | { readonly algorithm: 'bucket'; readonly full: Moment };

export interface Now {
  readonly nowUs: number;
  readonly windows: FixedWindows;
}

const rates = new WeakMap<StoreLimit, BucketRate>();

/** The bucket's numbers, worked out once for each limit. */
export function rateOf(limit: StoreLimit): BucketRate {
  const known = rates.get(limit);
  if (known !== undefined) return known;
  const made = bucketRate(limit.limit, limit.periodUs, limit.burst);
  rates.set(limit, made);
  return made;
}

/** The state as it counts now; of a counter that is not kept, a new one. N is at least 1. */
export function currentState(limit: StoreLimit, state: CounterState | undefined, { nowUs, windows }: Now): CounterState {
  switch (limit.algorithm) {
    case 'fixed':
      if (state?.algorithm !== 'fixed' || nowUs >= state.endUs)
        return { algorithm: 'fixed', used: 0, endUs: windows.at(limit, nowUs).endUs };
      // The clock went back, or it is a long month.
      if (state.endUs - nowUs > limit.periodUs) return { ...state, endUs: Math.min(state.endUs, windows.at(limit, nowUs).endUs) };
      return state;
    case 'sliding':
      return { algorithm: 'sliding', hits: rolled(state?.algorithm === 'sliding' ? state.hits : NO_HITS, limit.periodUs, nowUs) };
    case 'slidingExact':
      return {
        algorithm: 'slidingExact',
        times: remembered(state?.algorithm === 'slidingExact' ? state.times : [], limit.periodUs, nowUs),
      };
    case 'bucket':
      return { algorithm: 'bucket', full: settled(rateOf(limit), state?.algorithm === 'bucket' ? state.full : FULL, nowUs) };
  }
}

/** Whether a clock that went back made the state another one: then it is to be kept also where nothing was taken, or it would never end. */
export function isCutBack(kept: CounterState | undefined, current: CounterState): boolean {
  switch (current.algorithm) {
    case 'fixed':
      return kept?.algorithm === 'fixed' && current.endUs < kept.endUs;
    case 'sliding':
      return kept?.algorithm === 'sliding' && current.hits.index < kept.hits.index;
    case 'slidingExact':
      return kept?.algorithm === 'slidingExact' && (current.times.at(-1) ?? 0) < (kept.times.at(-1) ?? 0) && current.times.length > 0;
    case 'bucket':
      return kept?.algorithm === 'bucket' && current.full.whole < kept.full.whole;
  }
}

/** Hits that pass now; below 0 where more was counted than N. The state is current, here and below. */
export function availableIn(limit: StoreLimit, state: CounterState, nowUs: number): number {
  switch (state.algorithm) {
    case 'fixed':
      return limit.limit - state.used;
    case 'sliding':
      return limit.limit - slidingUsed(state.hits);
    case 'slidingExact':
      return limit.limit - state.times.length;
    case 'bucket':
      return bucketAvailable(rateOf(limit), state.full, nowUs);
  }
}

/** After hits; `isOwed` where they may not fit. */
export function takenFrom(
  limit: StoreLimit,
  state: CounterState,
  { hits, nowUs, isOwed }: { readonly hits: number; readonly nowUs: number; readonly isOwed: boolean },
): CounterState {
  switch (state.algorithm) {
    case 'fixed':
      return { algorithm: 'fixed', used: state.used + hits, endUs: state.endUs };
    case 'sliding':
      return { algorithm: 'sliding', hits: slidingTaken(state.hits, hits) };
    case 'slidingExact':
      // A debt beyond N would only cost memory: times that no longer fit are not told apart.
      return {
        algorithm: 'slidingExact',
        times: logTaken(state.times, nowUs, Math.min(hits, Math.max(0, limit.limit - state.times.length))),
      };
    case 'bucket':
      return {
        algorithm: 'bucket',
        full: isOwed ? bucketDebited(rateOf(limit), state.full, { hits, nowUs }) : bucketTaken(rateOf(limit), state.full, hits),
      };
  }
}

/** After hits were given back, floored at nothing used; a grant of windows goes below. */
export function givenTo(
  limit: StoreLimit,
  state: CounterState,
  { hits, isGrant }: { readonly hits: number; readonly isGrant: boolean },
): CounterState {
  switch (state.algorithm) {
    case 'fixed':
      return { ...state, used: isGrant ? state.used - hits : Math.min(state.used, Math.max(0, state.used - hits)) };
    case 'sliding':
      return { algorithm: 'sliding', hits: isGrant ? slidingTaken(state.hits, -hits) : slidingGiven(state.hits, hits) };
    case 'slidingExact':
      return { algorithm: 'slidingExact', times: logGiven(state.times, hits) };
    case 'bucket':
      return { algorithm: 'bucket', full: bucketGiven(rateOf(limit), state.full, hits) };
  }
}

/** Microseconds until so many hits pass; 0 if they do, infinite where they never can. */
export function retryUsOf(
  limit: StoreLimit,
  state: CounterState,
  { hits, nowUs }: { readonly hits: number; readonly nowUs: number },
): number {
  switch (state.algorithm) {
    case 'fixed':
      if (state.used + hits <= limit.limit) return 0;
      return hits > limit.limit ? Number.POSITIVE_INFINITY : state.endUs - nowUs;
    case 'sliding':
      return slidingRetryUs(state.hits, hits, { limit: limit.limit, periodUs: limit.periodUs, nowUs });
    case 'slidingExact':
      return logRetryUs(state.times, hits, { limit: limit.limit, periodUs: limit.periodUs, nowUs });
    case 'bucket':
      return bucketRetryUs(rateOf(limit), state.full, { hits, nowUs });
  }
}

/** R305: microseconds until the bucket is full, the window ends, or the next hits are forgotten. */
export function resetUsOf(limit: StoreLimit, state: CounterState, nowUs: number): number {
  switch (state.algorithm) {
    case 'fixed':
      return state.endUs - nowUs;
    case 'sliding':
      return slidingResetUs(state.hits, limit.periodUs, nowUs);
    case 'slidingExact':
      return logResetUs(state.times, limit.periodUs, nowUs);
    case 'bucket':
      return bucketResetUs(state.full, nowUs);
  }
}

/** Microseconds until the counter need not be kept. */
export function emptyUsOf(limit: StoreLimit, state: CounterState, nowUs: number): number {
  if (state.algorithm === 'sliding') return slidingEmptyUs(state.hits, limit.periodUs, nowUs);
  if (state.algorithm !== 'slidingExact') return resetUsOf(limit, state, nowUs);
  const last = state.times.at(-1);
  return last === undefined ? 0 : last + limit.periodUs - nowUs;
}

/** For operators: what stands there. */
export function readingOf(limit: StoreLimit, state: CounterState, nowUs: number): CounterReading {
  const available = availableIn(limit, state, nowUs);
  const used = state.algorithm === 'bucket' ? bucketUsed(limit, state.full, nowUs) : limit.limit - available;
  return { used, remaining: Math.max(0, available), resetMs: Math.ceil(emptyUsOf(limit, state, nowUs) / 1000) };
}

function bucketUsed(limit: StoreLimit, full: Moment, nowUs: number): number {
  const rate = rateOf(limit);
  return Math.ceil(((full.whole - nowUs) * rate.n + full.part) / rate.p);
}
