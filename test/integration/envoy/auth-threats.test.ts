// The attacks of authz §8 against a real Envoy, on the same policy by its own filters (`/proxy`) and by a companion (`/companion`). What the parity
// table asks already is not asked again here.
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthGateway, answerText, startAuthGateway } from '../../support/auth-gateway.ts';
import { openConnection } from '../../support/http-client.ts';
import { testIssuer } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const main = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256', 'RS256'] });
const bearer = (token = main.mint()): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const FORMS = [['proxy'], ['companion']] as const;
const IDENTITY = /user|level|roles|chancery/;
const FORGED = { 'X-User-Id': ['eve', 'mallory'], 'x-level': '9', 'X-Chancery-Client-Ip': '10.0.0.1', 'x-chancery-a': '1' };

let upstream: Upstream;
let streams: Http2Server;
let gateway: AuthGateway;

function config(): object {
  const provider = (audience: string): object => ({
    issuer: main.issuer,
    audiences: [audience],
    algorithms: ['ES256', 'RS256'],
    jwks: { inline: JSON.stringify(main.jwks()) },
    forwardClaims: { 'x-user-id': 'sub', 'x-level': 'level' },
  });
  const rules = {
    user: { jwt: 'main' },
    other: { jwt: 'other' },
    optional: { anyOf: [{ jwt: 'main' }, { anonymous: true }] },
    boss: { jwt: 'main', scopes: ['boss'] },
    stream: { jwt: 'main' },
  };
  const named = Object.entries(rules).flatMap(([name, rule]) => FORMS.map(([form]) => ({ name, form, rule })));
  return {
    services: {
      backend: { endpoints: [upstream.address] },
      streams: { endpoints: [`127.0.0.1:${(streams.address() as AddressInfo).port}`], protocol: 'h2' },
    },
    jwt: {
      main: provider('shop'),
      other: { ...provider('warehouse'), from: [{ header: 'x-other-token' }] },
      roles: { ...provider('shop'), forwardClaims: { 'x-roles': 'roles' }, from: [{ header: 'x-roles-token' }] },
    },
    policies: {
      ...Object.fromEntries(named.map(({ name, form, rule }) => [`${name}-${form}`, { allOf: [rule], enforce: form }])),
      open: { allOf: [{ jwt: 'main' }], onFailure: 'allow' },
      roles: { allOf: [{ jwt: 'roles' }] },
    },
    routes: [
      ...named.map(({ name, form }) => ({
        name: `${form}-${name}`,
        matches: [{ path: { prefix: `/${form}/${name}` } }],
        backends: [name === 'stream' ? 'streams' : 'backend'],
        ...(name === 'user' ? { cors: { origins: ['https://page.test'], methods: ['GET', 'PUT'] } } : {}),
        auth: { policy: `${name}-${form}` },
      })),
      { name: 'open', matches: [{ path: { prefix: '/open' } }], backends: ['backend'], auth: { policy: 'open' } },
      { name: 'roles', matches: [{ path: { prefix: '/roles' } }], backends: ['backend'], auth: { policy: 'roles' } },
      { name: 'public', matches: [{ path: { prefix: '/public' } }], backends: ['backend'], auth: 'none' },
    ],
  };
}

beforeAll(async () => {
  upstream = await startUpstream({ name: 'backend' });
  streams = createHttp2Server().on('stream', (stream) => {
    stream.resume();
    stream.on('error', () => {});
    stream.on('trailers', (trailers) => {
      stream.respond({ ':status': 200, 'x-trailers': Object.keys(trailers).join(' ') });
      stream.end();
    });
  });
  streams.listen(0, '127.0.0.1');
  await once(streams, 'listening');
  gateway = await startAuthGateway({ config: config() });
  await gateway.becomes('200', '/companion/user', bearer());
  await gateway.becomes('200', '/proxy/user', bearer());
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  streams?.close();
  await upstream?.close();
});

const seen = (): Readonly<Record<string, string>> => upstream.requests.at(-1)?.headers ?? {};
const identity = (): readonly string[] => Object.keys(seen()).filter((name) => IDENTITY.test(name));

/** What comes back for exactly these bytes; the connection is cut when the answer's head is there. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connectTcp(gateway.port, '127.0.0.1');
  socket.setTimeout(3_000, () => socket.destroy());
  socket.write(bytes);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    if (answer.includes('\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer.split('\r\n', 1)[0] ?? '';
}

describe.each(FORMS)('by the %s', (form) => {
  it.each([['1.1'], ['2']] as const)(
    'T1: identity headers of clients never arrive over HTTP/%s, on protected, anonymous, open and public routes',
    async (http) => {
      for (const path of [`/${form}/user`, `/${form}/optional`, '/open', '/public']) {
        for (const own of path === `/${form}/user` || path === '/open' ? [bearer()] : [{}, bearer()]) {
          const connection = http === '2' ? {} : { connection: 'x-user-id, x-level' };
          const response = await gateway.send({ path, http, headers: { ...FORGED, ...own, ...connection } });
          expect(response.status, path).toBe(200);
          const isKnown = path !== '/public' && 'authorization' in own;
          expect([path, identity(), seen()['x-user-id']]).toEqual([path, isKnown ? ['x-user-id'] : [], isKnown ? 'alice' : undefined]);
        }
      }
    },
  );

  it('T1: their twins with underscores are refused or lost', async () => {
    for (const name of ['x_user_id', 'X-User_Id', 'x_chancery_client_ip']) {
      const before = upstream.requests.length;
      const { status } = await gateway.send({ path: `/${form}/user`, headers: { ...bearer(), [name]: 'eve' } });
      const arrived = upstream.requests.slice(before).flatMap(({ headers }) => Object.entries(headers));
      expect([name, arrived.filter(([, value]) => value === 'eve')]).toEqual([name, []]);
      expect([200, 400]).toContain(status);
    }
  });

  it('T1: nor in the trailers of gRPC requests', async () => {
    const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const head = { ':path': `/${form}/stream/a.B/C`, ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...bearer() };
    const stream = session.request(head, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'x-user-id': 'eve', 'x-level': '9', 'x-chancery-a': '1', 'x-kept': 'yes' }));
    stream.end(Buffer.alloc(5));
    const [answer]: unknown[] = await once(stream, 'response');
    session.destroy();
    expect(answer).toMatchObject({ ':status': 200, 'x-trailers': 'x-kept' });
  });

  it('T2: what is too long to be told is 403, never cut and never 500', async () => {
    const level = Array.from({ length: 1_000 }, (_, index) => `scope:${index}`).join(' ');
    const token = main.mint({ claims: { level: level.slice(0, 1_001) } });
    expect(await gateway.ask(`/${form}/user`, bearer(token))).toBe('403 identity.unforwardable');
  });

  it('T3: no byte and no way to write a path leads past the policy', async () => {
    const before = upstream.requests.length;
    const lines: Buffer[] = [];
    for (let byte = 1; byte < 256; byte += 1) {
      lines.push(Buffer.concat([Buffer.from(`GET /${form}/user/a`), Buffer.from([byte]), Buffer.from('b')]));
      lines.push(Buffer.concat([Buffer.from('GET /'), Buffer.from([byte]), Buffer.from(`/${form}/user`)]));
    }
    const lines2 = [
      '%2f',
      '%5c',
      '%2e%2e',
      '//',
      '/./',
      '/..;/',
      '/..%3b/',
      '%00',
      '\\',
      '#',
      '%252f',
      '%2e%2e%2f',
      '/%2e/',
      '..%5c',
      '/.%00./',
    ];
    for (const trick of lines2) {
      for (const path of [
        `/public${trick}/${form}/user`,
        `/public/${trick}/${form}/user`,
        `/public/..${trick}${form}/user`,
        `/public/x/${trick}${trick}/${form}/user`,
        `/${form}${trick}user`,
        `/${form}/user${trick}`,
        `${trick}${form}/user`,
        `${form}/user`,
        `http://public/${form}/user`,
        `http://127.0.0.1/public${trick}/${form}/user`,
      ])
        lines.push(Buffer.from(`GET ${path}`));
    }
    const end = Buffer.from(' HTTP/1.1\r\nhost: a\r\n\r\n');
    for (let index = 0; index < lines.length; index += 24)
      await Promise.all(lines.slice(index, index + 24).map((line) => raw(Buffer.concat([line, end]))));
    const reached = upstream.requests.slice(before).map(({ path }) => path);
    expect(reached.filter((path) => meanings(path).some((meaning) => meaning.startsWith(`/${form}/user`)))).toEqual([]);
  });

  it('T7: spellings beside a protected path are protected, refused or nowhere', async () => {
    expect(await gateway.ask(`/${form}/user/`)).toBe('401 jwt.missing');
    expect(await gateway.ask(`/${form}/./user`)).toBe('401 jwt.missing');
    expect(await gateway.ask(`//${form}//user`)).toBe('401 jwt.missing');
    expect(await gateway.ask(`/${form}/user;x`)).toMatch(/^(400 request\.path|401 jwt\.missing|404)$/);
    expect(await gateway.ask(`/public/..;/${form}/user`)).toMatch(/^(400 request\.path|401 jwt\.missing|404)$/);
    expect(await gateway.ask(`/public/..%3b/${form}/user`)).toMatch(/^(400 request\.path|401 jwt\.missing|404)$/);
    expect(await gateway.ask(`/${form}/User`)).toBe('404');
  });

  it('T14: odd bytes in a credential or beside it are a denial, and never let in where failures are', async () => {
    for (const path of [`/${form}/user`, '/open']) {
      for (const value of [
        '\xff\xfe',
        'Bearer \xff',
        `Bearer ${'a'.repeat(30_000)}`,
        'Bearer a.b.c',
        'Bearer ..',
        'Bearer \t',
        `Bearer ${'.'.repeat(500)}`,
      ]) {
        const line = await raw(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: ${value}\r\n\r\n`, 'latin1'));
        expect([path, value.slice(0, 12), line]).toEqual([path, value.slice(0, 12), expect.stringMatching(/^HTTP\/1\.1 4\d\d /)]);
      }
      const token = main.mint();
      const line = await raw(
        Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\nx-noise: \xff\xfe\x80\r\nauthorization: Bearer ${token}x\r\n\r\n`, 'latin1'),
      );
      expect([path, line]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 401 /)]);
    }
  });

  it('T16: a token that one policy remembers is judged anew by another, and by another provider', async () => {
    const token = main.mint({ claims: { scope: 'boss', jti: form } });
    const headers = bearer(token);
    const plain = bearer(main.mint({ claims: { jti: `${form} plain` } }));
    for (let round = 0; round < 3; round += 1) {
      expect(await gateway.ask(`/${form}/user`, headers)).toBe('200');
      expect(await gateway.ask(`/${form}/other`, { 'x-other-token': token })).toBe('401 jwt.audience');
      expect(await gateway.ask(`/${form}/boss`, headers)).toBe('200');
      expect(await gateway.ask(`/${form}/user`, plain)).toBe('200');
      expect(await gateway.ask(`/${form}/boss`, plain)).toBe('403 scope.insufficient');
    }
  });

  it('T19: preflights of a page are answered without a credential; other OPTIONS, upgrades and tunnels are not let in', async () => {
    const path = `/${form}/user`;
    const before = upstream.requests.length;
    const preflight = { origin: 'https://page.test', 'access-control-request-method': 'PUT' };
    const allowed = await gateway.send({ path, method: 'OPTIONS', headers: preflight });
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([200, 'https://page.test']);
    for (const headers of [{}, { origin: 'https://page.test' }, { 'access-control-request-method': 'PUT' }]) {
      const response = await gateway.send({ path, method: 'OPTIONS', headers });
      expect([headers, answerText(response)]).toEqual([headers, '401 jwt.missing']);
    }
    // Answered by the gateway itself without a word that a page could use: it never reaches the backend.
    const evil = await gateway.send({ path, method: 'OPTIONS', headers: { ...preflight, origin: 'https://evil.test' } });
    expect([evil.status, evil.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    const upgrade =
      'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    for (const head of [
      `GET ${path} HTTP/1.1\r\nhost: a\r\n${upgrade}`,
      `CONNECT a:1 HTTP/1.1\r\nhost: a\r\n`,
      `CONNECT ${path} HTTP/1.1\r\nhost: a\r\n`,
    ])
      expect(await raw(`${head}\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(upstream.requests.slice(before)).toEqual([]);
  });
});

it('T2: a thousand scopes in a list that is told are 403 too', async () => {
  const roles = Array.from({ length: 1_000 }, (_, index) => `scope:${index}`);
  const ask = (list: readonly string[]) => gateway.ask('/roles', { 'x-roles-token': main.mint({ claims: { roles: list } }) });
  expect(await ask(roles.slice(0, 3))).toBe('200');
  expect(seen()['x-roles']).toBe('scope:0,scope:1,scope:2');
  expect(await ask(roles.slice(0, 200))).toBe('403 identity.unforwardable');
  expect(await ask(roles)).toMatch(/^(403 identity\.unforwardable|401 jwt\.oversized)$/);
});

it('T15: while a policy changes, and back, each request is judged by one version as a whole (D2, D5-D7)', async () => {
  const changed = (scope: string): object => {
    const base = config() as { policies: Readonly<Record<string, object>> };
    const rule = (form: string): object => ({ allOf: [{ jwt: 'main', scopes: [scope] }], enforce: form });
    return { ...base, policies: { ...base.policies, 'boss-proxy': rule('proxy'), 'boss-companion': rule('companion') } };
  };
  const both = bearer(main.mint({ claims: { scope: 'boss chief' } }));
  const neither = bearer(main.mint({ claims: { scope: 'clerk' } }));
  const answers = new Set<string>();
  let isOver = false;
  const connection = await openConnection({ port: gateway.port });
  const load = (async () => {
    while (!isOver)
      for (const [form] of FORMS)
        for (const [who, headers] of [
          ['both', both],
          ['neither', neither],
        ] as const)
          answers.add(`${who} ${answerText(await connection.request({ path: `/${form}/boss`, headers }))}`);
  })();
  try {
    for (const scope of ['chief', 'boss', 'chief', 'boss']) await gateway.apply(changed(scope));
  } finally {
    isOver = true;
    await load;
    connection.close();
  }
  expect([...answers].sort()).toEqual(['both 200', 'neither 403 scope.insufficient']);
  for (const [form] of FORMS)
    expect(await gateway.ask(`/${form}/boss`, bearer(main.mint({ claims: { scope: 'chief' } })))).toBe('403 scope.insufficient');
});

/** Every way in which a backend might read a path: decoded, with its dots resolved, its parameters cut. */
function meanings(path: string): readonly string[] {
  return [path, decoded(path.split(/[?#]/, 1)[0] ?? '')].flatMap((text) => {
    const slashes = text.replaceAll('\\', '/').replaceAll('\0', '');
    return [text, slashes, resolved(slashes), resolved(slashes.replaceAll(/;[^/]*/g, ''))];
  });
}

function decoded(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function resolved(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}`;
}
