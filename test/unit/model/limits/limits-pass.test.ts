// Limits from YAML to the model: defaults, spellings, what can be counted, which overrides tie. Mistakes are goldens (test/golden/invalid/limit-*).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingProblem } from '../../../../src/model/limits/countable.ts';
import type { Algorithm, Limit, LimitsModel } from '../../../../src/model/limits/types.ts';
import { createResolver } from '../../../../src/model/resolve.ts';
import { limitProblem } from '../../../../src/ratelimit/algorithms/limit-problem.ts';
import { overrideChoice } from '../../../../src/ratelimit/plan/override-choice.ts';
import { HEAD, loadText } from '../../config/support.ts';

const NOW = Date.UTC(2026, 10, 22);
const BASE = `${HEAD}listeners: {http: {port: 10000}}\nservices: {orders: {endpoints: ["127.0.0.1:9000"]}}\n`;

async function resolve(text: string) {
  const { config, issues } = await loadText(text);
  if (config === undefined) throw new Error(JSON.stringify(issues));
  return createResolver().resolve(config, { nowMs: NOW });
}

async function limitsOf(limits: string, rest = ''): Promise<LimitsModel> {
  const { model, issues } = await resolve(
    `${BASE}rateLimits:\n  it: ${limits}\n${rest}routes: [{name: r, backends: [orders], rateLimits: [it]}]\n`,
  );
  if (model?.limits === undefined) throw new Error(JSON.stringify(issues));
  return model.limits;
}

async function limitOf(limit: string, rest = ''): Promise<Limit | undefined> {
  return (await limitsOf(limit, rest)).limits[0];
}

describe('a limit', () => {
  it('has the defaults of the language (ratelimit §1)', async () => {
    expect(await limitsOf('{key: [client.ip], rate: 100/minute}')).toEqual({
      limits: [
        {
          name: 'it',
          path: ['rateLimits', 'it'],
          parts: [{ kind: 'clientIp', part: 'client.ip' }],
          whenMissing: 'share',
          rates: [{ limit: 100, algorithm: 'bucket', seconds: 60, burst: 100 }],
          overrides: [],
          cost: { kind: 'constant', hits: 1 },
          mode: 'enforce',
          scope: 'shared',
          phase: 'main',
          onFailure: 'allow',
          onStoreFailure: 'local',
          headers: 'draft',
          hasBody: false,
          replaces: [],
          maxKeys: 10_000,
        },
      ],
      service: { path: ['rateLimitService'], timeoutMs: 50, deniedStatus: 429, store: { kind: 'memory' } },
    });
  });

  it('takes its failure mode from defaults, unless it says its own', async () => {
    const rest = 'defaults: {onFailure: {rateLimit: deny}}\n';
    expect((await limitOf('{key: [], rate: 1/second}', rest))?.onFailure).toBe('deny');
    expect((await limitOf('{key: [], rate: 1/second, onFailure: allow}', rest))?.onFailure).toBe('allow');
  });

  it('in shadow mode denies nothing while nobody counts either, whatever onFailure says (ratelimit R108)', async () => {
    const rest = 'defaults: {onFailure: {rateLimit: deny}}\n';
    expect((await limitOf('{key: [], rate: 1/second, mode: shadow}', rest))?.onFailure).toBe('allow');
    expect((await limitOf('{key: [], rate: 1/second, mode: shadow, onFailure: deny}'))?.onFailure).toBe('allow');
  });

  it.each([
    ['203.0.113.7', undefined],
    ['2001:db8::7', undefined],
    ['::ffff:203.0.113.7', undefined],
    ['2001:db8:*', undefined],
    ['2001:0db8::7', 'write 2001:db8::7'],
    ['2001:db8:0:0:1:0:0:7', 'write 2001:db8::1:0:0:7'],
    ['203.0.113.07', 'write 203.0.113.7 or 2001:db8::7; blocks need a key with client.net/N'],
    ['fe80::1%eth0', 'write 203.0.113.7 or 2001:db8::7; blocks need a key with client.net/N'],
  ])('warns where an override names %s as no proxy writes it (ratelimit R107)', async (address, help) => {
    const { issues } = await resolve(
      `${BASE}rateLimits:\n  it: {key: [client.ip], rate: 1/second, overrides: [{match: {client.ip: "${address}"}, rate: 0/day}]}\nroutes: [{name: r, backends: [orders], rateLimits: [it]}]\n`,
    );
    expect(issues.map((issue) => issue.help)).toEqual(help === undefined ? [] : [help]);
  });

  it('has windows of the calendar where they are a day or longer (R104)', async () => {
    const windows = async (rate: string) => (await limitOf(`{key: [], rate: ${rate}, algorithm: fixedWindow}`))?.rates[0]?.calendar;
    const utc = { timeZone: 'UTC', weekStart: 'monday', monthDay: 1 };
    expect(await windows('5/month')).toEqual({ unit: 'month', count: 1, ...utc });
    expect(await windows('5/3d')).toEqual({ unit: 'day', count: 3, ...utc });
    expect(await windows('5/36h')).toBeUndefined();
    expect(await windows('5/hour')).toBeUndefined();
  });

  it('spells headers in lower case, in overrides too', async () => {
    const limit = await limitOf('{key: [header.X-Tier], rate: 1/second, overrides: [{match: {header.X-TIER: Gold}, rate: unlimited}]}');
    expect(limit?.parts).toEqual([{ kind: 'header', part: 'header.x-tier', name: 'x-tier' }]);
    expect(limit?.overrides).toEqual([{ match: [{ part: 'header.x-tier', value: 'Gold' }], rates: [], shared: false }]);
  });

  it('is absent from a gateway that has none', async () => {
    const { model } = await resolve(`${BASE}routes: [{name: r, backends: [orders]}]\n`);
    expect([model?.limits, model?.routes[0]?.limits]).toEqual([undefined, undefined]);
  });
});

describe('the store', () => {
  it('keeps secrets as secrets (C7)', async () => {
    const canary = 'canary-4711-canary';
    const redis = `redis: {url: "rediss://limits:6380/3", username: u, password: ${canary}, tls: {serverName: limits.internal}}`;
    const { service } = await limitsOf('{key: [], rate: 1/second}', `rateLimitService: {store: redis, ${redis}, keySecret: ${canary}}\n`);
    expect(JSON.stringify(service)).not.toContain(canary);
    expect(service.keySecret?.reveal()).toBe(canary);
    expect(service.store).toMatchObject({
      kind: 'redis',
      endpoint: { kind: 'single', host: 'limits', port: 6380 },
      db: 3,
      username: 'u',
      tls: { serverName: 'limits.internal' },
      timeoutMs: 25,
      prefix: 'crl',
    });
  });
});

describe('what can be counted', () => {
  const algorithms: readonly Algorithm[] = ['fixed', 'sliding', 'slidingExact', 'bucket'];
  const numbers = fc.oneof(
    fc.integer({ min: 0, max: 2000 }),
    fc.maxSafeNat(),
    fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits),
  );

  it('is the same at validate and in the limiter (R103, R402, R403)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...algorithms),
        numbers,
        fc.integer({ min: 1, max: 366 * 86_400 }),
        numbers.map((burst) => Math.max(1, burst)),
        (algorithm, limit, seconds, burst) => {
          const found = countingProblem({ algorithm, limit, seconds, burst });
          const store = { id: '', algorithm, limit, periodUs: seconds * 1_000_000, burst, onStoreFailure: 'allow' as const };
          expect(found === undefined).toBe(limitProblem(store) === undefined);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('overrides', () => {
  it('that are accepted give the same rate in any order (R107, C1)', async () => {
    const values = ['gold', 'gold-*', '*-trial', 'go*', '*'];
    const limit = await limitOf(
      `{key: [header.x-tier, method], rate: 1/second, overrides: [${values.map((value, index) => `{match: {header.x-tier: "${value}"}, rate: ${index + 1}/second}`).join(', ')}, {match: {header.x-tier: "gold-*", method: GET}, rate: 9/second}]}`,
    );
    const overrides = (limit?.overrides ?? []).map(({ match, shared, rates }) => ({
      match,
      shared,
      rates: rates.map((rate) => ({ ...rate, periodUs: 1 })),
    }));
    const requests = ['gold', 'gold-1', 'x-trial', 'gone', 'other'].flatMap((tier) => [['header.x-tier', tier] as const]);
    const chosen = (list: typeof overrides): readonly (number | undefined)[] =>
      requests.flatMap((request) =>
        ['GET', 'PUT'].map((method) => overrideChoice(list)(new Map([request, ['method', method]]))?.override.rates[0]?.limit),
      );
    expect(chosen(overrides)).toEqual([1, 1, 9, 2, 3, 3, 4, 4, 5, 5]);
    const shuffles = fc.shuffledSubarray(overrides, { minLength: overrides.length });
    fc.assert(
      fc.property(shuffles, (shuffled) => {
        expect(chosen(shuffled)).toEqual(chosen(overrides));
      }),
    );
  });
});
