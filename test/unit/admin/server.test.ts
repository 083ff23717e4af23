import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AdminServer, createAdminServer } from '../../../src/admin/server.ts';
import type { AdminSources } from '../../../src/admin/sources.ts';
import type { GatewayStatus } from '../../../src/build/gateway-status.ts';
import { createEventFeed } from '../../../src/events/event-feed.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { buildSnapshot } from '../../../src/snapshot/build.ts';
import { createSnapshotStore } from '../../../src/snapshot/store.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { NodeStatus } from '../../../src/xds/status.ts';

const KEY = '-----BEGIN PRIVATE KEY-----planted';

const GATEWAY: GatewayStatus = {
  gateway: 'edge',
  file: '/etc/edge.yaml',
  serving: 'current',
  isRestored: false,
  version: 'abc',
  acceptedAt: '2026-11-22T00:00:00.000Z',
  counts: { listeners: 1, routes: 2, services: 3 },
  certificates: {},
  problems: [],
  problemCounts: { errors: 0, warnings: 0 },
};

const NODE: NodeStatus = {
  id: 'envoy/1',
  cluster: 'edge',
  version: '1.40.0',
  connectedAt: 1,
  streams: [
    {
      variant: 'delta',
      ads: true,
      stage: 'settling',
      waitsEnded: 0,
      types: {
        [TYPE_URLS.Cluster]: {
          state: 'ERROR',
          subscribed: '*',
          rejected: { version: 'v2', message: '<script>alert(1)</script>', resources: ['service/orders'], at: 5 },
        },
      },
    },
  ],
};

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => Readonly<Record<string, readonly unknown[]>>;
}

describe('admin server', () => {
  const api = loadEnvoyApi();
  let server: AdminServer;
  let port: number;
  let gateways: GatewayStatus[];
  let nodes: NodeStatus[];
  let logged: string[];
  const feed = createEventFeed({ nowMs: Date.now });

  beforeEach(async () => {
    gateways = [GATEWAY];
    nodes = [NODE, { ...NODE, id: 'other', cluster: 'web' }];
    logged = [];
    server = createAdminServer(sources(), createLogger({ sink: { write: (line) => logged.push(line) } }));
    port = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  function sources(): AdminSources {
    const snapshots = createSnapshotStore();
    const resources = [
      { typeUrl: TYPE_URLS.Cluster, name: 'service/orders', message: { name: 'service/orders', connect_timeout: { seconds: 5 } } },
      {
        typeUrl: TYPE_URLS.Secret,
        name: 'certificate/shop',
        message: {
          name: 'certificate/shop',
          tls_certificate: { certificate_chain: { inline_string: 'PUBLIC CHAIN' }, private_key: { inline_string: KEY } },
        },
      },
      {
        typeUrl: TYPE_URLS.RouteConfiguration,
        name: 'routes/http',
        message: {
          name: 'routes/http',
          request_headers_to_add: [{ header: { key: 'Authorization', value: KEY } }, { header: { key: 'x-team', value: 'checkout' } }],
        },
      },
    ];
    const { snapshot } = buildSnapshot({ gateway: 'edge', resources }, api);
    if (snapshot !== undefined) snapshots.publish(snapshot);
    const metrics = createMetrics({ version: 'test' });
    return {
      version: '1.2.3',
      api,
      snapshots,
      metrics,
      gateways: () => gateways,
      companions: () => [],
      policies: () => [],
      nodes: () => nodes,
      gone: () => [{ id: 'dead', cluster: 'edge', goneAt: 60_000, ran: 'v7' }],
      runs: () => undefined,
      rollout: () => undefined,
      revisions: (gateway) => (gateway === 'edge' ? [] : undefined),
      texts: async (gateway, revision) =>
        gateway === 'edge' && revision === 3 ? { id: 'x', files: [{ file: '/etc/edge.yaml', text: 'version: v1' }] } : undefined,
      release: async () => true,
      explain: async () => undefined,
      loads: () => [],
      events: feed,
      discovered: () => undefined,
      pushes: {
        find: () => [],
        parse: () => ({ ok: true, value: [] }),
        get: () => undefined,
        put: async (_key, list) => ({ ...list, pushedAtMs: 0 }),
        delete: async () => false,
      },
      placeOf: async (_gateway, typeUrl, name) =>
        typeUrl === TYPE_URLS.Cluster && name === 'service/orders' ? '/etc/edge.yaml:7' : undefined,
    };
  }

  function ask(path: string, options: http.RequestOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) }),
        );
      });
      request.on('error', reject);
      request.end();
    });
  }

  it('is alive whatever it serves', async () => {
    gateways = [];
    expect(await ask('/livez')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
  });

  it('is ready when every gateway has a snapshot to serve, also an older one, and says which', async () => {
    expect((await ask('/readyz')).status).toBe(200);
    gateways = [GATEWAY, { ...GATEWAY, gateway: 'web', serving: 'last-good', isRestored: true }];
    const ready = await ask('/readyz');
    expect(ready.status).toBe(200);
    expect(ready.json()['gateways']?.[1]).toMatchObject({ gateway: 'web', serving: 'last-good', isRestored: true });
  });

  it('is not ready while a gateway has nothing to serve, or there is none', async () => {
    gateways = [
      GATEWAY,
      {
        file: '/etc/web.yaml',
        serving: 'nothing',
        isRestored: false,
        certificates: {},
        problems: [],
        problemCounts: { errors: 0, warnings: 0 },
      },
    ];
    const notReady = await ask('/readyz');
    expect(notReady.status).toBe(503);
    expect(notReady.json()['gateways']?.[1]).toMatchObject({ file: '/etc/web.yaml', serving: 'nothing' });
    gateways = [];
    expect((await ask('/readyz')).status).toBe(503);
  });

  it('shows metrics as OpenMetrics', async () => {
    const { headers, text } = await ask('/metrics');
    expect(headers['content-type']).toMatch(/^application\/openmetrics-text/);
    expect(text).toContain('chancery_build_info');
  });

  it('lists gateways and nodes, and narrows nodes down to a gateway', async () => {
    expect((await ask('/api/v1/gateways')).json()).toEqual({ gateways: [GATEWAY] });
    expect((await ask('/api/v1/nodes')).json()['nodes']).toHaveLength(2);
    expect((await ask('/api/v1/nodes?gateway=web')).json()['nodes']).toMatchObject([{ id: 'other' }]);
  });

  it('shows one node by its id, with any characters in it', async () => {
    expect((await ask(`/api/v1/nodes/${encodeURIComponent('envoy/1')}`)).json()).toMatchObject({
      ...NODE,
      streams: [{ stage: 'settling', types: { [TYPE_URLS.Cluster]: { rejected: { sources: ['/etc/edge.yaml:7'] } } } }],
    });
    expect((await ask('/api/v1/nodes/nobody')).status).toBe(404);
  });

  it('names a dead node, and what it ran (B63)', async () => {
    expect((await ask('/api/v1/nodes?gateway=edge')).json()['gone']).toEqual([{ id: 'dead', cluster: 'edge', goneAt: 60_000, ran: 'v7' }]);
    const dead = await ask('/api/v1/nodes/dead');
    expect(dead.status).toBe(404);
    expect(dead.text).toContain('is gone since 1970-01-01T00:01:00.000Z; it ran version v7 of gateway');
  });

  it('lists the revisions of a gateway', async () => {
    expect((await ask('/api/v1/gateways/edge/revisions')).json()).toEqual({ revisions: [] });
    expect((await ask('/api/v1/gateways/edge/revisions/3/files')).json()).toEqual({
      files: [{ file: '/etc/edge.yaml', text: 'version: v1' }],
    });
    expect((await ask('/api/v1/gateways/edge/revisions/4/files')).status).toBe(404);
    expect((await ask('/api/v1/gateways/nobody/quarantine')).status).toBe(404);
    expect((await ask('/api/v1/gateways/nobody/revisions')).status).toBe(404);
  });

  it('lists resources with type and version, and neither content nor place', async () => {
    const { resources } = (await ask('/api/v1/resources')).json() as unknown as { resources: Record<string, unknown>[] };
    expect(resources.map(({ name }) => name)).toEqual(['service/orders', 'routes/http', 'certificate/shop']);
    expect(resources[0]).toMatchObject({ gateway: 'edge', type: 'Cluster', typeUrl: TYPE_URLS.Cluster });
    for (const field of ['resource', 'source']) expect(resources[0]).not.toHaveProperty(field);
  });

  it('narrows resources down by gateway, type and name, and shows content and place of those named', async () => {
    for (const type of ['Cluster', encodeURIComponent(TYPE_URLS.Cluster)]) {
      expect((await ask(`/api/v1/resources?gateway=edge&type=${type}`)).json()['resources']).toHaveLength(1);
    }
    const named = await ask('/api/v1/resources?name=service/orders');
    expect(named.json()['resources']?.[0]).toMatchObject({
      source: '/etc/edge.yaml:7',
      resource: { name: 'service/orders', connect_timeout: '5s' },
    });
    expect((await ask('/api/v1/resources?name=nothing')).json()).toEqual({ resources: [] });
  });

  it('never shows a private key or a credential, but a hash of it (C7)', async () => {
    const secret = await ask('/api/v1/resources?name=certificate/shop');
    const routes = await ask('/api/v1/resources?name=routes/http');
    expect(secret.text + routes.text).not.toContain('planted');
    expect(secret.text).toContain('PUBLIC CHAIN');
    expect(secret.text).toMatch(/"private_key":\{"inline_string":"sha256:[0-9a-f]{12}"\}/);
    expect(routes.text).toContain('checkout');
    expect(routes.text).toMatch(/"key":"Authorization","value":"sha256:/);
  });

  it.each([
    ['/api/v1/nodes?gatway=edge', 400, /unknown query parameter "gatway".*gateway/],
    ['/api/v1/gateways?x=1', 400, /unknown query parameter "x".*none here/],
    ['/api/v1/resources?type=a&type=b', 400, /"type"/],
    ['/api/v1/resources?gateway=nobody', 404, /no gateway "nobody" is served; there are: edge/],
    ['/api/v2', 404, /nothing is at \/api\/v2/],
    ['/livez?full', 400, /unknown query parameter "full"/],
  ])('answers %s with a problem (RFC 9457) that says what is wrong', async (path, status, detail) => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toEqual({ type: 'about:blank', title: http.STATUS_CODES[status], status, detail: expect.stringMatching(detail) });
  });

  it('only answers GET and HEAD', async () => {
    const answer = await ask('/api/v1/nodes', { method: 'POST' });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
    expect((await ask('/livez', { method: 'HEAD' })).status).toBe(200);
  });

  it('hides its own faults from the caller and writes them to the log', async () => {
    gateways = new Proxy([GATEWAY], {
      get: () => {
        throw new Error('a fault with planted details');
      },
    });
    const answer = await ask('/readyz');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('planted');
    expect(logged.join('')).toContain('planted details');
  });

  it('lets no other origin in: no CORS, a strict content policy, nothing cached', async () => {
    const { headers } = await ask('/api/v1/nodes', { headers: { origin: 'https://evil.example' } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(headers['content-security-policy']).toMatch(/^default-src 'self'/);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });

  it.each([
    ['localhost', 200],
    ['LOCALHOST:18080', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:18080', 200],
    ['chancery.localhost', 200],
    ['evil.example', 403],
    ['localhost.evil.example:18080', 403],
    ['127.0.0.1.evil.example', 403],
  ])('on loopback, answers a request for the host %s with %i (DNS rebinding)', async (host, status) => {
    expect((await ask('/livez', { headers: { host } })).status).toBe(status);
  });

  it('sends events as they happen, of the gateway that is asked for, and ends with the server', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/events?gateway=edge`);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self'/);
    feed.tell({ kind: 'config', gateway: 'web', text: 'of another gateway' });
    feed.tell({ kind: 'config', gateway: 'edge', text: 'accepted' });
    const closed = response.text();
    await server.close();
    expect(await closed).toMatch(/^retry: 1000\n\nid: \S+\nevent: config\ndata: \{.*"text":"accepted"\}\n\n$/);
    expect(feed.isFollowed).toBe(false);
  });

  it('shows a page without scripts or assets of others, and escapes what comes from outside', async () => {
    gateways = [
      { ...GATEWAY, problems: [{ code: 'CH2001', severity: 'error', message: 'unknown service "<b>"', source: '/etc/edge.yaml:3:1' }] },
    ];
    const page = await ask('/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).not.toMatch(/<script|https?:|<b>/);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).toContain('/etc/edge.yaml:3:1');
    const assets = [...page.text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, link]) => link ?? '');
    for (const asset of assets) expect((await ask(asset)).status).toBe(200);
  });

  it('names the port when another program has it', async () => {
    const second = createAdminServer(sources(), createLogger({ level: 'silent' }));
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ERR_PORT_IN_USE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
      remedy: expect.stringContaining('--admin-port'),
    });
    await second.close();
  });
});
