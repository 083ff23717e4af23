// The table of limits as companions get it: what the compiler writes is read back whole, and what is wrong or unknown is refused (R301).
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadEnvoyApi } from '../../../../src/proto/api.ts';
import type { RateLimitTable } from '../../../../src/proto/generated/chancery/policy/v1/RateLimitTable.ts';
import { tableRevision } from '../../../../src/proto/table-revision.ts';
import { decodeTable } from '../../../../src/ratelimit/table/decode-table.ts';
import { TableProblem } from '../../../../src/ratelimit/table/table-problem.ts';
import { GOLDENS } from '../../../support/golden-files.ts';
import { compileGatewayFile } from '../../../support/golden-gateway.ts';

const api = loadEnvoyApi();
const TYPE = 'chancery.policy.v1.RateLimitTable';

async function compiled(feature: string): Promise<RateLimitTable> {
  const { resources } = await compileGatewayFile(path.join(GOLDENS, feature, 'gateway.yaml'));
  const table = resources.find((resource) => resource.kind === 'RateLimitTable');
  if (table === undefined) throw new Error('no table');
  return table.message;
}

const SOUND: RateLimitTable = { domain: 'chancery.shop', limits: [], store: { memory: {} } };

function decode(message: RateLimitTable, name = 'shop') {
  return decodeTable(api, name, api.encode(TYPE, { ...message, revision: tableRevision(api, message) }));
}

const RULE = {
  name: 'a',
  when_missing: 'SHARE',
  mode: 'ENFORCE_LIMIT',
  on_store_failure: 'COUNT_LOCALLY',
  headers: 'DRAFT',
  rates: [{ limit: 1, algorithm: 'TOKEN_BUCKET', period_us: 1_000_000, burst: 1 }],
} as const satisfies NonNullable<RateLimitTable['limits']>[number];

const PARTS = [
  { part: 'a', entry: 'a' },
  { part: 'b', entry: 'b' },
];
const KEYED: NonNullable<RateLimitTable['limits']>[number] = { ...RULE, rates: [...RULE.rates], parts: PARTS };

describe('a compiled table', () => {
  it('is read back whole', async () => {
    const { table, store } = decode(await compiled('limits-shared'));
    expect(store).toEqual({ kind: 'memory', snapshotFile: '/var/lib/chancery/limits' });
    expect(table.domains.map(({ domain }) => domain)).toEqual(['chancery.shop']);
    const limits = new Map(table.domains[0]?.limits.map((limit) => [limit.name, limit]));
    expect([...limits.keys()]).toEqual(['busy', 'editor', 'login', 'per-user', 'plan', 'search', 'tokens', 'trial', 'weighed']);
    expect(limits.get('login')).toEqual({
      name: 'login',
      parts: [
        { part: 'client.net/24', entry: 'masked_remote_address' },
        { part: 'route', entry: 'route' },
      ],
      whenMissing: 'share',
      rates: [{ limit: 5, algorithm: 'slidingExact', periodUs: 3_600_000_000, burst: 5 }],
      overrides: [],
      mode: 'enforce',
      replaces: [],
      onStoreFailure: 'local',
      headers: 'draft',
      body: 'problem',
    });
    const calendar = { unit: 'month', count: 1, timeZone: 'Europe/Berlin', weekStart: 'monday', monthDay: 1 };
    expect(limits.get('plan')?.rates[0]).toEqual({ limit: 5e9, algorithm: 'fixed', periodUs: 2_592_000_000_000, burst: 5e9, calendar });
    expect(limits.get('plan')?.overrides[1]).toMatchObject({ match: [{ part: 'jwt.tenant', value: 'trial-*' }], shared: true });
    expect(limits.get('trial')?.mode).toBe('shadow');
  });

  it('names secrets as companions hold them, and holds none', async () => {
    const message = await compiled('limits-redis');
    expect(api.encode(TYPE, message).toString('latin1')).not.toContain('not-a-secret');
    expect(decode(message).store).toEqual({
      kind: 'redis',
      keySecretName: 'shop/secret/rateLimit/key',
      endpoint: {
        kind: 'sentinel',
        name: 'limits',
        hosts: [
          { host: '10.0.0.5', port: 26379 },
          { host: 'sentinel.internal', port: 26379 },
        ],
        passwordName: 'shop/secret/rateLimit/sentinel',
      },
      db: 0,
      username: 'chancery',
      passwordName: 'shop/secret/rateLimit/redis',
      tls: { serverName: 'limits.internal' },
      timeoutMs: 20,
      prefix: 'shop',
    });
  });
});

describe('a table is refused', () => {
  it.each<[string, RateLimitTable, string]>([
    ['for another gateway', { ...SOUND, domain: 'chancery.edge' }, 'domain'],
    ['without a store', { domain: 'chancery.shop' }, 'store'],
    [
      'with Redis but no secret',
      { ...SOUND, store: { redis: { single: { host: 'a', port: 1 }, timeout_ms: 1, prefix: 'crl' } } },
      'store.key_secret_name',
    ],
    ['with a name twice', { ...SOUND, limits: [RULE, RULE] }, 'limits'],
    [
      'with an algorithm that is not known',
      { ...SOUND, limits: [{ ...RULE, rates: [{ ...RULE.rates[0], algorithm: 'LIMIT_ALGORITHM_UNSPECIFIED' }] }] },
      'limits[0].rates[0].algorithm',
    ],
    [
      'with a rate that cannot be counted',
      { ...SOUND, limits: [{ ...RULE, rates: [{ ...RULE.rates[0], burst: 0 }] }] },
      'limits[0].rates[0]',
    ],
    [
      'with an override of what is not in the key',
      { ...SOUND, limits: [{ ...RULE, overrides: [{ match: [{ part: 'x', value: 'y' }] }] }] },
      'limits[0].overrides[0].match[0].part',
    ],
    [
      'with a time zone that this machine does not know',
      {
        ...SOUND,
        limits: [
          {
            ...RULE,
            rates: [
              {
                ...RULE.rates[0],
                algorithm: 'FIXED_WINDOW',
                calendar: { unit: 'DAY', count: 1, time_zone: 'Mars/Base', week_start: 'MONDAY', month_day: 1 },
              },
            ],
          },
        ],
      },
      'limits[0].rates[0].calendar.time_zone',
    ],
  ])('%s', (_what, message, field) => {
    expect(() => decode(message)).toThrow(TableProblem);
    expect(() => decode(message)).toThrow(field);
  });

  const keyed = (...overrides: NonNullable<(typeof KEYED)['overrides']>) => ({ ...SOUND, limits: [{ ...KEYED, overrides }] });

  it.each<[string, RateLimitTable, string]>([
    [
      'that may fit one request and stand equal (R107)',
      keyed({ match: [{ part: 'a', value: 'x*' }] }, { match: [{ part: 'b', value: 'y' }] }, { match: [{ part: 'a', value: '*x' }] }),
      'limits[0].overrides[2] may fit the same request as limits[0].overrides[0], and neither is more exact',
    ],
    ['without a match', keyed({}), 'limits[0].overrides[0].match is empty'],
    [
      'that name a part twice',
      keyed({
        match: [
          { part: 'a', value: 'x' },
          { part: 'a', value: 'y' },
        ],
      }),
      'limits[0].overrides[0].match names a part twice',
    ],
    [
      'whose rate cannot be counted',
      keyed({ match: [{ part: 'a', value: 'x' }], rates: [{ ...RULE.rates[0], burst: 0 }] }),
      'limits[0].overrides[0].rates[0] cannot be counted',
    ],
  ])('for overrides %s', (_what, message, problem) => {
    expect(() => decode(message)).toThrow(problem);
  });

  it.each<[string, readonly string[], string]>([
    ['itself', ['a'], 'limits[0].replaces[0] is the limit itself'],
    ['a limit that is not there', ['b', 'c'], 'limits[0].replaces[1] is no limit of this table'],
  ])('for a limit that replaces %s (R110)', (_what, replaces, problem) => {
    const limits = [
      { ...RULE, replaces: [...replaces] },
      { ...RULE, name: 'b' },
    ];
    expect(() => decode({ ...SOUND, limits })).toThrow(problem);
  });

  it('for a key that names a part twice', () => {
    expect(() => decode({ ...SOUND, limits: [{ ...RULE, parts: [...PARTS, ...PARTS] }] })).toThrow('limits[0].parts name a part twice');
  });

  it('with a field that is not known here, whatever its revision', () => {
    const bytes = api.encode(TYPE, { ...SOUND, revision: tableRevision(api, SOUND) });
    const unknown = Buffer.concat([bytes, Buffer.from([0xf8, 0x07, 0x01])]);
    expect(() => decodeTable(api, 'shop', unknown)).toThrow('not known here');
  });

  it('with the revision of another content', () => {
    expect(() => decodeTable(api, 'shop', api.encode(TYPE, { ...SOUND, revision: '0123456789abcdef' }))).toThrow('revision');
  });
});
