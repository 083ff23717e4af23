// Overrides of limits (ratelimit R107): exact before patterns, then most literal text, most parts, fewest stars. Order never decides (C1), so two
// that could fit one request and stand equal are an error.
import type { RateLimitConfig } from '../../config/schema/rate-limit.ts';
import { matchTies } from '../../lib/match-rank.ts';
import { errorAt, type Report } from '../issue.ts';
import { checkUnlimited, type RateFrame, resolveRate, type WrittenRate } from './rates.ts';
import type { LimitKeyPart, LimitOverride, Rate } from './types.ts';

export interface OverrideFrame extends RateFrame {
  readonly parts: readonly LimitKeyPart[];
}

export function resolveOverrides(
  config: NonNullable<RateLimitConfig['overrides']>,
  frame: OverrideFrame,
  report: Report,
): readonly LimitOverride[] {
  const overrides = config.map(({ match, rate, burst, shared }, index): LimitOverride => {
    const path = [...frame.path, 'overrides', index];
    checkParts(Object.keys(match), { ...frame, path }, report);
    return {
      match: Object.entries(match)
        .map(([part, value]) => ({ part: spelled(part), value }))
        .sort((a, b) => (a.part < b.part ? -1 : 1)),
      rates: overrideRates({ rate, burst, path }, frame, report),
      shared: shared ?? false,
    };
  });
  reportTies(overrides, frame, report);
  return overrides;
}

function overrideRates(
  { rate, ...written }: Omit<WrittenRate, 'rate'> & { readonly rate: WrittenRate['rate'] | 'unlimited' },
  frame: OverrideFrame,
  report: Report,
): readonly Rate[] {
  if (rate !== 'unlimited') return [resolveRate({ ...written, rate }, frame, report)];
  checkUnlimited(written, written.path, report);
  return [];
}

function checkParts(names: readonly string[], { path, parts }: OverrideFrame, report: Report): void {
  if (names.length === 0) {
    report(
      errorAt([...path, 'match'], 'CH2906', {
        message: 'an override needs a value of some part of the key',
        help: 'write match: {jwt.sub: …}',
      }),
    );
  }
  const known = parts.map(({ part }) => part);
  for (const [index, name] of names.entries()) {
    const first = names.findIndex((other) => spelled(other) === spelled(name));
    if (first < index) {
      report(
        errorAt([...path, 'match', name], 'CH2906', {
          message: `${name} is the same part as ${names[first]}`,
          at: 'key',
          help: 'remove one of them',
        }),
      );
    }
    if (known.includes(spelled(name))) continue;
    const help = known.length === 0 ? 'the key is empty' : `the key holds ${known.join(', ')}`;
    report(errorAt([...path, 'match', name], 'CH2906', { message: `${name} is no part of the key of this limit`, at: 'key', help }));
  }
}

/** Names of headers are one in capitals and without. */
function spelled(part: string): string {
  return part.startsWith('header.') ? part.toLowerCase() : part;
}

function reportTies(overrides: readonly LimitOverride[], { path }: OverrideFrame, report: Report): void {
  for (const [index, first] of matchTies(overrides.map(({ match }) => match))) {
    report(
      errorAt([...path, 'overrides', index, 'match'], 'CH2907', {
        message: 'another override may fit the same request, and neither is more exact',
        help: 'write more of the value in one of them, or an override for what fits both',
        related: [{ message: 'the other one is here', path: [...path, 'overrides', first, 'match'] }],
      }),
    );
  }
}
