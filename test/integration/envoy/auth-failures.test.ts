// Each row of the design's table of failures (authz §7), made to happen: what callers of a real Envoy see, by the companion and by Envoy's own
// filters, where policies deny on failure and where they let pass.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthGateway, answerText, startAuthGateway } from '../../support/auth-gateway.ts';
import { childrenOf } from '../../support/children-of.ts';
import { eventually } from '../../support/eventually.ts';
import { type JwksServer, startJwksServer, testIssuer, testKey } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const MARK = 'x-envoy-auth-failure-mode-allowed';
const main = testIssuer({ issuer: 'https://id.test/' });
const silent = testIssuer({ issuer: 'https://silent.test/' });
const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

interface Opaque {
  readonly server: Server;
  readonly url: string;
  mode: 'active' | 'inactive' | 'error' | 'hang';
  asked: number;
}

async function startOpaque(): Promise<Opaque> {
  const server = createServer((request, response) => {
    opaque.asked += 1;
    request.resume();
    if (opaque.mode === 'hang') return;
    response.writeHead(opaque.mode === 'error' ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ active: opaque.mode === 'active', sub: 'alice', aud: 'shop' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const opaque: Opaque = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`, mode: 'active', asked: 0 };
  return opaque;
}

describe('failures (authz §7)', () => {
  let upstream: Upstream;
  let jwks: JwksServer;
  let silentJwks: JwksServer;
  let opaque: Opaque;
  let gateway: AuthGateway;

  const config = (scope = 'one'): object => {
    const provider = (issuer: string, url: string): object => ({
      issuer,
      audiences: ['shop'],
      algorithms: ['ES256'],
      // Short enough to be lived through.
      jwks: { url, cacheFor: '1s', timeout: '500ms', serveStaleFor: '4s' },
      forwardClaims: { 'x-user-id': 'sub' },
    });
    const policies = Object.fromEntries(
      (['deny', 'allow'] as const).flatMap((onFailure) => [
        [`user-${onFailure}`, { anyOf: [{ jwt: 'main' }], enforce: 'companion', onFailure }],
        [`silent-${onFailure}`, { anyOf: [{ jwt: 'silent' }], enforce: 'companion', onFailure }],
        [`opaque-${onFailure}`, { anyOf: [{ introspection: 'opaque' }], onFailure }],
      ]),
    );
    const route = (name: string, policy: string): object => ({
      name,
      matches: [{ path: { exact: `/${name}` } }],
      backends: ['backend'],
      auth: { policy },
    });
    return {
      services: { backend: { endpoints: [upstream.address] } },
      jwt: { main: provider(main.issuer, jwks.url), silent: provider(silent.issuer, silentJwks.url) },
      introspection: {
        opaque: {
          url: opaque.url,
          client: { id: 'gateway', secret: 'of-the-gateway' },
          issuer: 'https://opaque.test/',
          audiences: ['shop'],
          timeout: '150ms',
          forwardClaims: { 'x-user-id': 'sub' },
        },
      },
      policies: {
        ...policies,
        'user-proxy': { anyOf: [{ jwt: 'main' }], enforce: 'proxy' },
        'silent-proxy': { anyOf: [{ jwt: 'silent' }], enforce: 'proxy' },
        changing: { anyOf: [{ jwt: 'main', scopes: [scope] }], enforce: 'companion' },
      },
      routes: [...Object.keys(policies), 'user-proxy', 'silent-proxy', 'changing'].map((name) => route(name, name)),
    };
  };

  beforeAll(async () => {
    upstream = await startUpstream({ name: 'backend' });
    [jwks, silentJwks, opaque] = await Promise.all([startJwksServer(main), startJwksServer(silent), startOpaque()]);
    silentJwks.fault = 'error';
    gateway = await startAuthGateway({ config: config() });
    await gateway.becomes('200', '/user-proxy', bearer(main.mint()));
    await gateway.becomes('200', '/user-deny', bearer(main.mint()));
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    opaque?.server.closeAllConnections();
    opaque?.server.close();
    await Promise.all([jwks?.stop(), silentJwks?.stop(), upstream?.close()]);
  });

  /** Passed without a stamp, and marked for the backend. */
  async function passesMarked(path: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const before = upstream.requests.length;
    const response = await gateway.send({ path, headers: { ...headers, 'x-user-id': 'root' } });
    expect([path, answerText(response)]).toEqual([path, '200']);
    const seen = upstream.requests.slice(before);
    expect(seen.map((request) => [request.headers[MARK], request.headers['x-user-id']])).toEqual([['true', undefined]]);
  }
  const companion = () => {
    const [first] = gateway.companions.filter(({ child }) => child.isRunning());
    if (first === undefined) throw new Error('no companion runs');
    return first;
  };

  /** The worker that answers stands still while `act` runs. */
  async function whilePaused(act: () => Promise<void>): Promise<void> {
    const workers = await childrenOf(companion().child.pid);
    expect(workers).toHaveLength(1);
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    await act().finally(() => {
      for (const pid of workers) process.kill(pid, 'SIGCONT');
    });
  }

  it('keys that were never fetched: 503 in both forms, never 401 or 200; open policies let pass, marked (G5, J5)', async () => {
    const headers = bearer(silent.mint());
    for (const path of ['/silent-deny', '/silent-proxy']) {
      const response = await gateway.send({ path, headers });
      expect([path, answerText(response)]).toEqual([path, '503 jwks.unavailable']);
      expect(response.headers['www-authenticate']).toBeUndefined();
    }
    await passesMarked('/silent-allow', headers);
    expect(await gateway.ask('/silent-allow')).toBe('401 jwt.missing');
  });

  it('an unknown key of a healthy issuer is 401 in both forms and both modes', async () => {
    const headers = bearer(main.mint({ key: { ...testKey('ES256', 7), kid: 'nobody' } }));
    for (const path of ['/user-deny', '/user-allow', '/user-proxy'])
      expect([path, await gateway.ask(path, headers)]).toEqual([path, '401 jwt.key']);
  });

  it('bad credentials are refused by open policies too (T14)', async () => {
    const [header = '', payload = ''] = main.mint().split('.');
    for (const token of ['x', `${header}.${payload}.${'A'.repeat(86)}`, main.mint({ claims: { exp: 1 } })])
      expect(await gateway.ask('/user-allow', bearer(token))).toMatch(/^401 jwt\./);
  });

  it('introspection that fails or hangs is 503, open policies let pass; inactive is 401 (I1, I5)', async () => {
    await gateway.becomes('200', '/opaque-deny', bearer('opaque-0'));
    for (const mode of ['error', 'hang'] as const) {
      opaque.mode = mode;
      expect(await gateway.ask('/opaque-deny', bearer(`opaque-${mode}`))).toBe('503 introspection.unavailable');
      await passesMarked('/opaque-allow', bearer(`opaque-${mode}`));
      // An answer that is remembered does not need the issuer.
      expect(await gateway.ask('/opaque-deny', bearer('opaque-0'))).toBe('200');
    }
    opaque.mode = 'active';
    // Errors are never remembered (I5).
    expect(await gateway.ask('/opaque-deny', bearer('opaque-error'))).toBe('200');
    opaque.mode = 'inactive';
    for (const path of ['/opaque-deny', '/opaque-allow']) expect(await gateway.ask(path, bearer('opaque-bad'))).toBe('401 token.inactive');
    const { asked } = opaque;
    expect(await gateway.ask('/opaque-deny', bearer('opaque-bad'))).toBe('401 token.inactive');
    expect(opaque.asked).toBe(asked);
  });

  it('an issuer that is down changes nothing within the bounds, and then nobody is let in or sent away for good (J4, J5)', async () => {
    const token = bearer(main.mint());
    const unseen = (): Readonly<Record<string, string>> => bearer(main.mint({ claims: { jti: String(Math.random()) } }));
    jwks.fault = 'error';
    const seen = new Map<string, Set<string>>([
      ['/user-deny', new Set()],
      ['/user-proxy', new Set()],
    ]);
    const untilUnavailable = async (): Promise<boolean> => {
      for (const [path, answers] of seen) {
        answers.add(await gateway.ask(path, token));
        answers.add(await gateway.ask(path, unseen()));
      }
      return [...seen.values()].every((answers) => answers.has('503 jwks.unavailable'));
    };
    await eventually(untilUnavailable, { timeoutMs: 15_000, intervalMs: 50, what: 'the bound to pass' });
    for (const answers of seen.values()) expect([...answers]).toEqual(['200', '503 jwks.unavailable']);
    await passesMarked('/user-allow', token);
    jwks.fault = 'none';
    await gateway.becomes('200', '/user-deny', token);
    await gateway.becomes('200', '/user-proxy', token);
  }, 40_000);

  it('a companion that is paused is 503 after the deadline, open policies let pass, marked; Envoy’s own filters go on (G16, G17)', async () => {
    const headers = bearer(main.mint());
    await whilePaused(async () => {
      const begun = performance.now();
      expect((await gateway.send({ path: '/user-deny', headers })).status).toBe(503);
      expect(performance.now() - begun).toBeLessThan(2_000);
      await passesMarked('/user-allow', headers);
      expect(await gateway.ask('/user-proxy', headers)).toBe('200');
    });
    await gateway.becomes('200', '/user-deny', headers);
  });

  it('a policy that changes while the only companion is paused never lets the old one or none decide (D7)', async () => {
    const one = bearer(main.mint({ claims: { scope: 'one' } }));
    const two = bearer(main.mint({ claims: { scope: 'two' } }));
    await gateway.becomes('200', '/changing', one);
    const answers = new Set<string>();
    await whilePaused(async () => {
      await gateway.publish(config('two'));
      await eventually(() => gateway.running.app.rollout('edge')?.policies !== undefined, { what: 'the wait for the companion' });
      for (let index = 0; index < 4; index += 1) answers.add(String((await gateway.send({ path: '/changing', headers: two })).status));
    });
    expect([...answers]).toEqual(['503']);
    await gateway.becomes('200', '/changing', two);
    expect(await gateway.ask('/changing', one)).toBe('403 scope.insufficient');
  });

  it('a companion that is killed is 503, open policies let pass, marked; another one takes over (G14, D8)', async () => {
    const headers = bearer(main.mint());
    const { child } = companion();
    child.signal('SIGKILL');
    await child.exited;
    await eventually(async () => (await gateway.send({ path: '/user-deny', headers })).status === 503, {
      what: 'the companion to be missed',
    });
    await passesMarked('/user-allow', headers);
    expect(await gateway.ask('/user-proxy', headers)).toBe('200');
    const stats = await gateway.envoy.admin.stats('ext_authz');
    const sum = (end: string): number => [...stats].reduce((total, [name, value]) => (name.endsWith(end) ? total + value : total), 0);
    expect(sum('.error')).toBeGreaterThan(0);
    expect(sum('.failure_mode_allowed')).toBeGreaterThan(0);
    await gateway.join('c2');
    await gateway.becomes('200', '/user-deny', headers);
  }, 40_000);
});
