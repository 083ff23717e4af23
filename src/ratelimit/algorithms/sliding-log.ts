// R402 `precision: exact`: a sliding window that keeps the time of every hit. Pure functions over a list of times, the oldest first;
// src/ratelimit/scripts/take.lua is their transcription.

/** How many hits one counter may keep: 120 kB in Redis. */
export const MAX_LOGGED = 1_000;

/** The times that count now: a hit is forgotten when one whole window has passed since. After a clock that went back by more, the newest was just now. */
export function remembered(kept: readonly number[], periodUs: number, nowUs: number): readonly number[] {
  const newest = kept.at(-1) ?? 0;
  const times = newest > nowUs + periodUs ? kept.map((time) => time - (newest - nowUs)) : kept;
  const first = times.findIndex((time) => time > nowUs - periodUs);
  if (first === 0) return times;
  return first < 0 ? [] : times.slice(first);
}

/** With hits of now. After a clock that went back they count as of the newest one: the list stays in order. */
export function logTaken(times: readonly number[], nowUs: number, hits: number): readonly number[] {
  const at = Math.max(nowUs, times.at(-1) ?? 0);
  return [...times, ...Array.from({ length: hits }, () => at)];
}

/** Without the newest hits. */
export function logGiven(times: readonly number[], hits: number): readonly number[] {
  return times.slice(0, Math.max(0, times.length - hits));
}

export interface LogQuestion {
  readonly limit: number;
  readonly periodUs: number;
  readonly nowUs: number;
}

/** Microseconds until so many hits pass; infinite where they never can. The times are those remembered. */
export function logRetryUs(times: readonly number[], hits: number, { limit, periodUs, nowUs }: LogQuestion): number {
  const over = times.length + hits - limit;
  if (over <= 0) return 0;
  const last = times[over - 1];
  return hits > limit || last === undefined ? Number.POSITIVE_INFINITY : last + periodUs - nowUs;
}

/** Microseconds until the next hit is forgotten; 0 where there is none. */
export function logResetUs(times: readonly number[], periodUs: number, nowUs: number): number {
  const first = times[0];
  return first === undefined ? 0 : first + periodUs - nowUs;
}
