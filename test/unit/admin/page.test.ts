import { describe, expect, it } from 'vitest';
import { statusPage } from '../../../src/admin/page.ts';
import { authSection } from '../../../src/admin/page-auth.ts';
import { limitsSection } from '../../../src/admin/page-limits.ts';
import type { LimitOverview } from '../../../src/companion/limit-api.ts';
import type { ListedLimit } from '../../../src/ratelimit/limit-question.ts';

const LIMIT: ListedLimit = {
  gateway: 'edge',
  name: 'per-user',
  source: 'limits.yaml:7',
  scope: 'shared',
  parts: ['jwt.sub'],
  rates: ['100/minute burst 20, tokenBucket'],
  overrides: 0,
  mode: 'enforce',
  onStoreFailure: 'local',
  store: 'redis',
  revision: 'r1',
  isLingering: false,
  sinceMs: 1_000,
  decisions: { ok: 90, near: 8, over: 2 },
  perSecond: { allowed: 9.8, denied: 0.2, wouldDeny: 0, degraded: 0, shed: 0 },
  overKeys: { count: 1, isExact: true },
};

const here = (...limits: readonly ListedLimit[]): LimitOverview => ({ limits, stores: [] });
/** What a reader sees. */
const text = (html: string): string => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
const section = (overview: LimitOverview | undefined, elsewhere: readonly string[] = []): string =>
  text(limitsSection({ here: overview, elsewhere }));

describe('limits on the page', () => {
  it('tell their rate, key, place and decisions, in all and now (operating O9, ratelimit R811)', () => {
    const shown = section(here(LIMIT));
    expect(shown).toContain('per-user edge limits.yaml:7 100/minute burst 20, tokenBucket for each jwt.sub in Redis 98 8 2');
    expect(shown).toContain('9.8/s allowed 0.2/s denied');
    expect(section(here({ ...LIMIT, isLingering: true }))).toContain('left the configuration');
  });

  it('tell in shadow mode what would be denied, its part, and for how many counters (ratelimit R108, R811)', () => {
    const decisions = { ok: 75, shadow_over: 25 };
    const trial: ListedLimit = { ...LIMIT, mode: 'shadow', decisions, overKeys: { count: 812, isExact: false } };
    expect(section(here(trial))).toContain('shadow 100 0 0 25 25.0 %, about 812 counters');
  });

  it('say since when a store is away, and how its limits answer meanwhile (ratelimit R802, R803)', () => {
    const away = {
      gateway: 'edge',
      worker: 1,
      kind: 'redis',
      state: 'away',
      isBreakerOpen: true,
      reason: 'it <hangs>',
      sinceMs: 0,
    } as const;
    const degraded = { ...LIMIT, perSecond: { allowed: 3, denied: 1, wouldDeny: 0, degraded: 4, shed: 2 } };
    const html = limitsSection({ here: { limits: [degraded], stores: [away] }, elsewhere: [] });
    expect(text(html)).toContain('Redis is away for worker 1, its breaker is open since 1970-01-01T00:00:00.000Z : it &lt;hangs&gt;');
    expect(text(html)).toContain('4/s without Redis: each worker counts its own part 2/s not counted, too much to do');
  });

  it('show the counters that are asked most, and who has what of divided limits, as hashes (ratelimit R410, R704)', () => {
    const holder = { holder: 'a.1', proxy: '10.0.0.1', perSecond: 60, burst: 60, demand: 70, isClosed: false };
    const budget = { hash: 'BUDGET', perSecond: 100, burst: 100, reservePerSecond: 5, givenPerSecond: 60, holders: [holder], others: 0 };
    const report: ListedLimit = { ...LIMIT, name: 'report', scope: 'quota', reserve: 0.05, shares: [budget] };
    const shown = section(here({ ...LIMIT, hot: [{ hash: 'HASH', hits: 20, error: 4 }] }, report));
    expect(shown).toContain('HASH per-user 16 to 20');
    expect(shown).toContain('60 of 100/s given out 5 % kept for newcomers');
    expect(shown).toContain('report BUDGET 10.0.0.1 60/s, burst 60 70/s');
    expect(section(here({ ...report, shares: [] }))).toContain('no proxy has a share yet');
  });

  it('say so where there are none, and who counts them where others do (ratelimit R811)', () => {
    for (const none of [undefined, here()]) expect(section(none)).toContain('No gateway has a limit that is counted here.');
    expect(section(undefined, ['limiter-1 10.0.0.7:18002'])).toContain('Limits are counted by limiter-1 10.0.0.7:18002');
  });

  it('escape all that comes from outside', () => {
    const evil = '<img src=x>';
    const limit: ListedLimit = {
      ...LIMIT,
      gateway: evil,
      name: evil,
      source: evil,
      rates: [evil],
      parts: [evil],
      hot: [{ hash: evil, hits: 1, error: 0 }],
    };
    expect(limitsSection({ here: here(limit), elsewhere: [evil] })).not.toContain('<img');
    const series = { labels: { route: evil, decision: 'deny', reason: evil, mode: 'enforce', issuer: evil }, value: 1 };
    expect(authSection({ decisions: [series], keyAges: [series] })).not.toContain('<img');
  });
});

describe('auth on the page', () => {
  it('tells by route what was denied and why, most first, and how old keys are (operating O9)', () => {
    const series = (route: string, decision: string, reason: string, value: number, mode = 'enforce') => ({
      labels: { route, decision, reason, mode },
      value,
    });
    const decisions = [
      series('orders', 'allow', 'ok', 7),
      series('admin', 'deny', 'jwt.expired', 2),
      series('admin', 'deny', 'rule.none', 5, 'shadow'),
      series('admin', 'unknown', 'jwks.unavailable', 1),
    ];
    const shown = text(authSection({ decisions, keyAges: [{ labels: { issuer: 'https://issuer' }, value: 12.3 }] }));
    expect(shown).toContain('admin 0 2 1 5 × rule.none shadow: let pass 2 × jwt.expired 1 × jwks.unavailable orders 7 0 0');
    expect(shown).toContain('https://issuer 12 s ago');
    expect(authSection({ decisions: [], keyAges: [] })).toBe('');
  });

  it('is no part of a page without auth; limits always are', () => {
    const page = statusPage({
      version: '1',
      gateways: [],
      nodes: [],
      gone: [],
      limits: { here: undefined, elsewhere: [] },
      auth: { decisions: [], keyAges: [] },
    });
    expect(page).toContain('<h2>Limits</h2>');
    expect(page).not.toContain('<h2>Auth</h2>');
  });
});
