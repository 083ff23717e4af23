// Keys that come and go, through a real Envoy in both forms, and floods of made-up key names (authz J6, J7, J10, T12, T13).
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthGateway, answerText, startAuthGateway } from '../../support/auth-gateway.ts';
import { openConnection } from '../../support/http-client.ts';
import { type JwksServer, segment, startJwksServer, testIssuer, testKey } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const slow = testIssuer({ issuer: 'https://slow.test/' });
const fast = testIssuer({ issuer: 'https://fast.test/' });
const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const FLOOD = 10_000;
const CONNECTIONS = 16;

/** A sound token whose key nobody has. */
function madeUp(issuer: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const header = { alg: 'ES256', typ: 'at+jwt', kid: randomBytes(9).toString('base64url') };
  const payload = { iss: issuer, aud: 'shop', exp: now + 300 };
  return `${segment(JSON.stringify(header))}.${segment(JSON.stringify(payload))}.${segment(randomBytes(64))}`;
}

describe('keys of an issuer behind a real Envoy', () => {
  let upstream: Upstream;
  let slowJwks: JwksServer;
  let fastJwks: JwksServer;
  let gateway: AuthGateway;

  beforeAll(async () => {
    upstream = await startUpstream({ name: 'backend' });
    [slowJwks, fastJwks] = await Promise.all([startJwksServer(slow), startJwksServer(fast)]);
    const provider = (issuer: string, url: string, cacheFor: string): object => ({
      issuer,
      audiences: ['shop'],
      algorithms: ['ES256'],
      jwks: { url, cacheFor, timeout: '2s', serveStaleFor: '1h' },
    });
    const policies = {
      'slow-companion': { anyOf: [{ jwt: 'slow' }], enforce: 'companion' },
      'fast-companion': { anyOf: [{ jwt: 'fast' }], enforce: 'companion' },
      'fast-proxy': { anyOf: [{ jwt: 'fast' }], enforce: 'proxy' },
    };
    const route = (name: string): object => ({
      name,
      matches: [{ path: { exact: `/${name}` } }],
      backends: ['backend'],
      auth: { policy: name },
    });
    gateway = await startAuthGateway({
      config: {
        services: { backend: { endpoints: [upstream.address] } },
        jwt: { slow: provider(slow.issuer, slowJwks.url, '5m'), fast: provider(fast.issuer, fastJwks.url, '1s') },
        policies,
        routes: Object.keys(policies).map(route),
      },
    });
    for (const [name, issuer] of [
      ['slow-companion', slow],
      ['fast-companion', fast],
      ['fast-proxy', fast],
    ] as const)
      await gateway.becomes('200', `/${name}`, bearer(issuer.mint()));
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([slowJwks?.stop(), fastJwks?.stop(), upstream?.close()]);
  });

  it('a new key is good with the first token that names it, after one fetch (J6, T13)', async () => {
    const next = testKey('ES256', 2);
    const before = slowJwks.requests.length;
    slow.keys.push(next);
    const begun = performance.now();
    await gateway.becomes('200', '/slow-companion', bearer(slow.mint({ key: next })), 5_000);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(slowJwks.requests.length - before).toBe(1);
    expect(await gateway.ask('/slow-companion', bearer(slow.mint()))).toBe('200');
  });

  it.each([['/fast-companion'], ['/fast-proxy']])(
    'at %s a removed key is refused with its remembered tokens once its time is over, the new one is good (J10, C5, T13)',
    async (path) => {
      const [old = testKey('ES256', 1)] = fast.keys;
      const next = testKey('ES256', path === '/fast-proxy' ? 4 : 3);
      const remembered = bearer(fast.mint({ key: old }));
      // The companion and the control plane, which gives Envoy its keys, fetch each for itself: one may know a key before the other.
      await gateway.becomes('200', path, remembered, 5_000);
      fast.keys = [old, next];
      await gateway.becomes('200', path, bearer(fast.mint({ key: next })), 5_000);
      expect(await gateway.ask(path, remembered)).toBe('200');
      fast.keys = [next];
      await gateway.becomes('401 jwt.key', path, remembered, 5_000);
      expect(await gateway.ask(path, bearer(fast.mint({ key: old })))).toBe('401 jwt.key');
      expect(await gateway.ask(path, bearer(fast.mint({ key: next })))).toBe('200');
    },
  );

  it('ten thousand made-up key names cause one fetch at most, and let nobody in (J6, J7, T12)', async () => {
    // The new key of the first test began the pause of 30 s, so nothing more may be fetched before its end.
    const before = slowJwks.requests.length;
    const begun = performance.now();
    const answers = new Set<string>();
    const one = async (): Promise<void> => {
      const connection = await openConnection({ port: gateway.port });
      try {
        for (let index = 0; index < FLOOD / CONNECTIONS; index += 1)
          answers.add(answerText(await connection.request({ path: '/slow-companion', headers: bearer(madeUp(slow.issuer)) })));
      } finally {
        connection.close();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
    const seconds = (performance.now() - begun) / 1_000;
    expect(slowJwks.requests.length - before).toBeLessThanOrEqual(Math.ceil(seconds / 30));
    // A machine that is too busy may say so.
    answers.delete('503 authz.overloaded');
    expect([...answers]).toEqual(['401 jwt.key']);
    await gateway.becomes('200', '/slow-companion', bearer(slow.mint()));
  }, 60_000);

  it('a flood at an issuer that fails is 503, never 401, and asks it no more often than a single token would (G5, T12)', async () => {
    fastJwks.fault = 'error';
    // Until the last good answer is old.
    await gateway.becomes('503 jwks.unavailable', '/fast-companion', bearer(madeUp(fast.issuer)));
    const before = fastJwks.requests.length;
    const begun = performance.now();
    const answers = new Set<string>();
    for (let index = 0; index < 300; index += 1) answers.add(await gateway.ask('/fast-companion', bearer(madeUp(fast.issuer))));
    const seconds = (performance.now() - begun) / 1_000;
    answers.delete('503 authz.overloaded');
    expect([...answers]).toEqual(['503 jwks.unavailable']);
    // Companion and control plane each try again after 1 s, 2 s, 4 s …, whoever asks.
    expect(fastJwks.requests.length - before).toBeLessThanOrEqual(2 * (Math.ceil(seconds) + 1));
    // Tokens of known keys pass all the while (J5).
    expect(await gateway.ask('/fast-companion', bearer(fast.mint()))).toBe('200');
    expect(await gateway.ask('/fast-proxy', bearer(fast.mint()))).toBe('200');
  }, 30_000);
});
