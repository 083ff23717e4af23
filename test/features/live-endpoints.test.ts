// Endpoints that are found while the program runs: the fast path, pushes through the admin API, what survives a restart.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';

const services = (): string =>
  Array.from({ length: 200 }, (_, n) => `  s${n}: {discovery: {file: lists/s${n}.yaml, drainFor: 100ms}}\n`).join('');
const routes = (): string =>
  Array.from({ length: 200 }, (_, n) => `  - {name: r${n}, hostnames: [s${n}.test], backends: [s${n}]}\n`).join('');
const GATEWAY = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
services:
${services()}  pushed: {discovery: {push: {}, drainFor: 100ms}}
  guarded: {discovery: {push: {token: canary-token}}}
  plain: {endpoints: ["127.0.0.1:1"]}
routes:
${routes()}  - {name: pushed, hostnames: [p.test], backends: [pushed, guarded, plain]}
`;
const LISTS = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`lists/s${n}.yaml`, '["127.0.0.1:9000"]']));

let fixture: AppFixture;
beforeEach(async () => {
  fixture = await createAppFixture({ 'edge.yaml': GATEWAY, ...LISTS });
});
afterEach(() => fixture.clean());

async function metric({ admin }: RunningApp, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask({ admin }: RunningApp, path: string, init: RequestInit & { readonly json?: unknown } = {}): Promise<Asked> {
  const { json, ...rest } = init;
  const sent = json === undefined ? {} : { body: JSON.stringify(json) };
  const headers = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...Object.fromEntries(new Headers(rest.headers)),
  };
  const response = await fetch(`http://127.0.0.1:${admin}${path}`, { ...rest, ...sent, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

/** Addresses of a service as they are served, sorted. */
async function served(running: RunningApp, service: string): Promise<readonly string[]> {
  const { body } = await running.get(`/api/v1/resources?type=ClusterLoadAssignment&name=service/${service}`);
  return [...JSON.stringify(body).matchAll(/"address":"([\d.]+)","port_value":(\d+)/g)].map(([, ip, port]) => `${ip}:${port}`).sort();
}

describe('a change of endpoints', () => {
  it('sends that assignment alone, compiles nothing, and is measured to its last ACK (P6, D19, B65, B66)', async () => {
    const running = await fixture.start();
    const node = running.node();
    await eventually(() => node.running.get('ClusterLoadAssignment')?.size === 203, { what: 'all endpoints' });
    await eventually(() => node.running.get('RouteConfiguration')?.size === 1, { what: 'the routes' });
    const [compiles, version, told] = [
      await metric(running, 'chancery_compiles_total'),
      running.app.gateways()[0]?.version,
      node.responses.length,
    ];
    await fixture.workspace.save('lists/s7.yaml', '["127.0.0.1:9001", "127.0.0.1:9000"]', 'rename');
    await eventually(async () => (await metric(running, 'chancery_endpoint_lag_seconds_count{gateway="edge"}')) > 0, { what: 'the lag' });
    const pushed = node.responses.slice(told).map((response) => Object.keys(response.versions));
    expect(pushed).toEqual([['service/s7']]);
    expect(await metric(running, 'chancery_compiles_total')).toBe(compiles);
    expect(running.app.gateways()[0]?.version).toBe(version);
    expect(await metric(running, 'chancery_endpoints{gateway="edge",service="s7",state="active"}')).toBe(2);
  });

  it('to the same endpoints in another order or form sends nothing', async () => {
    const running = await fixture.start();
    const node = running.node();
    await eventually(() => node.running.get('ClusterLoadAssignment')?.size === 203, { what: 'all endpoints' });
    await eventually(() => node.running.get('RouteConfiguration')?.size === 1, { what: 'the routes' });
    const told = node.responses.length;
    await fixture.workspace.save('lists/s7.yaml', '{endpoints: [{address: "127.0.0.1:9000", weight: 1}]}', 'rename');
    await fixture.workspace.save('lists/s8.yaml', '["127.0.0.1:9009"]', 'rename');
    await eventually(() => node.responses.length > told, { what: 'the other list' });
    expect(node.responses.slice(told).flatMap(({ versions }) => Object.keys(versions))).not.toContain('service/s7');
  });

  it('lives on over an edit that does not touch its source, and is kept over a restart without it (D17)', async () => {
    const running = await fixture.start(undefined, { state: true });
    await fixture.workspace.save('lists/s7.yaml', '["127.0.0.1:9007"]', 'rename');
    await eventually(async () => (await served(running, 's7')).join() === '127.0.0.1:9007', { what: 'the new list' });
    await fixture.workspace.save('edge.yaml', GATEWAY.replace('s7.test', 'seven.test'), 'rename');
    const { version } = running.app.gateways()[0] ?? {};
    await eventually(() => running.app.gateways()[0]?.version !== version, { what: 'the edit' });
    expect(await served(running, 's7')).toEqual(['127.0.0.1:9007']);
    await ask(running, '/api/v1/endpoints/pushed', { method: 'PUT', json: { endpoints: ['127.0.0.1:9100'] } });
    await running.stop();
    await fixture.workspace.write('edge.yaml', 'gateway: [');
    await fixture.workspace.write('lists/s7.yaml', '- broken: [');
    const again = await fixture.start(undefined, { state: true });
    expect(again.app.gateways()[0]?.isRestored).toBe(true);
    expect([await served(again, 's7'), await served(again, 'pushed')]).toEqual([['127.0.0.1:9007'], ['127.0.0.1:9100']]);
  });
});

it('another source is another revision, although no resource says so (D2)', async () => {
  const running = await fixture.start();
  const { version } = running.app.gateways()[0] ?? {};
  await fixture.workspace.write('lists/other.yaml', '["127.0.0.1:9200"]');
  await fixture.workspace.save('edge.yaml', GATEWAY.replace('lists/s7.yaml', 'lists/other.yaml'), 'rename');
  await eventually(() => running.app.gateways()[0]?.version !== version, { what: 'the edit' });
  expect(await served(running, 's7')).toEqual(['127.0.0.1:9200']);
});

describe('PUT /api/v1/endpoints/SERVICE', () => {
  const PUSHED = '/api/v1/endpoints/pushed';

  it('gives a service its endpoints, shows them with a tag, and takes them back (D12)', async () => {
    const running = await fixture.start();
    expect((await ask(running, PUSHED)).status).toBe(404);
    const put = await ask(running, PUSHED, {
      method: 'PUT',
      json: { endpoints: ['127.0.0.1:9100', { address: '[::1]:9101', weight: 3, zone: 'b' }], ttl: '1h' },
    });
    expect([put.status, put.body]).toMatchObject([
      200,
      {
        gateway: 'edge',
        service: 'pushed',
        endpoints: [
          { address: '127.0.0.1:9100', weight: 1 },
          { address: '[::1]:9101', zone: 'b' },
        ],
      },
    ]);
    const got = await ask(running, `${PUSHED}?gateway=edge`);
    expect([got.body, got.headers.get('etag')]).toEqual([put.body, put.headers.get('etag')]);
    await eventually(async () => (await served(running, 'pushed')).join() === '127.0.0.1:9100', { what: 'the endpoint' });
    expect((await ask(running, PUSHED, { method: 'DELETE', headers: { 'if-match': '"other"' } })).status).toBe(412);
    const tag = got.headers.get('etag') ?? '';
    expect((await ask(running, PUSHED, { method: 'DELETE', headers: { 'if-match': tag } })).status).toBe(204);
    await eventually(async () => (await served(running, 'pushed')).length === 0, { what: 'no endpoint' });
  });

  it.each([
    ['unknown', { endpoints: [] }, 404, 'no service "unknown" that a route uses takes pushes'],
    ['plain', { endpoints: [] }, 404, 'it needs discovery: {push: {}}'],
    ['pushed?gateway=other', { endpoints: [] }, 404, 'of gateway "other"'],
    ['pushed?gatway=edge', { endpoints: [] }, 400, 'unknown query parameter'],
    ['pushed', { endpoints: ['nope'] }, 400, 'endpoints.0: "nope" is not an address'],
    ['pushed', { endpoints: [], tll: '3s' }, 400, 'Unrecognized key: "tll"'],
    ['pushed', { endpoints: [{ address: '10.0.0.1:1', wieght: 2 }] }, 400, 'wieght'],
    ['pushed', { endpoints: [], ttl: 30 }, 400, 'ttl'],
    ['pushed', [], 400, 'the body is {"endpoints": [...]'],
    ['guarded', { endpoints: [] }, 401, 'with its token alone'],
  ])('of %s with %j is a problem (RFC 9457)', async (place, json, status, detail) => {
    const running = await fixture.start();
    const answer = await ask(running, `/api/v1/endpoints/${place}`, { method: 'PUT', json });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status, detail: expect.stringContaining(detail) });
  });

  it('takes bodies up to 1 MiB', async () => {
    const running = await fixture.start();
    const endpoints = Array.from({ length: 80_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}:80`);
    expect((await ask(running, PUSHED, { method: 'PUT', json: { endpoints } })).status).toBe(413);
  });

  it('takes the token of a service, and shows it nowhere (C7)', async () => {
    const running = await fixture.start(undefined, { state: true });
    const headers = { authorization: 'Bearer canary-token' };
    const put = await ask(running, '/api/v1/endpoints/guarded', { method: 'PUT', json: { endpoints: ['127.0.0.1:1'] }, headers });
    expect(put.status).toBe(200);
    const { body } = await ask(running, '/api/v1/gateways/edge/services');
    expect(JSON.stringify([body, put.body, running.log])).not.toContain('canary-token');
  });
});

it('GET /api/v1/gateways/NAME/services shows what discovery knows', async () => {
  const running = await fixture.start();
  await fixture.workspace.save('lists/s7.yaml', '["127.0.0.1:9001", "nowhere"]', 'rename');
  const of = async (name: string): Promise<Record<string, unknown> | undefined> => {
    const { body } = await ask(running, '/api/v1/gateways/edge/services');
    return (body['services'] as Record<string, unknown>[]).find(({ service }) => service === name);
  };
  await eventually(async () => (await of('s7'))?.['error'] !== undefined, { what: 'the error' });
  expect(await of('s7')).toMatchObject({
    source: 'file',
    from: fixture.workspace.path('lists/s7.yaml'),
    state: 'found',
    endpoints: ['127.0.0.1:9000'],
    error: expect.stringContaining('endpoints.1: "nowhere" is not an address'),
  });
  expect(await of('pushed')).toMatchObject({ source: 'push', state: 'none', endpoints: [] });
  expect((await ask(running, '/api/v1/gateways/other/services')).status).toBe(404);
});
