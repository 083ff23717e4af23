// Canaries in every place where a secret may stand, sent through `up`, `serve` and `authz` at the lowest log level: nothing that they write, say or
// keep holds one (authz S3, S4).
import { createHmac } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type AuthzProcess, startAuthz } from '../../support/authz-process.ts';
import { type Chancery, spawnChancery, startChancery } from '../../support/chancery-process.ts';
import type { Child } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { request } from '../../support/http-client.ts';
import { secretToken, segment, testIssuer } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const KEY = 'ck_canaries_0123456789abcdefghijABCDEFGHIJ01';
const WRONG_KEY = 'ck_canaryno_0123456789abcdefghijABCDEFGHIJ01';
const PEPPER = 'canary-pepper-of-thirty-two-bytes-at-least';
const CLIENT_SECRET = 'canary-client-secret';
const HS_SECRET = 'canary-secret-of-an-hs-provider-of-32-bytes';
const SUBJECT_KEY = 'canary-key-of-the-hashes-of-subjects';
const OPAQUE = 'canary-opaque-token';
const COOKIE = 'canary-cookie';
const QUERY = 'canary-query';
const CLAIM = 'canary-claim-of-alice';
const main = testIssuer({ issuer: 'https://id.test/' });
const TOKEN = main.mint({ claims: { sub: CLAIM } });
const EXPIRED = main.mint({ claims: { sub: CLAIM, exp: 1 } });
const HS_TOKEN = secretToken('HS256', HS_SECRET, { payload: { iss: 'https://hs.test/', sub: CLAIM, aud: 'shop', exp: 4_000_000_000 } });

/** What callers send: whole, what tokens are signed with, and their claims. */
const OF_CALLERS: readonly string[] = [
  KEY,
  WRONG_KEY,
  OPAQUE,
  COOKIE,
  QUERY,
  CLAIM,
  ...[TOKEN, EXPIRED, HS_TOKEN].flatMap((token) => token.split('.').slice(1)),
];
/** With those of the gateway, in the forms in which they travel. */
const CANARIES: readonly string[] = [
  ...OF_CALLERS,
  ...[PEPPER, CLIENT_SECRET, HS_SECRET, SUBJECT_KEY].flatMap((text) => [
    text,
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    segment(text),
  ]),
  Buffer.from(`gateway:${CLIENT_SECRET}`).toString('base64'),
  'canary-',
];

const ROUTES = ['user', 'hs', 'keyed', 'opaque', 'cookie', 'query', 'shadow', 'proxied'] as const;

function config(port: number, upstreamPort: number, opaqueUrl: string): string {
  const jwks = { inline: JSON.stringify(main.jwks()) };
  const provider = { issuer: main.issuer, audiences: ['shop'], algorithms: ['ES256'], jwks, forwardClaims: { 'x-user-id': 'sub' } };
  const digest = `hmac:${createHmac('sha256', PEPPER).update(KEY).digest('hex')}`;
  const rules: Readonly<Record<(typeof ROUTES)[number], object>> = {
    user: { allOf: [{ jwt: 'main' }], enforce: 'companion' },
    hs: { allOf: [{ jwt: 'hs' }] },
    keyed: { allOf: [{ apiKeys: 'partners' }] },
    opaque: { allOf: [{ introspection: 'opaque' }] },
    cookie: { allOf: [{ jwt: 'cookie' }] },
    query: { allOf: [{ jwt: 'query' }] },
    shadow: { allOf: [{ jwt: 'main' }], mode: 'shadow' },
    proxied: { allOf: [{ jwt: 'main' }], enforce: 'proxy' },
  };
  return stringify({
    version: 'v1',
    gateway: 'edge',
    accessLog: { json: 'stdout' },
    listeners: { http: { port } },
    services: { backend: { endpoints: [`127.0.0.1:${upstreamPort}`] } },
    jwt: {
      main: provider,
      cookie: { ...provider, from: [{ cookie: 'session' }] },
      query: { ...provider, from: [{ query: 'token' }] },
      hs: { issuer: 'https://hs.test/', audiences: ['shop'], algorithms: ['HS256'], secret: '${file:hs.key}' },
    },
    apiKeys: { partners: { pepper: '${file:pepper}', consumers: { acme: { keys: [digest] } } } },
    introspection: {
      opaque: {
        url: opaqueUrl,
        client: { id: 'gateway', secret: '${file:client}' },
        issuer: 'https://opaque.test/',
        audiences: ['shop'],
        forwardClaims: { 'x-user-id': 'sub' },
      },
    },
    authz: { keySecret: '${file:subjects.key}' },
    policies: rules,
    routes: ROUTES.map((name) => ({
      name,
      matches: [{ path: { prefix: `/${name}` } }],
      backends: ['backend'],
      auth: { policy: name },
    })),
  });
}

describe('secrets', () => {
  let workspace: Workspace;
  let upstream: Upstream;
  let opaque: Server;
  let opaqueMode: 'active' | 'inactive' | 'error' | 'claims';
  let up: Child;
  let serve: Chancery;
  let authz: AuthzProcess;
  let port = 0;
  let adminPort = 0;

  const ask = async (name: (typeof ROUTES)[number], headers: Readonly<Record<string, string>> = {}, query = ''): Promise<string> => {
    const response = await request({ port, path: `/${name}?secret=${QUERY}${query}`, headers });
    const [, code] = /"code":"([a-zA-Z.]+)"/.exec(response.text()) ?? [];
    return code === undefined ? String(response.status) : `${response.status} ${code}`;
  };
  const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}`, cookie: `other=${COOKIE}` });

  beforeAll(async () => {
    const ports = await freePorts(4);
    const [listener = 0, xdsPort = 0, admin = 0, other = 0] = ports;
    [port, adminPort, opaqueMode] = [listener, admin, 'active'];
    upstream = await startUpstream({ name: 'backend' });
    opaque = createServer((incoming, response) => {
      incoming.resume();
      const answers = {
        active: { active: true, sub: CLAIM, aud: 'shop' },
        inactive: { active: false },
        claims: { active: true, sub: [CLAIM], aud: 'shop' },
        error: CLAIM,
      };
      response.writeHead(opaqueMode === 'error' ? 500 : 200).end(JSON.stringify(answers[opaqueMode]));
    });
    await new Promise<void>((resolve) => opaque.listen(0, '127.0.0.1', resolve));
    const opaqueUrl = `http://127.0.0.1:${(opaque.address() as AddressInfo).port}/ask`;
    const secrets = { 'hs.key': HS_SECRET, 'subjects.key': SUBJECT_KEY, pepper: PEPPER, client: CLIENT_SECRET };
    workspace = await createWorkspace({
      ...secrets,
      'edge.yaml': config(port, upstream.port, opaqueUrl),
      // Not for development, so its issuers must not be on this machine.
      'other.yaml': config(other, upstream.port, 'https://192.0.2.1/ask'),
    });
    const ups = {
      '--xds-port': xdsPort,
      '--admin-port': adminPort,
      '--authz-port': 0,
      '--log-level': 'debug',
      '--state': workspace.path('up'),
    };
    up = spawnChancery(['up', '-c', workspace.path('edge.yaml'), ...Object.entries(ups).flat().map(String)]);
    const answering = (): Promise<boolean> => ask('user', bearer(TOKEN)).then((answer) => answer === '200');
    await eventually(answering, { what: 'chancery up', timeoutMs: 30_000, hopeless: () => (up.isRunning() ? undefined : up.stderr()) });
    const alone = ['--server', `127.0.0.1:${xdsPort}`, '--gateway', 'edge', '--dev', '--workers', '1'];
    [authz, serve] = await Promise.all([
      startAuthz([...alone, '--log-level', 'debug', '--state', workspace.path('authz')]),
      startChancery({ files: [workspace.path('other.yaml')], state: workspace.path('serve'), args: ['--log-level', 'debug'] }),
    ]);
    await eventually(async () => (await authz.readyz()).status === 200, { what: 'chancery authz' });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([up?.stop(), serve?.stop(), authz?.child.stop()]);
    opaque?.close();
    await upstream?.close();
    await workspace?.remove();
  });

  it('that are good open every route, so that each was on its way (control)', async () => {
    // Twice: in process and alone, whichever Envoy asks.
    for (let round = 0; round < 4; round += 1) {
      expect(await ask('user', bearer(TOKEN))).toBe('200');
      expect(await ask('proxied', bearer(TOKEN))).toBe('200');
      expect(await ask('hs', bearer(HS_TOKEN))).toBe('200');
      expect(await ask('keyed', { 'x-api-key': KEY })).toBe('200');
      expect(await ask('opaque', bearer(OPAQUE))).toBe('200');
      expect(await ask('cookie', { cookie: `session=${TOKEN}; other=${COOKIE}` })).toBe('200');
      expect(await ask('query', {}, `&token=${TOKEN}`)).toBe('200');
      expect(await ask('shadow', bearer(EXPIRED))).toBe('200');
    }
  });

  it('that are bad, misplaced or met by a fault are refused', async () => {
    for (let round = 0; round < 4; round += 1) {
      const tail = String(round);
      for (const name of ['user', 'proxied'] as const) {
        expect(await ask(name, bearer(EXPIRED))).toBe('401 jwt.expired');
        expect(await ask(name, bearer(`${TOKEN}${tail}`))).toMatch(/^401 jwt\./);
        expect(await ask(name, bearer(KEY))).toBe('401 jwt.malformed');
        expect(await ask(name, { authorization: `Basic ${CLIENT_SECRET}` })).toMatch(/^401 jwt\./);
      }
      expect(await ask('hs', bearer(TOKEN))).toMatch(/^401 jwt\./);
      expect(await ask('keyed', { 'x-api-key': WRONG_KEY })).toBe('401 apiKey.invalid');
      expect(await ask('cookie', { cookie: `session=${COOKIE}` })).toBe('401 jwt.malformed');
      expect(await ask('query', {}, `&token=${QUERY}`)).toBe('401 jwt.malformed');
      opaqueMode = 'error';
      expect(await ask('opaque', bearer(`${OPAQUE}-error${tail}`))).toBe('503 introspection.unavailable');
      opaqueMode = 'claims';
      expect(await ask('opaque', bearer(`${OPAQUE}-claims${tail}`))).toMatch(/^401 /);
      opaqueMode = 'inactive';
      expect(await ask('opaque', bearer(`${OPAQUE}-bad${tail}`))).toBe('401 token.inactive');
    }
  });

  it('stand in no answer of the admin API, no metric, and no page', async () => {
    const own = ['/services', '/revisions', '/quarantine', '/revisions/1/files'].map((end) => `/api/v1/gateways/edge${end}`);
    const places = ['/', '/metrics', '/readyz', '/api/v1', '/api/v1/gateways', '/api/v1/nodes', '/api/v1/companions', ...own];
    const answers = await Promise.all(places.map((place) => fetch(`http://127.0.0.1:${adminPort}${place}`)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    const nodes = [...texts.join('').matchAll(/"id":"([^"]+)"/g)].map(([, id = '']) => `/api/v1/nodes/${encodeURIComponent(id)}`);
    const list = (await (await fetch(`http://127.0.0.1:${adminPort}/api/v1/resources?gateway=edge`)).json()) as {
      readonly resources: readonly { readonly name: string }[];
    };
    const names = list.resources.map(({ name }) => `/api/v1/resources?gateway=edge&name=${encodeURIComponent(name)}`);
    for (const place of new Set([...nodes, ...names])) texts.push(await (await fetch(`http://127.0.0.1:${adminPort}${place}`)).text());
    // Companions are sent the secrets; here only their names are told.
    expect(texts.join('')).toContain('secret/jwt/hs');
    expect(answers.filter(({ ok }) => !ok).map(({ url }) => url)).toEqual([]);
    expectNone([...texts, await authz.metrics(), JSON.stringify((await authz.readyz()).body)].join('\n'), 'an answer');
  });

  it('stand in no line that a process wrote', async () => {
    const written = { up: up.stdout() + up.stderr(), serve: serve.logs(), authz: authz.child.stdout() + authz.child.stderr() };
    for (const [name, text] of Object.entries(written)) expectNone(text, name);
    expect(written.authz + (await stateOf('up'))).toContain('debug');
  });

  it('of callers stand in no file that is kept, and those of the gateway in the snapshots alone, which only their owner reads (authz D8)', async () => {
    for (const when of ['while they run', 'after their end']) {
      if (when === 'after their end') await Promise.all([authz.child.stop(), up.stop(), serve.stop()]);
      expectNone(await stateOf('authz'), `the state of authz ${when}`);
      for (const name of ['up', 'serve']) {
        const files = await filesOf(name);
        const snapshots = files.filter((file) => file.endsWith('.snapshot'));
        expectNone(await textOf(files.filter((file) => !snapshots.includes(file))), `the state of ${name} ${when}`);
        expectNone(await stateOf(name), `the state of ${name} ${when}`, OF_CALLERS);
        for (const file of snapshots) expect([file, (await stat(file)).mode & 0o077]).toEqual([file, 0]);
      }
    }
    expectNone(up.stdout() + up.stderr() + serve.logs() + authz.child.stdout() + authz.child.stderr(), 'what was written at the end');
  });

  async function filesOf(name: string): Promise<readonly string[]> {
    const entries = await readdir(workspace.path(name), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  }

  /** The names and contents of all files. */
  async function stateOf(name: string): Promise<string> {
    return textOf(await filesOf(name));
  }
});

async function textOf(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return [...files, ...texts].join('\n');
}

function expectNone(text: string, where: string, canaries = CANARIES): void {
  const found = canaries.flatMap((canary) => {
    const at = text.indexOf(canary);
    return at === -1 ? [] : [`${where}: …${text.slice(Math.max(0, at - 200), at + canary.length + 40)}`];
  });
  expect(found).toEqual([]);
}
