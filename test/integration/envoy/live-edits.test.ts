// Promise 1: no request fails because configuration changed. Edits of the file while load runs through a real Envoy, HTTP/1.1 and gRPC.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { createGate } from '../../support/gate.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcRequest } from '../../support/grpc-call.ts';
import { type Load, startLoad } from '../../support/load.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import type { Reply } from '../../support/upstream-exchange.ts';

type Name = 'a' | 'b' | 'g1' | 'g2';
let gateway: Gateway;
let upstreams: Readonly<Record<Name, Upstream>>;
let port: number;
let secondPort: number;

interface Parts {
  /** Services beside the ones that routes need. */
  readonly services: string;
  readonly routes: string;
  readonly listeners?: string;
}

const config = ({ services, routes, listeners = '' }: Parts): string => `
listeners:
  http: {port: ${port}}
${listeners}
services:
${services}
routes:
${routes}
`;
const http1 = (name: string, upstream: Upstream, more = ''): string => `  ${name}: {endpoints: ["${upstream.address}"]${more}}`;
const grpc = (name: string, upstream: Upstream, more = ''): string =>
  `  ${name}: {endpoints: ["${upstream.address}"], protocol: grpc${more}}`;
const services = (orders: string, more = ''): string =>
  [
    http1(`${orders}-a`, upstreams.a, more),
    http1(`${orders}-b`, upstreams.b, more),
    grpc(`${orders}-g1`, upstreams.g1, more),
    grpc(`${orders}-g2`, upstreams.g2, more),
  ].join('\n');
const routes = (web: string, rpc: string, more = ''): string => `
  - {name: web, matches: [{path: {prefix: /orders}}], backends: ${web}${more}}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: ${rpc}${more}}`;
const base = (): string => config({ services: services('orders'), routes: routes('[orders-a]', '[orders-g1]') });

let loads: Load[] = [];
/** Backends that the last load has reached. */
let reached: readonly string[] = [];
const startLoads = async (): Promise<void> => {
  loads = [
    await startLoad({
      target: { port },
      request: (n) => ({ path: `/orders/${n}`, timeoutMs: 15_000 }),
      perSecond: 150,
      lateAfterMs: 5_000,
    }),
    await startLoad({
      target: { port, http: '2' },
      request: () => grpcRequest('/shop.v1.Orders/Get', Buffer.from('x'), { timeoutMs: 15_000 }),
      perSecond: 100,
      lateAfterMs: 5_000,
    }),
  ];
  await more(20);
};
const more = (count: number): Promise<unknown> => Promise.all(loads.map((load) => load.more(count)));
const expectNoFailure = async (): Promise<void> => {
  await more(20);
  const reports = await Promise.all(loads.splice(0).map((load) => load.stop()));
  expect(reports.map(({ failures }) => failures)).toEqual([[], []]);
  reached = reports.flatMap(({ byUpstream }) => [...byUpstream.keys()]).sort();
};

beforeAll(async () => {
  upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    g1: await startUpstream({ name: 'g1', protocol: 'h2' }),
    g2: await startUpstream({ name: 'g2', protocol: 'h2' }),
  };
  [port = 0, secondPort = 0] = await freePorts(2);
  gateway = await startGateway({ config: base() });
});
afterAll(async () => {
  await gateway?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});
beforeEach(async () => {
  for (const upstream of Object.values(upstreams)) {
    upstream.reset();
    // So that there are always requests in flight.
    upstream.reply = () => ({ delayMs: 40 });
  }
  await gateway.apply(base());
});
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
});

const alternate =
  (first: (n: number) => string, second: (n: number) => string): ((n: number) => string) =>
  (n) =>
    n % 2 === 0 ? first(n) : second(n);

/** What is edited, the n-th edit from 1, and the backends that all edits together reach (default a and g1). */
const EDITS: readonly (readonly [string, (n: number) => string, string?])[] = [
  [
    'retargets routes to new services and deletes the old ones (B47)',
    (n) =>
      config({
        services: [
          http1(`web-${n}`, n % 2 === 0 ? upstreams.b : upstreams.a),
          grpc(`rpc-${n}`, n % 2 === 0 ? upstreams.g2 : upstreams.g1),
        ].join('\n'),
        routes: routes(`[web-${n}]`, `[rpc-${n}]`),
      }),
    'a,b,g1,g2',
  ],
  ['renames a service', (n) => config({ services: services(`orders-${n}`), routes: routes(`[orders-${n}-a]`, `[orders-${n}-g1]`) })],
  [
    'changes the connect timeout of the services in use',
    (n) => config({ services: services('orders', `, connectTimeout: ${n + 1}s`), routes: routes('[orders-a]', '[orders-g1]') }),
  ],
  [
    'changes a circuit breaker and switches outlier detection on and off',
    alternate(
      (n) =>
        config({
          services: services('orders', `, circuitBreaker: {maxRequests: ${500 + n}}`),
          routes: routes('[orders-a]', '[orders-g1]'),
        }),
      () => config({ services: services('orders', ', outlierDetection: {}'), routes: routes('[orders-a]', '[orders-g1]') }),
    ),
  ],
  [
    'adds and takes away a health check',
    alternate(
      () =>
        config({
          services: services('orders', ', healthCheck: {tcp: true, interval: 1s, timeout: 500ms}'),
          routes: routes('[orders-a]', '[orders-g1]'),
        }),
      base,
    ),
  ],
  [
    'changes weights',
    (n) =>
      config({
        services: services('orders'),
        routes: routes(
          `[{service: orders-a, weight: ${n}}, {service: orders-b, weight: ${10 - n}}]`,
          `[{service: orders-g1, weight: ${n}}, {service: orders-g2, weight: 1}]`,
        ),
      }),
    'a,b,g1,g2',
  ],
  [
    'moves the endpoints of a service',
    (n) =>
      config({
        services: [
          http1('orders-a', n % 2 === 0 ? upstreams.b : upstreams.a),
          grpc('orders-g1', n % 2 === 0 ? upstreams.g2 : upstreams.g1),
        ].join('\n'),
        routes: routes('[orders-a]', '[orders-g1]'),
      }),
    'a,b,g1,g2',
  ],
  [
    'gives a service endpoints by name instead of by address',
    alternate(
      () =>
        config({
          services: `${http1('orders-a', upstreams.a).replace('127.0.0.1', 'localhost')}\n${grpc('orders-g1', upstreams.g1)}`,
          routes: routes('[orders-a]', '[orders-g1]'),
        }),
      base,
    ),
  ],
  [
    'splits, reorders and renames routes',
    alternate(
      (n) =>
        config({
          services: services('orders'),
          routes: `
  - {name: rpc-${n}, matches: [{grpc: {service: shop.v1.Orders, method: Get}}], backends: [orders-g2]}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: [orders-g1]}
  - {name: odd-${n}, matches: [{path: {regex: "/orders/.*[13579]"}}], backends: [orders-b], priority: 1}
  - {name: web, matches: [{path: {prefix: /orders}}], backends: [orders-a]}`,
        }),
      base,
    ),
    'a,b,g1,g2',
  ],
  [
    'adds and takes away host names, header changes and timeouts',
    (n) =>
      config({
        services: services('orders'),
        routes: routes(
          '[orders-a]',
          '[orders-g1]',
          `, hostnames: ["*", "h${n}.test"], timeout: ${n + 5}s, responseHeaders: {set: {x-n: "${n}"}}`,
        ),
      }),
  ],
  [
    'adds and takes away another listener',
    alternate(
      () =>
        config({
          services: services('orders'),
          routes: routes('[orders-a]', '[orders-g1]'),
          listeners: `  second: {port: ${secondPort}}`,
        }),
      base,
    ),
  ],
];

describe('no request fails while an edit', () => {
  test.each(EDITS.map(([title, edit, backends = 'a,g1']) => [title, edit, backends] as const))('%s', async (_title, edit, backends) => {
    await startLoads();
    for (let n = 1; n <= 4; n += 1) {
      await gateway.apply(edit(n));
      await more(10);
    }
    await expectNoFailure();
    expect(reached.join()).toBe(backends);
  });

  test('changes the listener itself, whose connections Envoy drains and closes', async () => {
    const drained = (): Promise<number> => gateway.envoy.admin.stat('listener_manager.listener_in_place_updated');
    const before = await drained();
    await startLoads();
    await gateway.apply(base().replace(`http: {port: ${port}}`, `http: {port: ${port}, clientIp: {trustedHops: 1}}`));
    expect(await drained()).toBe(before + 1);
    await eventually(async () => (await gateway.envoy.admin.stat('listener_manager.total_filter_chains_draining')) === 0);
    await expectNoFailure();
  });

  test('flaps between two revisions ten times a second', async () => {
    const other = config({ services: [http1('web', upstreams.b), grpc('rpc', upstreams.g2)].join('\n'), routes: routes('[web]', '[rpc]') });
    await startLoads();
    for (let n = 0; n < 20; n += 1) {
      await gateway.publish(n % 2 === 0 ? other : base());
      // At 150 a second, fifteen answers are a tenth of one.
      await loads[0]?.more(15);
    }
    await gateway.apply(base());
    await expectNoFailure();
  });
});

test('an edit is live within a second', async () => {
  for (let n = 1; n <= 5; n += 1) {
    expect(
      await gateway.apply(config({ services: services('orders'), routes: routes(`[orders-${n % 2 === 0 ? 'a' : 'b'}]`, '[orders-g1]') })),
    ).toBeLessThan(1_000);
  }
});

test('requests in flight on a service that an edit deletes are answered', async () => {
  upstreams.a.reply = () => ({ delayMs: 1_500 });
  const slow = gateway.send({ path: '/orders/slow' });
  await eventually(() => upstreams.a.requests.length === 1);
  await gateway.apply(
    config({ services: [http1('web', upstreams.b), grpc('rpc', upstreams.g2)].join('\n'), routes: routes('[web]', '[rpc]') }),
  );
  expect((await gateway.send({ path: '/orders/now' })).headers['x-upstream']).toBe('b');
  expect((await slow).headers['x-upstream']).toBe('a');
});

test('an edit of comments and of the order of keys and routes sends nothing to Envoy (B14, C15)', async () => {
  const before = { versions: await gateway.envoy.admin.versions(), attempts: await updates() };
  const logged = gateway.chancery.logs().length;
  const { routes: list, ...rest } = parse(gateway.text(base())) as { routes: readonly object[] };
  await gateway.saveText(`# a comment\n${stringify({ routes: list.toReversed(), ...rest })}`);
  await eventually(() => gateway.chancery.logs().slice(logged).includes('config.unchanged'));
  expect({ versions: await gateway.envoy.admin.versions(), attempts: await updates() }).toEqual(before);
});

/** How often Envoy was sent something. */
const updates = async (): Promise<unknown> => Object.fromEntries(await gateway.envoy.admin.stats('update_(success|attempt)$'));

describe('a broken edit', () => {
  test.each([
    ['that is not YAML', (good: string) => `${good}\n  - {name: [`],
    ['that names an unknown service', (good: string) => good.replace('orders-a]', 'order-a]').replace('- orders-a', '- order-a')],
    ['that is empty', () => ''],
  ])('%s changes nothing, and the next good one goes live', async (_title, break_) => {
    await startLoads();
    const versions = await gateway.envoy.admin.versions();
    const before = gateway.chancery.logs().length;
    await gateway.saveText(break_(gateway.text(base())));
    await eventually(() => /CH\d{4}/.test(gateway.chancery.logs().slice(before)), { what: 'the control plane to report the mistake' });
    expect(await gateway.envoy.admin.versions()).toEqual(versions);
    await gateway.apply(config({ services: services('orders'), routes: routes('[orders-b]', '[orders-g2]') }));
    expect((await gateway.send({ path: '/orders' })).headers['x-upstream']).toBe('b');
    await expectNoFailure();
  });
});

describe('saving the file', () => {
  test.each(['truncate', 'rename', 'backup'] as const)('by %s goes live, time after time, without a failed request', async (pattern) => {
    await startLoads();
    for (const [web, name] of [
      ['orders-b', 'b'],
      ['orders-a', 'a'],
      ['orders-b', 'b'],
    ] as const) {
      await gateway.apply(config({ services: services('orders'), routes: routes(`[${web}]`, '[orders-g1]') }), pattern);
      expect((await gateway.send({ path: '/orders' })).headers['x-upstream']).toBe(name);
    }
    await expectNoFailure();
  });
});

describe('the control plane', () => {
  /** What the file says stays as it was; what earlier edits left to linger may go. */
  const expectUnchanged = async (before: ReadonlyMap<string, string>): Promise<void> => {
    const now = await gateway.envoy.admin.versions();
    expect([...now.keys()]).toEqual(
      expect.arrayContaining(['Listener listener/http', 'RouteConfiguration routes/http', 'Cluster service/orders-a']),
    );
    for (const [name, version] of now) expect([name, version]).toEqual([name, before.get(name)]);
  };

  test('killed and started again under load loses no request, resends nothing, and takes the next edit (D25)', async () => {
    await startLoads();
    const versions = await gateway.envoy.admin.versions();
    await gateway.chancery.kill();
    await more(50);
    await gateway.restartChancery();
    await eventually(async () => (await gateway.envoy.admin.stat('control_plane.connected_state')) === 1, { timeoutMs: 20_000 });
    await more(20);
    await expectUnchanged(versions);
    await gateway.apply(config({ services: services('orders'), routes: routes('[orders-b]', '[orders-g2]') }));
    expect((await gateway.send({ path: '/orders' })).headers['x-upstream']).toBe('b');
    await expectNoFailure();
  });

  test('killed and started again while Envoy warms a cluster loses no request, and the edit goes live (D7, D25)', async () => {
    const healthy = createGate<Reply>();
    upstreams.b.replyToHealthChecks = () => healthy.promise;
    await startLoads();
    const checked = ', healthCheck: {http: /healthz, interval: 60s, timeout: 20s, unhealthyThreshold: 1, healthyThreshold: 1}';
    await gateway.publish(
      config({
        services: [http1('checked', upstreams.b, checked), grpc('orders-g1', upstreams.g1)].join('\n'),
        routes: routes('[checked]', '[orders-g1]'),
      }),
    );
    await eventually(() => upstreams.b.healthChecks.length > 0);
    await gateway.chancery.kill();
    await more(20);
    await gateway.restartChancery();
    await eventually(async () => (await gateway.envoy.admin.stat('control_plane.connected_state')) === 1, { timeoutMs: 20_000 });
    await more(20);
    healthy.open({});
    await gateway.live();
    expect((await gateway.send({ path: '/orders' })).headers['x-upstream']).toBe('b');
    await expectNoFailure();
  });

  test('started again over a file that was broken meanwhile serves what ran before (D17)', async () => {
    await startLoads();
    const versions = await gateway.envoy.admin.versions();
    await gateway.chancery.kill();
    await gateway.saveText('version: v1\nroutes: [');
    await gateway.restartChancery();
    await eventually(async () => (await gateway.envoy.admin.stat('control_plane.connected_state')) === 1, { timeoutMs: 20_000 });
    await more(20);
    await expectUnchanged(versions);
    await gateway.apply(base());
    await expectNoFailure();
  });
});
