// D11 against a real Envoy: CORS, faults and runtime values come and go while listeners stay as they are and connections stay open.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILTER_SLOTS } from '../../../src/compiler/filters/slot.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcAnswer, grpcRequest } from '../../support/grpc-call.ts';
import { openConnection } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const SHOP = 'https://shop.test';

let gateway: Gateway;
let web: Upstream;
let port: number;

interface Parts {
  readonly route?: string;
  readonly routes?: string;
  readonly more?: string;
}

const config = ({ route = '', routes = '', more = '' }: Parts = {}): string => `
allowLargeRemoval: true
listeners:
  http: {port: ${port}}
services:
  web: {endpoints: ["${web.address}"]}
routes:
  - {name: web, hostnames: [web.test], backends: [web]${route}}
${routes}
${more}`;

beforeAll(async () => {
  web = await startUpstream({ name: 'web' });
  port = await freePort();
  gateway = await startGateway({ config: config() });
});
afterAll(async () => {
  await gateway?.stop();
  await web.close();
});

const listenerUpdates = async (): Promise<readonly number[]> =>
  Promise.all(
    ['listener_modified', 'listener_in_place_updated', 'listener_added'].map((name) =>
      gateway.envoy.admin.stat(`listener_manager.${name}`),
    ),
  );

test('B13, D11: CORS, a fault, headers and runtime values edited change no listener, and a connection outlives all of it', async () => {
  const before = await listenerUpdates();
  const version = (await gateway.envoy.admin.versions()).get('Listener listener/http');
  const connection = await openConnection({ port });
  const ask = async (): Promise<number> => (await connection.request({ host: 'web.test', headers: { origin: SHOP } })).status;
  const edits: readonly Parts[] = [
    { route: `, cors: {origins: [${SHOP}]}` },
    { route: ', fault: {abort: {status: 418, percent: 0}}' },
    { route: ', responseHeaders: {set: {x-a: b}}' },
    { more: 'runtime: {a.b: 1}' },
    { more: `defaults: {cors: {origins: [${SHOP}]}}` },
    {},
  ];
  for (const edit of edits) {
    expect(await ask()).toBe(200);
    await gateway.apply(config(edit));
  }
  expect(await ask()).toBe(200);
  expect(connection.isClosed).toBe(false);
  connection.close();
  expect(await listenerUpdates()).toEqual(before);
  expect((await gateway.envoy.admin.versions()).get('Listener listener/http')).toBe(version);
});

describe('CORS', () => {
  const preflight = (host: string, origin: string, method: string, more: Readonly<Record<string, string>> = {}) =>
    gateway.send({
      host,
      method: 'OPTIONS',
      path: '/orders/7',
      headers: { origin, 'access-control-request-method': method, ...more },
    });
  const header = (response: { readonly headers: Readonly<Record<string, string | undefined>> }, name: string) =>
    response.headers[`access-control-${name}`];

  beforeAll(async () => {
    const policy = `{origins: [${SHOP}, "https://*.shop.test", {regex: "https://pr-[0-9]+\\\\.test"}], methods: [GET, PUT], headers: [x-team],
      exposeHeaders: [x-upstream], credentials: true, maxAge: 10m}`;
    await gateway.apply(
      config({
        routes: `
  - {name: orders, hostnames: [cors.test], matches: [{path: {prefix: /orders}, methods: [GET, PUT], headers: {x-api-version: "2"}}], backends: [web], cors: ${policy}}
  - {name: open, hostnames: [open.test], backends: [web], cors: {origins: ["*"]}}
  - {name: rest, hostnames: [cors.test], backends: [web]}`,
      }),
    );
    web.reset();
  });

  test('answers the preflight itself, though the match asks for a method and a header that preflights do not carry', async () => {
    const answer = await preflight('cors.test', SHOP, 'PUT', { 'access-control-request-headers': 'x-team,x-api-version' });
    expect(answer.status).toBe(200);
    expect([header(answer, 'allow-origin'), header(answer, 'allow-methods'), header(answer, 'allow-headers')]).toEqual([
      SHOP,
      'GET,PUT',
      'x-team',
    ]);
    expect([header(answer, 'allow-credentials'), header(answer, 'max-age')]).toEqual(['true', '600']);
    expect(web.requests).toEqual([]);
  });

  test('lets no preflight through to the backend that is not allowed', async () => {
    const answer = await preflight('cors.test', 'https://evil.test', 'PUT');
    expect([answer.status, header(answer, 'allow-origin')]).toEqual([200, undefined]);
    expect(web.requests).toEqual([]);
    expect((await preflight('cors.test', SHOP, 'DELETE')).headers['x-upstream']).toBe('web');
  });

  test('allows subdomains of any depth and expressions, and nothing that only looks like them', async () => {
    const allowed = async (origin: string) => header(await preflight('cors.test', origin, 'GET'), 'allow-origin') === origin;
    const origins = ['https://a.shop.test', 'https://a.b.shop.test', 'https://pr-12.test'];
    const others = [
      'http://a.shop.test',
      'https://shop.test.evil.test',
      'https://evilshop.test',
      'https://a.shop.test:8443',
      'https://pr-x.test',
      'null',
    ];
    expect(await Promise.all([...origins, ...others].map(allowed))).toEqual([...origins.map(() => true), ...others.map(() => false)]);
  });

  test('adds its headers to answers for pages that may read them, errors included, and to no others', async () => {
    const send = (origin: string, path: string) => gateway.send({ host: 'cors.test', path, headers: { origin, 'x-api-version': '2' } });
    const answer = await send(SHOP, '/orders');
    expect([header(answer, 'allow-origin'), header(answer, 'expose-headers')]).toEqual([SHOP, 'x-upstream']);
    expect(header(await send('https://evil.test', '/orders'), 'allow-origin')).toBeUndefined();
    expect(header(await send(SHOP, '/other'), 'allow-origin')).toBeUndefined();
    await web.down();
    expect(await send(SHOP, '/orders').then((failed) => [failed.status, header(failed, 'allow-origin')])).toEqual([503, SHOP]);
    await web.up();
  });

  test('is for every page where * stands, without credentials', async () => {
    const answer = await gateway.send({ host: 'open.test', headers: { origin: 'https://anyone.test' } });
    expect([answer.status, header(answer, 'allow-origin'), header(answer, 'allow-credentials')]).toEqual([
      200,
      'https://anyone.test',
      undefined,
    ]);
  });
});

describe('a fault', () => {
  beforeAll(async () => {
    await gateway.apply(
      config({
        routes: `
  - {name: delay, hostnames: [delay.test], backends: [web], fault: {delay: {fixed: 300ms}}}
  - {name: abort, hostnames: [abort.test], backends: [web], fault: {abort: {status: 418}}}
  - {name: own, hostnames: [own.test], respond: {status: 200}, fault: {abort: {status: 418}}}
  - {name: half, hostnames: [half.test], backends: [web], fault: {abort: {status: 418, percent: 50%}}}
  - {name: grpc, hostnames: [grpc.test], backends: [web], fault: {abort: {grpcStatus: unavailable}}}`,
      }),
    );
  });

  test('delays for as long as it says, and then the request goes on', async () => {
    const begun = performance.now();
    expect((await gateway.send({ host: 'delay.test' })).status).toBe(200);
    // Envoy's clock ticks in milliseconds, and not with ours.
    expect(performance.now() - begun).toBeGreaterThan(295);
  });

  test('fails requests with a status, of HTTP, WebSockets or gRPC, without asking the service', async () => {
    web.reset();
    expect((await gateway.send({ host: 'abort.test' })).status).toBe(418);
    expect((await gateway.send({ host: 'own.test' })).status).toBe(418);
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    expect((await gateway.send({ host: 'abort.test', headers: upgrade })).status).toBe(418);
    const answer = await gateway.send({ http: '2', ...grpcRequest('/shop.v1.Orders/Get', undefined, { host: 'grpc.test' }) });
    expect(grpcAnswer(answer).status).toBe(14);
    expect(web.requests).toEqual([]);
  });

  test('happens to the share of requests that it says', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.send({ host: 'half.test' })));
    const failed = answers.filter(({ status }) => status === 418).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(140);
  });

  test('R1: follows runtime values, which come without a change of anything else and go again', async () => {
    const routes = '  - {name: abort, hostnames: [abort.test], backends: [web], fault: {abort: {status: 418}}}';
    const statusWith = async (runtime: string): Promise<number> => {
      await gateway.publish(config({ routes, more: runtime }));
      await gateway.live();
      return (await gateway.send({ host: 'abort.test' })).status;
    };
    expect(await statusWith('runtime: {fault.http.abort.http_status: 429}')).toBe(429);
    expect(await statusWith('runtime: {fault.http.abort.abort_percent: 0}')).toBe(200);
    expect(await statusWith('')).toBe(418);
    const text = await gateway.envoy.admin.text('/runtime');
    expect(Object.keys(JSON.parse(text).entries)).not.toContain('fault.http.abort.abort_percent');
  });
});

test('B15: what the log says of drained connections is what Envoy does', async () => {
  const statOf = (name: string): Promise<number> => gateway.envoy.admin.stat(`listener_manager.${name}`);
  const lastDrains = (): unknown => {
    const accepted = gateway.chancery
      .logs()
      .split('\n')
      .filter((line) => line.includes('"config.accepted"'));
    return (JSON.parse(accepted.at(-1) ?? '{}') as { drains?: unknown }).drains;
  };
  const [inPlace, modified] = [await statOf('listener_in_place_updated'), await statOf('listener_modified')];
  await gateway.apply(config().replace(`{port: ${port}}`, `{port: ${port}, clientIp: {trustedHops: 1}}`));
  expect(lastDrains()).toEqual([{ listener: 'listener/http', impact: 'chain', causes: ['clientIp'] }]);
  expect(await statOf('listener_in_place_updated')).toBe(inPlace + 1);
  await gateway.apply(config().replace(`{port: ${port}}`, `{port: ${await freePort()}, clientIp: {trustedHops: 1}}`));
  expect(lastDrains()).toEqual([{ listener: 'listener/http', impact: 'listener', causes: ['port'] }]);
  expect([await statOf('listener_in_place_updated'), await statOf('listener_modified')]).toEqual([inPlace + 1, modified + 2]);
  await gateway.apply(config());
});

test('R13: the places of filters cost no wait at the start and hold what denies or allows', async () => {
  const stats = await gateway.envoy.admin.stats('extension_config_discovery');
  const of = (suffix: string) => [...stats].filter(([name]) => name.endsWith(suffix)).map(([, value]) => value);
  expect(of('config_reload')).toEqual(FILTER_SLOTS.map(() => 1));
  expect(of('config_fail')).toEqual(FILTER_SLOTS.map(() => 0));
  await eventually(async () => (await gateway.envoy.admin.stat('runtime.load_error')) === 0);
});
