// How a listener treats clients and backends where no configuration speaks of it, seen in a plain Envoy that runs the static bootstrap.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { type CertificateAuthority, createAuthority } from '../../support/certificates.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { type HttpRequest, type HttpResponse, request, type TlsOptions } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

let workspace: Workspace;
let envoy: Envoy;
let orders: Upstream;
let secure: Upstream;
let authority: CertificateAuthority;
let ports: Readonly<Record<'http' | 'hops' | 'mutual', number>>;

const config = (): string => `
version: v1
gateway: edge
accessLog: {json: stdout}
certificates:
  shop: {cert: "\${file:shop.crt}", key: "\${file:shop.key}"}
listeners:
  http: {address: 127.0.0.1, port: ${ports.http}}
  hops: {address: 127.0.0.1, port: ${ports.hops}, clientIp: {trustedHops: 1}}
  mutual: {address: 127.0.0.1, port: ${ports.mutual}, tls: {certificates: [shop], clientAuth: {ca: "\${file:ca.crt}"}}}
services:
  orders: {endpoints: ["${orders.address}"]}
  secure:
    endpoints: ["${secure.address}"]
    protocol: auto
    tls: {ca: "\${file:ca.crt}", sni: orders.internal}
    healthCheck: {http: /health, interval: 200ms, healthyThreshold: 1}
  carts: {endpoints: ["${orders.address}"], loadBalancer: {maglev: {by: {cookie: {name: sid, ttl: 1h}}}}}
  carts-next: {like: carts}
routes:
  - {name: orders, listeners: [http, hops, mutual], hostnames: [shop.test], backends: [orders]}
  - {name: secure, listeners: [http], hostnames: [secure.test], backends: [secure]}
  - {name: split, listeners: [http], hostnames: [split.test], backends: [carts, carts-next]}
  - name: retry
    listeners: [http]
    hostnames: [retry.test]
    backends: [orders]
    retry: {attempts: 1, retryOn: [5xx]}
  - name: nameless
    listeners: [http]
    hostnames: [nameless.test]
    backends: [orders]
    responseHeaders: {remove: [server]}
`;

const send = (sent: HttpRequest & { readonly tls?: TlsOptions }, listener: keyof typeof ports = 'http'): Promise<HttpResponse> =>
  request({ port: ports[listener], ...sent });
const seenHeaders = (): Readonly<Record<string, string>> => orders.requests.at(-1)?.headers ?? {};

beforeAll(async () => {
  authority = await createAuthority();
  const shop = await authority.issue({ name: 'shop.test' });
  const server = await authority.issue({ name: 'orders.internal' });
  [orders, secure] = await Promise.all([
    startUpstream({ name: 'orders' }),
    startUpstream({ name: 'secure', protocol: 'both', tls: server }),
  ]);
  ports = { http: await freePort(), hops: await freePort(), mutual: await freePort() };
  workspace = await createWorkspace({ 'shop.crt': shop.cert, 'shop.key': shop.key, 'ca.crt': authority.cert });
  const file = await workspace.write('gateway.yaml', config());
  const bootstrap = compileStaticBootstrap(await compileGatewayFile(file, { nowMs: Date.now() }));
  envoy = await startEnvoy(loadEnvoyApi().toJson('envoy.config.bootstrap.v3.Bootstrap', bootstrap) as object);
});
beforeEach(() => {
  orders.reset();
});
afterAll(async () => {
  await envoy?.stop();
  await orders?.close();
  await secure?.close();
  await workspace?.remove();
});

describe('a client', () => {
  test('cannot steer the gateway by x-envoy headers', async () => {
    orders.reply = () => ({ delayMs: 300 });
    const headers = { 'x-envoy-upstream-rq-timeout-ms': '50', 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '9' };
    expect((await send({ host: 'shop.test', headers })).status).toBe(200);
    expect(seenHeaders()).not.toHaveProperty('x-envoy-max-retries');
  });

  test('cannot slip a header past the gateway by an underscore', async () => {
    expect((await send({ host: 'shop.test', headers: { x_user_id: '7' } })).status).toBe(400);
  });

  test('gets the id of its request, which the backend sees too, and not its own', async () => {
    const response = await send({ host: 'shop.test', headers: { 'x-request-id': 'mine' } });
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(seenHeaders()['x-request-id']).toBe(response.headers['x-request-id']);
  });

  test('sees the server that the backend names, and none where that is removed', async () => {
    orders.reply = () => ({ headers: { server: 'orders/7' } });
    expect((await send({ host: 'shop.test' })).headers.server).toBe('orders/7');
    expect((await send({ host: 'nameless.test' })).headers).not.toHaveProperty('server');
  });

  test('is who it is, or who our own proxy says it is', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    await send({ host: 'shop.test', headers });
    await send({ host: 'shop.test', headers }, 'hops');
    const logged = await eventually(() => {
      const lines = envoy.accessLog().filter(({ route }) => route === 'orders');
      const fromHops = lines.find(({ listener }) => listener === 'hops');
      return fromHops === undefined ? undefined : [lines.findLast(({ listener }) => listener === 'http'), fromHops];
    });
    expect(logged.map((line) => line?.client)).toEqual(['127.0.0.1', '203.0.113.7']);
  });

  test('is known to backends by its certificate, and by nothing that it claims', async () => {
    const clientCertificate = await authority.issue({ name: 'partner.test', client: true });
    const tls = { serverName: 'shop.test', ca: authority.cert, clientCertificate };
    await send({ host: 'shop.test', headers: { 'x-forwarded-client-cert': 'Subject="CN=admin"' }, tls }, 'mutual');
    expect(seenHeaders()['x-forwarded-client-cert']).toMatch(/Subject="CN=partner\.test"/);
    expect(seenHeaders()['x-forwarded-client-cert']).not.toMatch(/admin/);
    await send({ host: 'shop.test', headers: { 'x-forwarded-client-cert': 'Subject="CN=admin"' } });
    expect(seenHeaders()).not.toHaveProperty('x-forwarded-client-cert');
  });
});

describe('a request', () => {
  test('with a body larger than the connection’s buffer is sent again by a retry', async () => {
    const body = 'x'.repeat(300_000);
    let failures = 1;
    orders.reply = () => ({ status: failures-- > 0 ? 503 : 200 });
    expect((await send({ host: 'retry.test', method: 'POST', body })).status).toBe(200);
    expect(orders.requests.map((seen) => seen.body.length)).toEqual([300_000, 300_000]);
  });

  test('to a split by cookie gets one cookie', async () => {
    expect((await send({ host: 'split.test' })).headers['set-cookie']?.match(/sid=/g)).toHaveLength(1);
  });

  test('to a service whose protocol TLS negotiates goes by HTTP/2, its health checks by HTTP/1.1', async () => {
    await eventually(async () => (await send({ host: 'secure.test' })).status === 200);
    expect(secure.requests.at(-1)?.httpVersion).toBe('2.0');
    expect(secure.healthChecks[0]).toMatchObject({ httpVersion: '1.1', authority: 'orders.internal' });
  });
});

test('a line of the access log says where a request went, without its query', async () => {
  await send({ host: 'shop.test', path: '/orders/7?token=secret', method: 'PUT', headers: { 'user-agent': 'tests' } });
  const line = await eventually(() => envoy.accessLog().find(({ path }) => path === '/orders/7'));
  expect(line).toMatchObject({
    gateway: 'edge',
    listener: 'http',
    route: 'orders',
    method: 'PUT',
    host: 'shop.test',
    path: '/orders/7',
    protocol: 'HTTP/1.1',
    status: 200,
    flags: '-',
    code_details: 'via_upstream',
    upstream_cluster: 'service/orders',
    upstream_host: orders.address,
    upstream_attempts: 1,
    user_agent: 'tests',
    trace_id: null,
    grpc_status: null,
  });
  expect(JSON.stringify(line)).not.toContain('secret');
  expect([line.duration_ms, line.upstream_duration_ms].map((value) => typeof value)).toEqual(['number', 'number']);
});
