// The same gateway by delta ADS, by state-of-the-world ADS, from a mounted volume, and rendered as a plain Envoy configuration without a control plane.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type CertificateAuthority, createAuthority } from '../../support/certificates.ts';
import { runChancery } from '../../support/chancery-process.ts';
import { startEnvoy } from '../../support/envoy.ts';
import { freePorts } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcAnswer, grpcRequest } from '../../support/grpc-call.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace } from '../../support/workspace.ts';

let upstreams: Readonly<Record<'a' | 'b' | 'g', Upstream>>;
let authority: CertificateAuthority;
let files: Readonly<Record<string, string>>;

beforeAll(async () => {
  upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    g: await startUpstream({ name: 'g', protocol: 'h2' }),
  };
  authority = await createAuthority();
  const { cert, key } = await authority.issue({ name: 'shop.test' });
  files = { 'shop.crt': cert, 'shop.key': key };
});
afterAll(async () => {
  for (const upstream of Object.values(upstreams)) await upstream.close();
});

interface Ports {
  readonly http: number;
  readonly https: number;
}

const config = ({ http, https }: Ports, folder = ''): string => `
listeners:
  http: {port: ${http}}
  https: {port: ${https}, tls: {certificates: [{cert: "\${file:${folder}shop.crt}", key: "\${file:${folder}shop.key}"}]}}
services:
  a: {endpoints: ["${upstreams.a.address}"], circuitBreaker: {maxRequests: 7}}
  b: {endpoints: ["localhost:${upstreams.b.port}"]}
  g: {endpoints: ["${upstreams.g.address}"], protocol: grpc, healthCheck: {grpc: true}}
routes:
  - {name: web, listeners: [http, https], backends: [a], requestHeaders: {set: {x-route: web}}}
  - {name: named, listeners: [http, https], matches: [{path: {template: "/items/{id}"}}], backends: [b], rewrite: {template: "/i/{id}"}}
  - {name: rpc, listeners: [http, https], matches: [{grpc: {service: shop.v1.Orders}}], backends: [g]}
  - {name: moved, listeners: [http], hostnames: [old.test], redirect: {host: new.test, port: 81, code: 308}}
  - {name: health, listeners: [http, https], matches: [{path: {exact: /healthz}}], respond: {status: 200, body: ok}}
`;

/** What a client sees of the gateway above. */
async function observe({ http, https }: Ports): Promise<unknown> {
  const tls = { serverName: 'shop.test', ca: authority.cert };
  const place = ({ status, headers }: HttpResponse): unknown => [status, headers['x-upstream'], headers.location];
  const call = grpcRequest('/shop.v1.Orders/Get', Buffer.from('hi'));
  return {
    plain: place(await request({ port: http, path: '/x' })),
    secure: (await request({ port: https, path: '/x', tls })).json().headers as unknown,
    template: (await request({ port: https, http: '2', path: '/items/7?q=1', tls })).json().path,
    grpc: grpcAnswer(await request({ port: http, http: '2', ...call })).status,
    redirect: place(await request({ port: http, host: 'old.test', path: '/p' })),
    health: (await request({ port: http, path: '/healthz' })).text(),
  };
}

const expected = {
  plain: [200, 'a', undefined],
  secure: expect.objectContaining({ 'x-route': 'web', 'x-forwarded-proto': 'https' }),
  template: '/i/7?q=1',
  grpc: 0,
  redirect: [308, undefined, 'http://new.test:81/p'],
  health: 'ok',
};

describe.each([
  ['delta ADS', { variant: 'delta' }],
  ['state-of-the-world ADS', { variant: 'sotw' }],
  ['delta ADS from a mounted volume', { variant: 'delta', isMounted: true }],
] as const)('by %s', (_title, options) => {
  let gateway: Gateway;
  let ports: Ports;
  const folder = 'isMounted' in options ? '../' : '';

  beforeAll(async () => {
    const [http = 0, https = 0] = await freePorts(2);
    ports = { http, https };
    gateway = await startGateway({ config: config(ports, folder), files, ...options });
  });
  afterAll(() => gateway?.stop());

  test('a real Envoy runs the gateway', async () => {
    expect(await observe(ports)).toEqual(expected);
  });

  test('edits of every kind go live: routes, services, listeners come, change and go', async () => {
    const [more = 0] = await freePorts(1);
    const original = config(ports, folder);
    await gateway.apply(original.replace('x-route: web', 'x-route: edited'));
    expect((await gateway.send({ path: '/x' })).json().headers).toMatchObject({ 'x-route': 'edited' });
    await gateway.apply(
      original
        .replace('listeners:\n', `listeners:\n  more: {port: ${more}}\n`)
        .replace('services:\n', `services:\n  c: {endpoints: ["${upstreams.b.address}"]}\n`)
        .replace('listeners: [http, https], backends: [a]', 'listeners: [http, https, more], backends: [c]'),
    );
    expect((await gateway.send({ listener: 'more' })).headers['x-upstream']).toBe('b');
    expect((await gateway.send({ listener: 'http' })).headers['x-upstream']).toBe('b');
    await gateway.apply(original.replace('maxRequests: 7', 'maxRequests: 8'));
    await expect(request({ port: more })).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    expect(await observe(ports)).toEqual(expected);
    const names = [...(await gateway.envoy.admin.versions()).keys()];
    expect(names).not.toContain('Listener listener/more');
    expect(names).toContain('Cluster service/a');
  });

  test('nothing was refused', async () => {
    const stats = await gateway.envoy.admin.stats('update_rejected|update_failure');
    expect([...stats].filter(([name, value]) => name.endsWith('update_rejected') && value > 0)).toEqual([]);
  });
});

test('rendered for a plain Envoy, the gateway runs as it is and answers alike', async () => {
  const [http = 0, https = 0] = await freePorts(2);
  const workspace = await createWorkspace({ ...files, 'gateway.yaml': `version: v1\ngateway: test\n${config({ http, https })}` });
  const rendered = await runChancery(['render', '-c', workspace.path('gateway.yaml'), '--to', 'envoy', '--with-secrets']);
  expect([rendered.code, rendered.stderr]).toEqual([0, '']);
  const envoy = await startEnvoy(parse(rendered.stdout) as object);
  expect(await observe({ http, https })).toEqual(expected);
  await envoy.stop();
  await workspace.remove();
});

test('rendered without secrets, no key is shown, and a gateway that has none runs as it is (C7)', async () => {
  const [http = 0, https = 0] = await freePorts(2);
  const plain = `version: v1\ngateway: test\nlisteners: {http: {port: ${http}}}\nroutes: [{name: all, respond: {status: 200, body: ok}}]\n`;
  const workspace = await createWorkspace({
    ...files,
    'tls.yaml': `version: v1\ngateway: test\n${config({ http, https })}`,
    'plain.yaml': plain,
  });
  const withKeys = await runChancery(['render', '-c', workspace.path('tls.yaml'), '--to', 'envoy']);
  expect(withKeys.stdout + withKeys.stderr).not.toMatch(/PRIVATE KEY/);
  expect(withKeys.stderr).toContain('--with-secrets');
  const rendered = await runChancery(['render', '-c', workspace.path('plain.yaml'), '--to', 'envoy']);
  expect([rendered.code, rendered.stderr]).toEqual([0, '']);
  const envoy = await startEnvoy(parse(rendered.stdout) as object);
  expect((await request({ port: http })).text()).toBe('ok');
  await envoy.stop();
  await workspace.remove();
});
