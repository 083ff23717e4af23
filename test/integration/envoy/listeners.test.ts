// Listeners in a real Envoy: addresses, which routes they serve (C17), how they clean paths; and Envoys that join and leave.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runChancery } from '../../support/chancery-process.ts';
import { startEnvoy } from '../../support/envoy.ts';
import { freePorts } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { request } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const NAMES = ['plain', 'loopback', 'reject', 'redirect', 'unescape', 'merge'] as const;
let gateway: Gateway;
let upstream: Upstream;
let ports: Readonly<Record<(typeof NAMES)[number], number>>;

beforeAll(async () => {
  upstream = await startUpstream({ name: 'backend' });
  const free = await freePorts(NAMES.length);
  ports = Object.fromEntries(NAMES.map((name, index) => [name, free[index]])) as typeof ports;
  gateway = await startGateway({
    config: `
listeners:
  plain: {port: ${ports.plain}}
  loopback: {port: ${ports.loopback}, address: 127.0.0.1}
  reject: {port: ${ports.reject}, paths: {escapedSlashes: reject}}
  redirect: {port: ${ports.redirect}, paths: {escapedSlashes: redirect}}
  unescape: {port: ${ports.unescape}, paths: {escapedSlashes: unescape}}
  merge: {port: ${ports.merge}, paths: {mergeSlashes: true}}
services:
  backend: {endpoints: ["${upstream.address}"]}
routes:
  - {name: everywhere, backends: [backend]}
  - {name: admin, matches: [{path: {prefix: /admin}}], respond: {status: 403, body: forbidden}}
  - {name: only-loopback, listeners: [loopback], matches: [{path: {prefix: /inside}}], respond: {status: 200, body: inside}}
`,
  });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream.close();
});

describe('a route', () => {
  test('without listeners is served by all of them, one with listeners by these', async () => {
    expect((await request({ port: ports.loopback, path: '/inside' })).text()).toBe('inside');
    expect((await request({ port: ports.plain, path: '/inside' })).headers['x-upstream']).toBe('backend');
  });

  test('is not served on another address than its listener’s', async () => {
    await expect(request({ port: ports.loopback, address: '127.0.0.2' })).rejects.toThrow(/ECONNREFUSED/);
    expect((await request({ port: ports.plain, address: '127.0.0.2' })).status).toBe(200);
  });
});

describe('a path', () => {
  test.each([
    // [listener, path asked, status, path at the backend or location]
    ['plain', '/a/../admin/x', 403, undefined],
    ['plain', '/a/./b//c', 200, '/a/b//c'],
    ['plain', '/%61dmin', 403, undefined],
    ['plain', '/a%2Fb', 200, '/a%2Fb'],
    ['plain', '/x%2F..%2Fadmin', 200, '/x%2F..%2Fadmin'],
    ['reject', '/a%2Fb', 400, undefined],
    ['reject', '/a%5cb', 400, undefined],
    ['reject', '/a%20b', 200, '/a%20b'],
    ['redirect', '/a%2Fb', 307, '/a/b'],
    ['unescape', '/x%2F..%2Fadmin', 403, undefined],
    ['unescape', '/a%2Fb', 200, '/a/b'],
    ['merge', '//admin', 403, undefined],
    ['merge', '/a//b///c', 200, '/a/b/c'],
  ] as const)('on the listener %s, %s is answered %i (%s)', async (listener, path, status, seen) => {
    const response = await request({ port: ports[listener], path });
    expect(response.status).toBe(status);
    if (status === 200) expect(response.json().path).toBe(seen);
    if (status === 307) expect(response.headers.location).toBe(seen);
  });
});

test('an Envoy that joins is ready only when it serves everything; one that leaves is gone from the status (B55)', async () => {
  const connected = async (): Promise<readonly string[]> => {
    const { nodes } = (await gateway.chancery.api('/api/v1/nodes')) as { readonly nodes: readonly { readonly id: string }[] };
    return nodes.map(({ id }) => id);
  };
  const file = gateway.workspace.path('gateway.yaml');
  const bootstrap = await runChancery(['bootstrap', '-c', file, '--node', 'second-envoy', '--xds-port', String(gateway.chancery.xdsPort)]);
  await gateway.envoy.stop();
  const second = await startEnvoy(parse(bootstrap.stdout) as object);
  // At once, without waiting for anything but readiness.
  expect((await request({ port: ports.plain, path: '/x' })).status).toBe(200);
  expect(await connected()).toEqual(['second-envoy']);
  await second.stop();
});
