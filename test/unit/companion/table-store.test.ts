import { describe, expect, it } from 'vitest';
import { type OpeningContext, openStore, planStore, type StorePlan } from '../../../src/companion/table-store.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { SILENT_LISTENER } from '../../../src/ratelimit/store/store-listener.ts';
import type { StoreSettings } from '../../../src/ratelimit/table/decode-store.ts';
import { use, yearly } from '../../contract/ratelimit-store-contract.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const REDIS: Extract<StoreSettings, { readonly kind: 'redis' }> = {
  kind: 'redis',
  endpoint: { kind: 'single', host: 'limits.internal', port: 6379 },
  db: 0,
  username: 'chancery',
  passwordName: 'edge/secret/rateLimit/redis',
  tls: { ca: 'CA', keyName: 'edge/secret/rateLimit/redisTls' },
  keySecretName: 'edge/secret/rateLimit/key',
  prefix: 'crl',
  timeoutMs: 25,
};
const SECRETS: Readonly<Record<string, string>> = {
  'edge/secret/rateLimit/key': 'key of counters',
  'edge/secret/rateLimit/redis': 'old',
  'edge/secret/rateLimit/redisTls': 'PEM',
  'edge/secret/rateLimit/sentinel': 'sentinel',
};

function planned(
  store: Parameters<typeof planStore>[0],
  own: Parameters<typeof planStore>[1] = {},
  changed: Readonly<Record<string, string>> = {},
) {
  return planStore(store, own, (name) => {
    const text = { ...SECRETS, ...changed }[name];
    return text === undefined || text === '' ? undefined : new Secret(text);
  });
}
function redis(...parameters: Parameters<typeof planned>): Extract<StorePlan, { kind: 'redis' }> {
  const plan = planned(...parameters);
  if (typeof plan === 'string' || plan.kind !== 'redis') throw new Error(`no plan of Redis: ${JSON.stringify(plan)}`);
  return plan;
}

describe('the store that a table asks for', () => {
  it('has the secrets that the table names, and waits for those that are not here, by name (ratelimit R408, R410)', () => {
    const { settings, keySecret } = redis(REDIS);
    expect([settings.password?.reveal(), settings.tls?.key?.reveal(), Buffer.from(keySecret).toString()]).toEqual([
      'old',
      'PEM',
      'key of counters',
    ]);
    for (const name of ['edge/secret/rateLimit/redis', 'edge/secret/rateLimit/redisTls', 'edge/secret/rateLimit/key'])
      expect(planned(REDIS, {}, { [name]: '' })).toBe(`the secret ${name} is not here`);
  });

  it('is the same with other credentials, which are told apart (ratelimit R1008)', () => {
    const first = redis(REDIS);
    const others = [
      redis(REDIS, {}, { 'edge/secret/rateLimit/redis': 'new' }),
      redis(REDIS, {}, { 'edge/secret/rateLimit/redisTls': 'another PEM' }),
      redis({ ...REDIS, username: 'somebody' }),
      redis({ ...REDIS, tls: { ...REDIS.tls, cert: 'CERT' } }),
    ];
    for (const other of others) expect([other.identity, other.credentials === first.credentials]).toEqual([first.identity, false]);
    expect(redis(REDIS)).toMatchObject({ identity: first.identity, credentials: first.credentials });
    expect(JSON.stringify([first.identity, first.credentials])).not.toContain('old');
  });

  it('is another one where another Redis, database, name of keys, timeout, secret of keys, or TLS or none is meant', () => {
    const { tls: _, ...plain } = REDIS;
    const plans = [
      redis(REDIS),
      redis({ ...REDIS, endpoint: { kind: 'single', host: 'limits.internal', port: 6380 } }),
      redis({ ...REDIS, endpoint: { kind: 'cluster', hosts: [{ host: 'limits.internal', port: 6379 }] } }),
      redis({ ...REDIS, db: 1 }),
      redis({ ...REDIS, prefix: 'other' }),
      redis({ ...REDIS, timeoutMs: 30 }),
      redis(plain),
      redis(REDIS, {}, { 'edge/secret/rateLimit/key': 'another' }),
    ];
    expect(new Set(plans.map(({ identity }) => identity)).size).toBe(plans.length);
  });

  it('of Sentinel: its own password may be rotated too', () => {
    const endpoint = {
      kind: 'sentinel',
      name: 'limits',
      hosts: [{ host: 's', port: 26_379 }],
      passwordName: 'edge/secret/rateLimit/sentinel',
    } as const;
    const [before, after] = [redis({ ...REDIS, endpoint }), redis({ ...REDIS, endpoint }, {}, { 'edge/secret/rateLimit/sentinel': 'new' })];
    expect(before.settings.endpoint).toMatchObject({ kind: 'sentinel', name: 'limits' });
    expect([after.identity === before.identity, after.credentials === before.credentials]).toEqual([true, false]);
  });

  it("is the operator's own Redis where he names one, with the names of keys of the table (ratelimit R325)", () => {
    const own = { redis: { url: 'rediss://user:p%40ss@elsewhere:7000/3', ca: 'OWN CA', serverName: 'redis.internal' }, keySecret: KEY };
    const { settings, prefix, keySecret } = redis(REDIS, own);
    expect(settings).toMatchObject({
      endpoint: { kind: 'single', host: 'elsewhere', port: 7000 },
      db: 3,
      username: 'user',
      tls: { ca: 'OWN CA', serverName: 'redis.internal' },
    });
    expect([settings.password?.reveal(), prefix, Buffer.from(keySecret).toString('base64')]).toEqual(['p@ss', 'crl', KEY]);
    expect(redis({ kind: 'memory' }, own).settings.endpoint).toMatchObject({ host: 'elsewhere' });
    expect(planned({ kind: 'memory' }, { redis: own.redis })).toMatch(/key secret is not here/);
    // Without TLS in the address nothing of TLS is used.
    expect(redis(REDIS, { redis: { url: 'redis://elsewhere', ca: 'OWN CA' }, keySecret: KEY }).settings.tls).toBeUndefined();
  });

  it('in memory counts, and a file keeps what long windows counted (ratelimit R601)', async () => {
    const plan = planned({ kind: 'memory' });
    if (typeof plan === 'string') throw new Error(plan);
    const context: OpeningContext = {
      listener: SILENT_LISTENER,
      isOverloaded: () => false,
      onSnapshotError: (error) => {
        throw error;
      },
      nowMs: Date.now,
      monotonicMs: () => performance.now(),
      random: Math.random,
    };
    const { store, renew, close } = await openStore(plan, context);
    const one = use(yearly('fixed', 1));
    await store.take([one], { deadlineMs: Number.POSITIVE_INFINITY });
    renew(plan);
    expect(await store.take([one], { deadlineMs: Number.POSITIVE_INFINITY })).toMatchObject({ isOver: true });
    await close();
  });
});
