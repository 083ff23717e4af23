// API keys through a real Envoy and a companion: what a partner's key opens, and what a change of the file does to it at once.
import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthGateway, startAuthGateway } from '../../support/auth-gateway.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const key = (id: string): string => `ck_${id.padEnd(8, 'x')}_0123456789abcdefghijABCDEFGHIJ01`;
const PEPPER = 'a pepper of thirty-two bytes, at least';
const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const hmac = (text: string): string => `hmac:${createHmac('sha256', PEPPER).update(text).digest('hex')}`;

type Consumers = Readonly<Record<string, object>>;

const FIRST: Consumers = {
  acme: { keys: [sha(key('acme1')), sha(key('acme2'))], scopes: ['orders:read'], metadata: { plan: 'gold' } },
  plain: { keys: [sha(key('plain'))] },
  gone: { keys: [sha(key('gone'))], notAfter: '2020-01-31' },
  later: { keys: [sha(key('later'))], notAfter: '2999-01-31' },
};

describe('API keys (authz K1-K5, D4)', () => {
  let upstream: Upstream;
  let gateway: AuthGateway;

  const config = (consumers: Consumers): object => ({
    services: { backend: { endpoints: [upstream.address] } },
    apiKeys: {
      partners: { forward: { 'x-client-id': 'consumer' }, consumers },
      peppered: { pepper: PEPPER, from: [{ header: 'x-peppered-key' }], consumers: { bolt: { keys: [hmac(key('bolt'))] } } },
    },
    routes: [
      { name: 'keyed', matches: [{ path: { prefix: '/keyed' } }], backends: ['backend'], auth: { apiKeys: 'partners' } },
      {
        name: 'scoped',
        matches: [{ path: { prefix: '/scoped' } }],
        backends: ['backend'],
        auth: { apiKeys: 'partners', scopes: ['orders:read'] },
      },
      {
        name: 'gold',
        matches: [{ path: { prefix: '/gold' } }],
        backends: ['backend'],
        auth: { apiKeys: 'partners', claims: [{ claim: 'plan', equals: 'gold' }] },
      },
      { name: 'peppered', matches: [{ path: { prefix: '/peppered' } }], backends: ['backend'], auth: { apiKeys: 'peppered' } },
    ],
  });
  const withKey = (name: string): Readonly<Record<string, string>> => ({ 'x-api-key': key(name) });

  beforeAll(async () => {
    upstream = await startUpstream({ name: 'backend' });
    gateway = await startAuthGateway({ config: config(FIRST) });
    await gateway.becomes('401 apiKey.missing', '/keyed');
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await upstream?.close();
  });

  it('that are live pass, with the consumer stamped over what the client sent and the key taken away (H1, H5, H8)', async () => {
    for (const name of ['acme1', 'acme2', 'plain', 'later']) {
      const response = await gateway.send({
        path: '/keyed',
        headers: { ...withKey(name), 'x-client-id': 'root', 'X-Chancery-Policy': 'root' },
      });
      expect(response.status, name).toBe(200);
      const { headers } = upstream.requests.at(-1) ?? { headers: {} as Readonly<Record<string, string>> };
      expect(headers['x-client-id']).toBe(name.replace(/\d$/, ''));
      expect(Object.keys(headers).filter((header) => /api-key|x-chancery/.test(header))).toEqual([]);
    }
  });

  it('that are unknown, expired or nobody’s are one answer, with a challenge (K4, G8)', async () => {
    for (const sent of [key('gone'), key('other'), `${key('acme1')}x`, 'x', sha(key('acme1'))]) {
      const response = await gateway.send({ path: '/keyed', headers: { 'x-api-key': sent } });
      expect([response.status, response.json()['code']], sent).toEqual([401, 'apiKey.invalid']);
      expect(response.headers['www-authenticate']).toContain('ApiKey realm="edge"');
    }
    expect(await gateway.ask('/keyed', { 'x-api-key': [key('acme1'), key('acme2')] })).toBe('400 auth.multiple');
  });

  it('open what their scopes and metadata allow (M7)', async () => {
    expect(await gateway.ask('/scoped', withKey('acme2'))).toBe('200');
    expect(await gateway.ask('/scoped', withKey('plain'))).toBe('403 scope.insufficient');
    expect(await gateway.ask('/gold', withKey('acme1'))).toBe('200');
    expect(await gateway.ask('/gold', withKey('plain'))).toBe('403 claim.mismatch');
  });

  it('whose digests are peppered pass by the pepper, which travels apart (D4)', async () => {
    await gateway.becomes('200', '/peppered', { 'x-peppered-key': key('bolt') });
    expect(await gateway.ask('/peppered', { 'x-peppered-key': key('acme1') })).toBe('401 apiKey.invalid');
    // The key of another source is not looked at.
    expect(await gateway.ask('/peppered', withKey('acme1'))).toBe('401 apiKey.missing');
  });

  it('that are removed are refused at once, those that are added pass, and no other stops (K5, D4)', async () => {
    await gateway.publish(config({ ...FIRST, acme: { keys: [sha(key('acme2')), sha(key('acme3'))], scopes: ['orders:read'] } }));
    await gateway.becomes('401 apiKey.invalid', '/keyed', withKey('acme1'), 5_000);
    expect(await gateway.ask('/keyed', withKey('acme2'))).toBe('200');
    expect(await gateway.ask('/keyed', withKey('acme3'))).toBe('200');
    expect(await gateway.ask('/gold', withKey('acme2'))).toBe('403 claim.mismatch');
  });
});
