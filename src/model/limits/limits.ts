// `rateLimits:` → limits, each for itself: defaults, and what cannot be said together (ratelimit §1).
import type { RateLimitConfig } from '../../config/schema/rate-limit.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import * as defaults from './defaults.ts';
import { checkLimit } from './limit-checks.ts';
import { resolveOverrides } from './overrides.ts';
import { checkUnlimited, resolveRate } from './rates.ts';
import type { Cost, Limit, LimitKeyPart, Quota, Rate } from './types.ts';

export interface LimitDefaults {
  readonly onFailure: 'allow' | 'deny';
}

/** Sorted by name. */
export function resolveLimits(config: Readonly<Record<string, RateLimitConfig>>, general: LimitDefaults, report: Report): readonly Limit[] {
  return Object.entries(config)
    .map(([name, entry]) => resolveLimit(name, { entry, general }, report))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface LimitEntry {
  readonly entry: RateLimitConfig;
  readonly general: LimitDefaults;
}

function resolveLimit(name: string, { entry, general }: LimitEntry, report: Report): Limit {
  const path: ConfigPath = ['rateLimits', name];
  const frame = { path, entry };
  const parts = resolveParts(entry, path, report);
  const scope = entry.scope ?? 'shared';
  const limit: Limit = {
    name,
    path,
    parts,
    whenMissing: entry.whenMissing ?? (scope === 'quota' ? 'skip' : defaults.WHEN_MISSING),
    rates: resolveRates(entry, path, report),
    overrides: resolveOverrides(entry.overrides ?? [], { ...frame, parts }, report),
    ...(entry.limitFrom === undefined
      ? {}
      : {
          limitFrom: {
            claim: entry.limitFrom.jwt,
            max: resolveRate({ rate: entry.limitFrom.max, path: [...path, 'limitFrom'] }, frame, report),
          },
        }),
    cost: costOf(entry.cost),
    mode: entry.mode ?? 'enforce',
    scope,
    ...(scope === 'local' && entry.per === 'fleet' ? { per: entry.per } : {}),
    phase: entry.phase ?? 'main',
    // R108: what denies nothing does not deny either while nobody counts.
    onFailure: entry.mode === 'shadow' ? 'allow' : (entry.onFailure ?? general.onFailure),
    onStoreFailure: entry.onStoreFailure ?? defaults.ON_STORE_FAILURE,
    headers: entry.headers ?? (scope === 'shared' ? 'draft' : 'none'),
    hasBody: entry.body !== undefined,
    replaces: [...new Set(entry.replaces)].sort(),
    ...(entry.lease === undefined ? {} : { lease: { max: entry.lease.max, ttlMs: entry.lease.ttl } }),
    ...(entry.slotBy === undefined ? {} : { slotBy: entry.slotBy }),
    ...(scope === 'quota' ? { quota: quotaOf(entry) } : {}),
    maxKeys: entry.maxKeys ?? defaults.LOCAL_KEYS,
  };
  checkLimit(limit, entry, report);
  return limit;
}

function quotaOf({ reserve = defaults.QUOTA_RESERVE, peak }: RateLimitConfig): Quota {
  return {
    reservePermille: Math.round(reserve * 10),
    ...(peak === undefined ? {} : { peakPerSecond: Math.max(1, Math.floor(peak.limit / peak.seconds)) }),
  };
}

function resolveParts({ key: written }: RateLimitConfig, path: ConfigPath, report: Report): readonly LimitKeyPart[] {
  const key = written.map(partOf);
  for (const [index, { part, kind }] of key.entries()) {
    const first = key.findIndex((other) => other.part === part || (kind === 'clientNet' && other.kind === kind));
    if (first === index) continue;
    report(
      errorAt([...path, 'key', index], 'CH2918', {
        message: `${part} is in the key twice`,
        help: 'remove one of them',
        related: [{ message: 'the first is here', path: [...path, 'key', first] }],
      }),
    );
  }
  return key;
}

function partOf(written: RateLimitConfig['key'][number]): LimitKeyPart {
  if (!('header' in written)) return written;
  const name = written.header.toLowerCase();
  return { kind: 'header', part: `header.${name}`, name, values: [...new Set(written.in)].sort() };
}

function resolveRates(entry: RateLimitConfig, path: ConfigPath, report: Report): readonly Rate[] {
  const { rate, burst } = entry;
  if (rate === 'unlimited') {
    checkUnlimited(entry, path, report);
    return [];
  }
  const frame = { path, entry };
  if (!isList(rate)) return [resolveRate({ rate, burst, path }, frame, report)];
  const rates = rate.map((each, index) => resolveRate({ ...each, path: [...path, 'rate', index] }, frame, report));
  reportSameWindows(rates, path, report);
  return rates;
}

/** R102: a counter is its window, so two rates over one window would take each request from one counter twice. */
function reportSameWindows(rates: readonly Rate[], path: ConfigPath, report: Report): void {
  const windows = rates.map(({ algorithm, seconds, calendar }) => JSON.stringify([algorithm, seconds, calendar]));
  for (const [index, window] of windows.entries()) {
    const first = windows.indexOf(window);
    if (first === index) continue;
    report(
      errorAt([...path, 'rate', index], 'CH2904', {
        message: 'another rate counts over the same window by the same algorithm',
        help: 'leave the smaller one; how much a bucket holds says burst',
        related: [{ message: 'the other one is here', path: [...path, 'rate', first] }],
      }),
    );
  }
}

function isList<Item>(
  value: Item | readonly Item[] | Exclude<RateLimitConfig['rate'], string>,
): value is Extract<typeof value, readonly unknown[]> {
  return Array.isArray(value);
}

function costOf(cost: RateLimitConfig['cost']): Cost {
  if (cost === undefined) return { kind: 'constant', hits: defaults.COST };
  if (typeof cost === 'number') return { kind: 'constant', hits: cost };
  const { metadata, request, response } = cost;
  if (metadata !== undefined) return { kind: 'metadata', ...metadata };
  if (request !== undefined) return { kind: 'requestHeader', name: request };
  return response ?? { kind: 'constant', hits: defaults.COST };
}
