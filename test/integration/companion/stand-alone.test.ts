// `chancery authz` as processes, with a control plane that the test holds in its hands.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OkHttpResponseOutput } from '../../../src/proto/generated/envoy/service/auth/v3/OkHttpResponse.ts';
import { API_KEY, apiKeyPolicy } from '../../support/api-key-policy.ts';
import { checkRequest, jwtProvider, policyResource } from '../../support/auth-policy.ts';
import { type AuthzProcess, type CheckCaller, checkCaller, startAuthz } from '../../support/authz-process.ts';
import { eventually } from '../../support/eventually.ts';
import { type PolicyControlPlane, startPolicyControlPlane } from '../../support/policy-control-plane.ts';
import { testApi } from '../../support/snapshots.ts';
import { startJwksServer, testIssuer, testKey } from '../../support/test-issuer.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const api = testApi();
const edge = apiKeyPolicy(api);

describe('a companion that runs alone', () => {
  let plane: PolicyControlPlane;
  let workspace: Workspace;
  let running: AuthzProcess[] = [];
  let callers: CheckCaller[] = [];

  beforeEach(async () => {
    plane = await startPolicyControlPlane(api);
    workspace = await createWorkspace();
  });

  afterEach(async () => {
    for (const caller of callers) caller.close();
    await Promise.all(running.map(({ child }) => child.stop()));
    plane.close();
    await workspace.remove();
    running = [];
    callers = [];
  });

  async function start(...args: readonly string[]): Promise<AuthzProcess> {
    const started = await startAuthz(['--server', `127.0.0.1:${plane.port}`, '--gateway', 'edge', '--workers', '1', ...args]);
    running.push(started);
    return started;
  }

  function caller(endpoint: string | undefined): CheckCaller {
    const made = checkCaller(endpoint ?? '');
    callers.push(made);
    return made;
  }

  async function feed(gateway = 'edge', given = edge): Promise<void> {
    await plane.subscribed(gateway);
    for (const nonce of [
      plane.send(gateway, 'ApiKeySet', [given.keys]),
      plane.send(gateway, 'Secret', []),
      plane.send(gateway, 'AuthPolicy', [given.policy]),
    ])
      expect((await plane.answered(nonce)).error).toBeUndefined();
  }

  it('says what it is, and asks for everything of its gateway (authz D1)', async () => {
    const { endpoints } = await start();
    const first = await plane.subscribed('edge');
    expect(first.node).toMatchObject({ gateway: 'edge', role: 'authz', endpoints });
    await eventually(() => plane.requests.length >= 3);
    expect(plane.requests.map(({ kind, subscribe }) => [kind, subscribe])).toEqual([
      ['AuthPolicy', ['*']],
      ['ApiKeySet', ['*']],
      ['Secret', ['*']],
    ]);
  });

  it('serves once it has policies: health, /readyz, allow and deny (authz G13, G3)', async () => {
    const authz = await start();
    const proxy = caller(authz.endpoints[0]);
    expect(await proxy.health()).toBe(NOT_SERVING);
    expect((await authz.readyz()).status).toBe(503);
    expect((await proxy.check(edge.check(API_KEY))).response.error_response?.status?.code).toBe('ServiceUnavailable');
    await feed();
    await eventually(async () => (await proxy.health()) === SERVING);
    expect(await proxy.health('envoy.service.auth.v3.Authorization')).toBe(SERVING);
    expect(await authz.readyz()).toMatchObject({ status: 200, body: { policies: 1, gateways: [{ gateway: 'edge', isConnected: true }] } });
    const { headers } = await allowed(proxy, edge.check(API_KEY));
    expect(headers?.map(({ header }) => header)).toEqual([{ key: 'x-client-id', value: 'acme' }]);
    await eventually(async () => (await proxy.check(edge.check())).response.denied_response?.status?.code === 'Unauthorized');
    await eventually(async () => /chancery_authz_decisions_total\{.*decision="allow".*\} 1/.test(await authz.metrics()));
  });

  it('refuses a policy that it cannot understand, keeps what it has, and says why (authz D2, D3)', async () => {
    const authz = await start();
    await feed();
    const newer = apiKeyPolicy(api, 'edge', { realm: 'newer' }).policy;
    // Field 200, a number: of a control plane newer than this companion.
    const unknown = { ...newer, bytes: Buffer.concat([newer.bytes, Buffer.from([0xc0, 0x0c, 0x01])]) };
    const answer = await plane.answered(plane.send('edge', 'AuthPolicy', [unknown]));
    expect(answer.error).toContain(newer.name);
    const wrongHash = { ...newer, name: newer.name.replace(/@.*/, '@0123456789abcdef') };
    expect((await plane.answered(plane.send('edge', 'AuthPolicy', [wrongHash]))).error).toContain('@0123456789abcdef');
    const proxy = caller(authz.endpoints[0]);
    await allowed(proxy, edge.check(API_KEY));
    expect((await proxy.check(apiKeyPolicy(api, 'edge', { realm: 'newer' }).check(API_KEY))).response.error_response).toBeDefined();
  });

  it('keeps deciding without its control plane, and comes back with what it holds (authz D8)', async () => {
    const authz = await start();
    await feed();
    plane.close();
    const proxy = caller(authz.endpoints[0]);
    await eventually(async () => (await authz.readyz()).body.gateways[0]?.isConnected === false);
    expect((await authz.readyz()).status).toBe(200);
    await allowed(proxy, edge.check(API_KEY));
    plane = await startPolicyControlPlane(api, plane.port);
    const again = await plane.subscribed('edge');
    expect(again.held).toEqual({ [edge.policy.name]: edge.policy.version });
  });

  it('killed and started without a control plane, it serves what is on its disk, and no secret is there (authz D8)', async () => {
    const first = await start('--state', workspace.root);
    await feed();
    const secret = api.encode('envoy.extensions.transport_sockets.tls.v3.Secret', {
      name: 'secret/apiKeys/partners',
      generic_secret: { secret: { inline_string: 'canary-pepper' } },
    });
    await plane.answered(plane.send('edge', 'Secret', [{ name: 'secret/apiKeys/partners', bytes: secret }]));
    first.child.signal('SIGKILL');
    await first.child.exited;
    plane.close();
    const file = path.join(workspace.root, 'authz', 'edge.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const name of await readdir(path.join(workspace.root, 'authz')))
      expect(await readFile(path.join(workspace.root, 'authz', name), 'utf8')).not.toContain('canary-pepper');
    const second = await start('--state', workspace.root);
    const proxy = caller(second.endpoints[0]);
    await eventually(async () => (await proxy.health()) === SERVING);
    await allowed(proxy, edge.check(API_KEY));
    expect((await second.readyz()).body.gateways).toMatchObject([{ isConnected: false, from: 'disk' }]);
    await second.child.stop();
    // Cut or changed, it is worth nothing.
    await writeFile(file, (await readFile(file, 'utf8')).replace('"version":"1"', '"version":"2"'));
    const third = await start('--state', workspace.root);
    await third.child.waitFor(/companion\.state_unusable/);
    expect((await third.readyz()).status).toBe(503);
  });

  it('starts a killed worker anew at its address and tells the control plane both times (authz G14)', async () => {
    const authz = await start('--workers', '2');
    await feed();
    const before = await plane.subscribed('edge');
    expect(authz.endpoints).toHaveLength(2);
    const [victim = 0] = await childrenOf(authz.child.pid);
    process.kill(victim, 'SIGKILL');
    const fewer = await eventually(() => plane.requests.find(({ node, stream }) => stream > before.stream && node?.endpoints.length === 1));
    expect(fewer.held).toEqual({ [edge.policy.name]: edge.policy.version });
    plane.send('edge', 'Secret', []);
    await eventually(() => plane.requests.find(({ node, stream }) => stream > fewer.stream && node?.endpoints.length === 2));
    expect(plane.halfClosed).toEqual([]);
    for (const endpoint of authz.endpoints) await allowed(caller(endpoint), edge.check(API_KEY));
    expect(await authz.metrics()).toContain('chancery_companion_worker_restarts_total{kind="authz"} 1');
  });

  it('leaves in order at SIGTERM: the stream first, and no call fails (authz G13)', async () => {
    const authz = await start();
    await feed();
    const proxy = caller(authz.endpoints[0]);
    await eventually(async () => (await proxy.health()) === SERVING);
    const failures: string[] = [];
    let hasLeft = false;
    const calls = (async () => {
      // As a proxy: it calls until it hears that the endpoint is gone, and a little longer.
      for (let rest = 20; rest > 0; rest -= hasLeft ? 1 : 0) {
        const { code, details, bytes } = await proxy.check(edge.check(API_KEY));
        if (code !== 0 || bytes.length === 0) failures.push(`${code} ${details}`);
      }
    })();
    authz.child.signal('SIGTERM');
    await eventually(() => plane.halfClosed.length === 1).finally(() => {
      hasLeft = true;
    });
    expect(await proxy.health()).toBe(NOT_SERVING);
    await calls;
    expect(failures).toEqual([]);
    expect(await authz.child.exited).toBe(0);
  });

  it('fetches the keys of an issuer once for all workers, and a new key when the first token names it (authz J6, J7, G13)', async () => {
    const issuer = testIssuer();
    const server = await startJwksServer(issuer);
    try {
      const authz = await start('--workers', '2', '--dev');
      const { inline_keys: _, ...provider } = jwtProvider({
        algorithms: ['ES256'],
        remote: { url: server.url, cache_for_ms: 300_000, timeout_ms: 2_000, serve_stale_for_ms: 3_600_000 },
      });
      const { name, version, bytes } = policyResource(api, { jwt: [provider] });
      await plane.subscribed('edge');
      for (const kind of ['ApiKeySet', 'Secret'] as const) await plane.answered(plane.send('edge', kind, []));
      await plane.answered(plane.send('edge', 'AuthPolicy', [{ name, version, bytes }]));
      const callersOfAll = authz.endpoints.map((endpoint) => caller(endpoint));
      const check = (token: string): Buffer => checkRequest(api, { version, headers: [['authorization', `Bearer ${token}`]] });
      for (const proxy of callersOfAll) {
        await eventually(async () => (await proxy.health()) === SERVING);
        expect((await allowed(proxy, check(issuer.mint()))).headers?.[0]?.header).toEqual({
          key: 'x-user-id',
          value: 'alice',
        });
      }
      expect(server.requests.length).toBe(1);
      issuer.keys = [...issuer.keys, testKey('ES256', 2)];
      const token = issuer.mint({ key: testKey('ES256', 2) });
      await allowed(callersOfAll[0], check(token));
      await allowed(callersOfAll[1], check(token));
      expect(server.requests.length).toBe(2);
      expect((await authz.readyz()).body).toMatchObject({ providers: [{ issuer: issuer.issuer, state: 'fresh' }] });
    } finally {
      await server.stop();
    }
  });

  it('serves several gateways, whose policies and keys are called alike', async () => {
    const authz = await start('--gateway', 'inner');
    const inner = apiKeyPolicy(api, 'inner');
    const proxy = caller(authz.endpoints[0]);
    await feed();
    expect(await proxy.health()).toBe(NOT_SERVING);
    await feed('inner', inner);
    await eventually(async () => (await proxy.health()) === SERVING);
    plane.send('inner', 'ApiKeySet', [], [inner.keys.name]);
    await eventually(async () => (await proxy.check(inner.check(API_KEY))).response.ok_response === undefined);
    await allowed(proxy, edge.check(API_KEY));
  });
});

/** A machine under load may shed checks for a moment (authz G12). */
function allowed(proxy: CheckCaller | undefined, request: Buffer): Promise<OkHttpResponseOutput> {
  return eventually(async () => {
    const { code, details, response } = (await proxy?.check(request)) ?? { code: -1, details: 'no proxy', response: {} };
    if (response.ok_response === undefined || response.ok_response === null)
      throw new Error(`${code} ${details} ${JSON.stringify(response)}`);
    return response.ok_response;
  });
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}
