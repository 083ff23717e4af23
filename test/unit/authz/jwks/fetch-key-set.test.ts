// What an issuer, or somebody in its place, may answer in place of its keys (authz J1-J3, J8, A18, T11): never believed, never waited for, and the
// good set stays.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FetchOutcome, fetchKeySet } from '../../../../src/authz/jwks/fetch-key-set.ts';
import type { KeyOwner } from '../../../../src/authz/jwks/key-source.ts';
import { KeyStore } from '../../../../src/authz/jwks/key-store.ts';
import { eventually } from '../../../support/eventually.ts';
import { type JwksServer, startJwksServer, testIssuer, testKey } from '../../../support/test-issuer.ts';

const issuer = testIssuer({ algorithms: ['RS256', 'ES256'] });
const TIMEOUT_MS = 250;

function ownerOf(url: string, discovery = false): KeyOwner {
  const keys = {
    kind: 'remote',
    url,
    discovery,
    cacheForMs: 300_000,
    timeoutMs: TIMEOUT_MS,
    serveStaleForMs: 3_600_000,
    ca: undefined,
  } as const;
  return { issuer: issuer.issuer, algorithms: ['RS256', 'ES256'], keys };
}

function told(outcome: FetchOutcome): string {
  return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
}

const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
const tiny = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ format: 'jwk' });
const secret = testKey('ES256').privateKey.export({ format: 'jwk' });
const good = testKey('ES256').jwk;

/** Key sets in which no key may be used. */
const BODIES: readonly (readonly [what: string, keys: readonly object[]])[] = [
  ['without keys', []],
  ['with a private key', [{ ...secret, kid: 'a', alg: 'ES256' }]],
  ['with a shared secret', [{ kty: 'oct', k: 'c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMtYXQtbGVhc3Q', alg: 'HS256' }]],
  ['with a weak RSA key', [{ ...weak, kid: 'a', alg: 'RS256' }]],
  ['with an RSA key of 512 bits', [{ ...tiny, kid: 'a', alg: 'RS256' }]],
  ['with a small exponent', [{ ...testKey('RS256').jwk, e: 'Aw' }]],
  ['with the exponent 1, with which every text is signed', [{ ...testKey('RS256').jwk, e: 'AQ' }]],
  [
    'with keys of one name and no algorithm that is one',
    [
      { ...good, kid: 'a', alg: 'none' },
      { ...good, kid: 'a', alg: 'HS256' },
    ],
  ],
  ['with a key for encryption', [{ ...good, use: 'enc' }]],
  ['with a key that may only sign', [{ ...good, key_ops: ['sign'] }]],
  ['with an algorithm that is not ours', [{ ...testKey('ES384').jwk }]],
  ['with a point that is not on the curve', [{ ...good, x: good.y, y: good.x }]],
  ['with a curve that does not fit', [{ ...good, alg: 'ES384' }]],
];

describe('a key set', () => {
  let server: JwksServer;
  let elsewhere: JwksServer;

  beforeAll(async () => {
    server = await startJwksServer(issuer);
    elsewhere = await startJwksServer(issuer);
    server.elsewhere = elsewhere.url;
  });
  afterEach(() => {
    server.fault = 'none';
    server.body = undefined;
    server.headers = {};
  });
  afterAll(async () => {
    await Promise.all([server.stop(), elsewhere.stop()]);
  });

  const fetched = async (url = server.url): Promise<string> => told(await fetchKeySet(ownerOf(url), { etag: undefined, dev: true }));

  it('that is sound gives its keys', async () => {
    expect(await fetched()).toBe('keys');
  });

  it.each([
    ['error', 'status'],
    ['html', 'form'],
    ['empty', 'form'],
    ['redirect', 'redirect'],
    ['huge', 'oversized'],
    ['drip', 'timeout'],
    ['hang', 'timeout'],
    ['reset', 'network'],
    ['cut', 'network'],
  ] as const)('in whose place comes %s is none: %s (authz J1, J3, T11)', async (fault, reason) => {
    server.fault = fault;
    const begun = performance.now();
    expect(await fetched()).toBe(reason);
    expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + 2_000);
    expect(elsewhere.requests).toEqual([]);
  });

  it.each(BODIES)('%s has none to use (authz A18, J8, T11)', async (_what, keys) => {
    server.body = JSON.stringify({ keys });
    expect(await fetched()).toBe('empty');
    // One of them does not spoil the others.
    server.body = JSON.stringify({ keys: [...keys, { ...good, kid: 'good' }] });
    const outcome = await fetchKeySet(ownerOf(server.url), { etag: undefined, dev: true });
    expect(outcome).toMatchObject({ kind: 'keys', skipped: keys.length, keys: [{ kid: 'good', alg: 'ES256' }] });
  });

  it.each([
    ['{"keys": [], "keys": []}'],
    ['[]'],
    ['{"keys": {}}'],
    [`{"keys": ${'['.repeat(2_000)}`],
    [`\ufeff{"keys": []}`],
    ['{"keys": []} x'],
  ])('that reads %.30s is of no form (authz J3)', async (body) => {
    server.body = body;
    expect(await fetched()).toBe('form');
  });

  it('of more than a hundred keys is of no form (authz J3)', async () => {
    server.body = JSON.stringify({ keys: Array.from({ length: 101 }, (_, index) => ({ ...good, kid: String(index) })) });
    expect(await fetched()).toBe('form');
  });

  it.each([
    ['https://169.254.169.254/latest/meta-data'],
    ['https://[fe80::1]/jwks.json'],
    ['https://[::ffff:169.254.169.254]/jwks.json'],
    ['https://0.0.0.0/jwks.json'],
    ['https://[::]/jwks.json'],
    ['https://224.0.0.1/jwks.json'],
    ['https://2852039166/jwks.json'],
    ['http://192.0.2.1/jwks.json'],
    ['http://id.example.com/jwks.json'],
    ['file:///etc/passwd'],
    ['not an address'],
  ])('at %s is not asked for, in development neither (authz J1, J2, T11)', async (url) => {
    expect(await fetched(url)).toBe('address');
  });

  it('on this machine is not asked for outside of development, by name or number (authz J2)', async () => {
    const { port } = new URL(server.url);
    const before = server.requests.length;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1', '0x7f000001']) {
      const outcome = await fetchKeySet(ownerOf(`https://${host}:${port}/jwks.json`), { etag: undefined, dev: false });
      expect([host, told(outcome)]).toEqual([host, 'address']);
    }
    expect(server.requests).toHaveLength(before);
  });

  it('that discovery names must lie where key sets may lie, and be of the issuer (authz J9)', async () => {
    const discovered = (): Promise<FetchOutcome> => fetchKeySet(ownerOf(server.origin, true), { etag: undefined, dev: true });
    expect(told(await discovered())).toBe('keys');
    const other = await startJwksServer(testIssuer({ issuer: 'https://other.example.com/' }));
    try {
      expect(told(await fetchKeySet(ownerOf(other.origin, true), { etag: undefined, dev: true }))).toBe('issuer');
    } finally {
      await other.stop();
    }
  });

  it('that the issuer did not change is not sent again: by its tag, by discovery too (authz J4)', async () => {
    server.headers = { etag: '"v1"' };
    for (const owner of [ownerOf(server.url), ownerOf(server.origin, true)]) {
      const first = await fetchKeySet(owner, { etag: undefined, dev: true });
      expect(first).toMatchObject({ kind: 'keys', etag: '"v1"' });
      expect(await fetchKeySet(owner, { etag: '"v1"', dev: true })).toEqual({ kind: 'unchanged' });
      expect(await fetchKeySet(owner, { etag: '"v0"', dev: true })).toMatchObject({ kind: 'keys' });
    }
  });

  it.each([
    ['max-age=60', 60_000],
    ['public, MAX-AGE=0', 0],
    ['max-age=60, must-revalidate', 60_000],
    ['s-maxage=60', undefined],
    ['max-age=-1', undefined],
    ['max-age="60"', undefined],
    ['max-age=99999999999999999999', undefined],
  ])('with cache-control: %s says for how long it is good: %s ms (authz J4)', async (text, maxAgeMs) => {
    server.headers = { 'cache-control': text };
    const outcome = await fetchKeySet(ownerOf(server.url), { etag: undefined, dev: true });
    expect(outcome.kind === 'keys' && outcome.maxAgeMs).toBe(maxAgeMs);
  });

  it('that was good stays whatever comes after it (authz J5, J8, T11)', async () => {
    const outcomes: string[] = [];
    const waiting: (() => void)[] = [];
    const store = new KeyStore({
      fetch: fetchKeySet,
      dev: true,
      nowMs: Date.now,
      random: () => 0.5,
      // The test says when it is time for the next fetch.
      after: (ms, run) => {
        if (ms <= 300_000) waiting.push(run);
        return () => void waiting.splice(waiting.indexOf(run) >>> 0, 1);
      },
      onChange: () => undefined,
      onFetched: (_owner, outcome) => outcomes.push(told(outcome)),
    });
    const owner = ownerOf(server.url);
    try {
      store.watch([owner]);
      await store.tried();
      const { text } = store.provider(owner) ?? {};
      expect(text).toContain(good.x);
      const next = async (): Promise<void> => {
        const before = outcomes.length;
        for (const run of waiting.splice(0)) run();
        await eventually(() => outcomes.length > before, { what: 'the fetch' });
        expect(store.provider(owner)).toMatchObject({ state: 'fresh', text });
      };
      for (const fault of ['html', 'redirect', 'error', 'huge', 'drip'] as const) {
        server.fault = fault;
        await next();
      }
      server.fault = 'none';
      for (const [, keys] of BODIES) {
        server.body = JSON.stringify({ keys });
        await next();
      }
      expect(outcomes.filter((outcome) => outcome === 'keys')).toHaveLength(1);
    } finally {
      store.stop();
    }
  });
});
