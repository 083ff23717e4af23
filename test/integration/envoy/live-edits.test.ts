// Promise 1: no request fails because configuration changed. Edits of the file while load runs through a real Envoy, HTTP/1.1 and gRPC.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventually } from '../../support/eventually.ts';
import { type OrdersGateway, type OrdersYaml, startOrdersGateway } from '../../support/orders-gateway.ts';

let orders: OrdersGateway;
beforeAll(async () => {
  orders = await startOrdersGateway();
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

type Edit = (yaml: OrdersYaml, n: number) => string;

const NONE = [[], []];
const ALL = 'a,b,g1,g2';
const lines = (...text: readonly string[]): string => text.join('\n');
const isEven = (n: number): boolean => n % 2 === 0;

/** What is edited, the n-th edit from 1, and the backends that all edits together reach (default a and g1). */
const EDITS: readonly (readonly [string, Edit, string?])[] = [
  [
    'retargets routes to new services and deletes the old ones (B47)',
    ({ config, service, routes }, n) =>
      config({
        services: lines(service(`web-${n}`, isEven(n) ? 'b' : 'a'), service(`rpc-${n}`, isEven(n) ? 'g2' : 'g1')),
        routes: routes(`[web-${n}]`, `[rpc-${n}]`),
      }),
    ALL,
  ],
  [
    'renames a service',
    ({ config, services, routes }, n) =>
      config({ services: services(`orders-${n}`), routes: routes(`[orders-${n}-a]`, `[orders-${n}-g1]`) }),
  ],
  [
    'changes the connect timeout of the services in use',
    ({ config, services }, n) => config({ services: services('orders', `, connectTimeout: ${n + 1}s`) }),
  ],
  [
    'changes a circuit breaker and switches outlier detection on and off',
    ({ config, services }, n) =>
      config({ services: services('orders', isEven(n) ? `, circuitBreaker: {maxRequests: ${500 + n}}` : ', outlierDetection: {}') }),
  ],
  [
    'adds and takes away a health check',
    ({ config, services }, n) =>
      config({ services: services('orders', isEven(n) ? '' : ', healthCheck: {tcp: true, interval: 1s, timeout: 500ms}') }),
  ],
  [
    'changes weights',
    ({ config, routes }, n) =>
      config({
        routes: routes(
          `[{service: orders-a, weight: ${n}}, {service: orders-b, weight: ${10 - n}}]`,
          `[{service: orders-g1, weight: ${n}}, {service: orders-g2, weight: 1}]`,
        ),
      }),
    ALL,
  ],
  [
    'moves the endpoints of a service',
    ({ config, service }, n) =>
      config({ services: lines(service('orders-a', isEven(n) ? 'b' : 'a'), service('orders-g1', isEven(n) ? 'g2' : 'g1')) }),
    ALL,
  ],
  [
    'gives a service endpoints by name instead of by address, and back',
    ({ config, services }, n) => config({ services: isEven(n) ? services() : services().replaceAll('127.0.0.1', 'localhost') }),
  ],
  [
    'splits, reorders and renames routes',
    ({ config, routes }, n) =>
      config({
        routes: isEven(n)
          ? routes()
          : `
  - {name: rpc-${n}, matches: [{grpc: {service: shop.v1.Orders, method: Get}}], backends: [orders-g2]}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: [orders-g1]}
  - {name: odd-${n}, matches: [{path: {regex: "/orders/.*[13579]"}}], backends: [orders-b], priority: 1}
  - {name: web, matches: [{path: {prefix: /orders}}], backends: [orders-a]}`,
      }),
    ALL,
  ],
  [
    'adds and takes away host names, header changes and timeouts',
    ({ config, routes }, n) => {
      const more = `, hostnames: ["*", "h${n}.test"], timeout: ${n + 5}s, responseHeaders: {set: {x-n: "${n}"}}`;
      return config({ routes: routes('[orders-a]', '[orders-g1]', more) });
    },
  ],
  [
    'adds and takes away another listener',
    ({ config, secondPort }, n) => config(isEven(n) ? {} : { listeners: `  second: {port: ${secondPort}}` }),
  ],
];

describe('no request fails while an edit', () => {
  test.each(EDITS.map(([title, edit, reached = 'a,g1']) => [title, edit, reached] as const))('%s', async (_title, edit, reached) => {
    await orders.load();
    for (let n = 1; n <= 4; n += 1) {
      await orders.gateway.apply(edit(orders.yaml, n));
      await orders.more(10);
    }
    expect(await orders.endLoad()).toEqual({ failures: NONE, reached });
  });

  test('changes the listener itself, whose connections Envoy drains and closes', async () => {
    const { gateway, yaml } = orders;
    const drained = (): Promise<number> => gateway.envoy.admin.stat('listener_manager.listener_in_place_updated');
    const before = await drained();
    await orders.load();
    await gateway.apply(yaml.config().replace(`{port: ${yaml.port}}`, `{port: ${yaml.port}, clientIp: {trustedHops: 1}}`));
    expect(await drained()).toBe(before + 1);
    await eventually(async () => (await gateway.envoy.admin.stat('listener_manager.total_filter_chains_draining')) === 0);
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });

  test('flaps between two revisions ten times a second (D9)', async () => {
    const { gateway, yaml } = orders;
    const other = yaml.config({
      services: lines(yaml.service('web', 'b'), yaml.service('rpc', 'g2')),
      routes: yaml.routes('[web]', '[rpc]'),
    });
    await orders.load();
    for (let n = 0; n < 20; n += 1) {
      await gateway.publish(isEven(n) ? other : yaml.config());
      // At 100 a second on the slower route, ten answers are a tenth of one.
      await orders.more(10);
    }
    await gateway.apply(yaml.config());
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });
});

test('an edit is live within a second', async () => {
  const { gateway, yaml } = orders;
  const tookMs: number[] = [];
  for (const web of ['b', 'a', 'b', 'a', 'b']) tookMs.push(await gateway.apply(yaml.config({ routes: yaml.routes(`[orders-${web}]`) })));
  // The median: a machine that is busy with other tests may stall one of them.
  expect(tookMs.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
});

test('requests in flight on a service that an edit deletes are answered', async () => {
  const { gateway, yaml, upstreams } = orders;
  upstreams.a.reply = () => ({ delayMs: 1_500 });
  const slow = gateway.send({ path: '/orders/slow' });
  await eventually(() => upstreams.a.requests.length === 1);
  await gateway.apply(
    yaml.config({ services: lines(yaml.service('web', 'b'), yaml.service('rpc', 'g2')), routes: yaml.routes('[web]', '[rpc]') }),
  );
  expect((await gateway.send({ path: '/orders/now' })).headers['x-upstream']).toBe('b');
  expect((await slow).headers['x-upstream']).toBe('a');
});

test('an edit of comments and of the order of keys and routes sends nothing to Envoy (B14, C15)', async () => {
  const { gateway, yaml } = orders;
  const state = async (): Promise<unknown> => [
    await gateway.envoy.admin.versions(),
    Object.fromEntries(await gateway.envoy.admin.stats('update_(success|attempt)$')),
  ];
  const before = await state();
  const logged = gateway.chancery.logs().length;
  const { routes, ...rest } = parse(gateway.text(yaml.config())) as { routes: readonly object[] };
  await gateway.saveText(`# a comment\n${stringify({ routes: routes.toReversed(), ...rest })}`);
  await eventually(() => gateway.chancery.logs().slice(logged).includes('config.unchanged'));
  expect(await state()).toEqual(before);
});
