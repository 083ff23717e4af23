// R403: the token bucket as a generic cell rate algorithm in whole numbers. Pure functions over two numbers; src/ratelimit/scripts/take.lua is their
// transcription. Doubles near 1.8e15 microseconds step by 0.25, so fractions of a microsecond are kept as N-ths.

/** A moment or a span: `whole` microseconds and `part` / N of one, 0 <= part < N. As a bucket's state: when it will be full. */
export interface Moment {
  readonly whole: number;
  readonly part: number;
}

/** N hits per P microseconds, reduced; one hit takes q + r/N microseconds. */
export interface BucketRate {
  readonly n: number;
  readonly p: number;
  readonly q: number;
  readonly r: number;
  readonly burst: number;
  /** What a full bucket is worth: B * P / N. */
  readonly tau: Moment;
}

/** For a limit that `limitProblem` takes. */
export function bucketRate(limit: number, periodUs: number, burst: number): BucketRate {
  const divisor = greatestCommonDivisor(limit, periodUs);
  const n = limit / divisor;
  const p = periodUs / divisor;
  const r = p % n;
  const bare = { n, p, q: (p - r) / n, r };
  return { ...bare, burst, tau: later(bare, { whole: 0, part: 0 }, burst) };
}

/** Never used: full. */
export const FULL: Moment = { whole: 0, part: 0 };

/** The state as it counts now: a bucket is never more than full, and never owes more than its burst, also when the clock went back. */
export function settled(rate: BucketRate, state: Moment, nowUs: number): Moment {
  if (state.whole < nowUs) return { whole: nowUs, part: 0 };
  const worst = plus(rate.n, plus(rate.n, { whole: nowUs, part: 0 }, rate.tau), rate.tau);
  return isAfter(state, worst) ? worst : state;
}

/** How many hits pass now: the greatest k with t + k P/N <= now + tau. `t` is settled. */
export function bucketAvailable(rate: BucketRate, t: Moment, nowUs: number): number {
  const end = plus(rate.n, { whole: nowUs, part: 0 }, rate.tau);
  const estimate = Math.floor((end.whole - t.whole + (end.part - t.part) / rate.n) / (rate.p / rate.n));
  let k = Math.min(Math.max(estimate, 0), rate.burst);
  while (k < rate.burst && !isAfter(later(rate, t, k + 1), end)) k += 1;
  while (k > 0 && isAfter(later(rate, t, k), end)) k -= 1;
  return k;
}

/** After hits that fit. */
export function bucketTaken(rate: BucketRate, t: Moment, hits: number): Moment {
  return later(rate, t, hits);
}

/** After hits that are owed, whether they fit or not: the debt ends at the burst. */
export function bucketDebited(rate: BucketRate, t: Moment, { hits, nowUs }: { readonly hits: number; readonly nowUs: number }): Moment {
  const first = settled(rate, later(rate, t, Math.min(hits, rate.burst)), nowUs);
  return hits <= rate.burst ? first : settled(rate, later(rate, first, Math.min(hits - rate.burst, rate.burst)), nowUs);
}

/** After hits that were given back. The result may lie in the past: full. */
export function bucketGiven(rate: BucketRate, t: Moment, hits: number): Moment {
  const given = Math.min(hits, 2 * rate.burst);
  const half = Math.min(given, rate.burst);
  return earlier(rate, earlier(rate, t, half), given - half);
}

/** Microseconds until so many hits pass, 0 if they do; infinite where they never can. */
export function bucketRetryUs(rate: BucketRate, t: Moment, { hits, nowUs }: { readonly hits: number; readonly nowUs: number }): number {
  if (hits > rate.burst) return Number.POSITIVE_INFINITY;
  const end = later(rate, t, hits);
  return Math.max(0, end.whole - rate.tau.whole - nowUs + (end.part > rate.tau.part ? 1 : 0));
}

/** Microseconds until it is full, rounded up. */
export function bucketResetUs(t: Moment, nowUs: number): number {
  return Math.max(0, t.whole - nowUs + (t.part > 0 ? 1 : 0));
}

type Step = Pick<BucketRate, 'n' | 'q' | 'r'>;

/** t + k P/N. The modulus of whole doubles is exact; a quotient might be rounded up to the next whole number. */
function later({ n, q, r }: Step, t: Moment, k: number): Moment {
  const parts = t.part + k * r;
  const part = parts % n;
  return { whole: t.whole + k * q + (parts - part) / n, part };
}

function earlier({ n, q, r }: Step, t: Moment, k: number): Moment {
  const parts = t.part - k * r;
  const rest = parts % n;
  // Not `rest` alone: it may be the negative zero.
  const part = rest < 0 ? rest + n : rest + 0;
  return { whole: t.whole - k * q + (parts - part) / n, part };
}

function plus(n: number, a: Moment, b: Moment): Moment {
  const parts = a.part + b.part;
  return parts < n ? { whole: a.whole + b.whole, part: parts } : { whole: a.whole + b.whole + 1, part: parts - n };
}

function isAfter(a: Moment, b: Moment): boolean {
  return a.whole > b.whole || (a.whole === b.whole && a.part > b.part);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
