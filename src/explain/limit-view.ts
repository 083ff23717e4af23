// One limit of a route against one request: its key, the rate that holds and where that comes from, what becomes of the request before any counter
// is asked (ratelimit R103, R107, R109). No counter is asked: what is used up, only the limiter knows.

import type { ConfigPath } from '../lib/issue.ts';
import { isFaster, parseRate } from '../lib/rate-text.ts';
import { countingProblem } from '../model/limits/countable.ts';
import type { Limit, LimitKeyPart, Rate } from '../model/limits/types.ts';
import { claimValue, type KeyFacts, type KeyValue, keyValue } from './key-value.ts';
import { type OverrideView, overrideViews } from './limit-overrides.ts';

export interface LimitKeyView {
  readonly part: LimitKeyPart;
  readonly value: KeyValue;
}

/** What a request meets, before counters: `counted` and `open` may still deny. */
export type LimitOutcome =
  | { readonly kind: 'counted' }
  /** Nothing is counted for it. */
  | { readonly kind: 'unlimited' }
  /** The rate is 0, or a part is missing and `whenMissing: deny`. */
  | { readonly kind: 'denied'; readonly reason: 'blocked' | 'missing_key' }
  /** A part is missing and `whenMissing: skip`. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'replaced'; readonly by: string }
  | { readonly kind: 'open' };

/** Where the rate comes from. */
export type RateSource = 'limit' | 'override' | 'claim';

export interface LimitView {
  readonly limit: Limit;
  /** Where the route names it. */
  readonly path: ConfigPath;
  readonly key: readonly LimitKeyView[];
  readonly outcome: LimitOutcome;
  /** Several: all must hold; none: unlimited. Absent: it depends on what is not known here. */
  readonly rates?: readonly Rate[];
  readonly source: RateSource;
  readonly overrides: readonly OverrideView[];
  /** What `limitFrom` comes to; absent: the limit has none. */
  readonly claim?: { readonly standing: 'holds' | 'fails' | 'open'; readonly why: string };
}

export function limitView(limit: Limit, path: ConfigPath, facts: KeyFacts): LimitView {
  const key = limit.parts.map((part) => ({ part, value: keyValue(part, facts) }));
  const overrides = overrideViews(limit.overrides, new Map(key.map(({ part, value }) => [part.part, value])));
  const claim = claimView(limit, overrides, facts);
  const { rates, source } = holdingRates(limit, overrides, claim);
  return {
    limit,
    path,
    key,
    overrides,
    source,
    outcome: outcomeOf(limit, key, rates),
    ...(rates === undefined ? {} : { rates }),
    ...(claim === undefined ? {} : { claim: { standing: claim.standing, why: claim.why } }),
  };
}

function outcomeOf(limit: Limit, key: readonly LimitKeyView[], rates: readonly Rate[] | undefined): LimitOutcome {
  // Envoy drops what a request without a service would count by it, whatever the limit says of missing parts.
  if (key.some(({ part, value }) => part.kind === 'service' && value.kind === 'missing')) return { kind: 'skipped' };
  if (limit.whenMissing !== 'share') {
    if (key.some(({ value }) => value.kind === 'missing'))
      return limit.whenMissing === 'skip' ? { kind: 'skipped' } : { kind: 'denied', reason: 'missing_key' };
    if (key.some(({ part, value }) => value.kind === 'open' && part.kind !== 'service' && !isAddress(part))) return { kind: 'open' };
  }
  if (rates === undefined) return { kind: 'open' };
  if (rates.length === 0) return { kind: 'unlimited' };
  return rates.some((rate) => rate.limit === 0) ? { kind: 'denied', reason: 'blocked' } : { kind: 'counted' };
}

/** There is always one. */
function isAddress({ kind }: LimitKeyPart): boolean {
  return kind === 'clientIp' || kind === 'clientNet';
}

interface Claimed {
  readonly standing: 'holds' | 'fails' | 'open';
  readonly why: string;
  readonly rate?: Rate;
}

/** R107: an override wins over what a claim says, a claim over the limit's own rates. */
function holdingRates(
  { rates }: Limit,
  overrides: readonly OverrideView[],
  claim: Claimed | undefined,
): { readonly rates?: readonly Rate[]; readonly source: RateSource } {
  if (overrides.some(({ standing }) => standing === 'open')) return { source: 'override' };
  const chosen = overrides.find(({ standing }) => standing === 'holds');
  if (chosen !== undefined) return { rates: chosen.override.rates, source: 'override' };
  if (claim?.standing === 'open') return { source: 'claim' };
  return claim?.rate === undefined ? { rates, source: 'limit' } : { rates: [claim.rate], source: 'claim' };
}

function claimView({ limitFrom, rates: [own] }: Limit, overrides: readonly OverrideView[], facts: KeyFacts): Claimed | undefined {
  if (limitFrom === undefined || own === undefined) return undefined;
  if (overrides.some(({ standing }) => standing === 'holds')) return { standing: 'fails', why: 'an override holds' };
  const value = claimValue(limitFrom.claim, facts.identity);
  if (value.kind !== 'known') return { standing: value.kind === 'open' ? 'open' : 'fails', why: value.why };
  const parsed = parseRate(value.value, own);
  if (parsed === undefined) return { standing: 'fails', why: 'what the claim says is no rate for this limit' };
  const { periodUs, ...fields } = parsed;
  const rate = { ...fields, seconds: periodUs / 1_000_000 };
  if (isFaster(parsed, { limit: limitFrom.max.limit, periodUs: limitFrom.max.seconds * 1_000_000 }))
    return { standing: 'fails', why: 'what the claim says is above max' };
  const problem = countingProblem(rate);
  return problem === undefined ? { standing: 'holds', why: 'the claim says it', rate } : { standing: 'fails', why: problem };
}
