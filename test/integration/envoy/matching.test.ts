// Every kind of match, against a real Envoy: request → name of the route that answers. All routes are in one file, and once more in the opposite
// order under other host names, because order never decides (C1).

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcRequest } from '../../support/grpc-call.ts';
import type { HttpRequest } from '../../support/http-client.ts';

interface Asked extends HttpRequest {
  readonly http?: '1.1' | '2';
}

interface Group {
  readonly title: string;
  /** Route name → its `matches`, or a route without name and action. */
  readonly routes: Readonly<
    Record<string, Matches | { readonly matches?: Matches; readonly hostnames?: readonly string[]; readonly priority?: number }>
  >;
  /** What is asked (a path, or more) → the route's name; `404` where none fits. */
  readonly asks: readonly (readonly [string | Asked, string])[];
}
type Matches = readonly object[];

const header = (value: string | readonly string[] | undefined, name = 'x-v'): Asked => ({
  headers: value === undefined ? {} : { [name]: value },
});
const grpc = (path: string): Asked => ({ http: '2', ...grpcRequest(path) });

const groups: readonly Group[] = [
  {
    title: 'an exact path matches that path alone, whatever the query',
    routes: { hit: [{ path: { exact: '/orders' } }], rest: [] },
    asks: [
      ['/orders', 'hit'],
      ['/orders?x=/1', 'hit'],
      ['/orders/', 'rest'],
      ['/orders/7', 'rest'],
      ['/Orders', 'rest'],
      ['/ordersx', 'rest'],
    ],
  },
  {
    title: 'a prefix matches whole segments',
    routes: { orders: [{ path: { prefix: '/orders' } }], v1: [{ path: { prefix: '/v1/' } }] },
    asks: [
      ['/orders', 'orders'],
      ['/orders/', 'orders'],
      ['/orders/7/items', 'orders'],
      ['/orders?x=1', 'orders'],
      ['/ordersx', '404'],
      ['/orders.json', '404'],
      ['/v1', 'v1'],
      ['/v1/x', 'v1'],
      ['/v10', '404'],
      ['/', '404'],
    ],
  },
  {
    title: 'the prefix / and a route without matches take every path',
    routes: { root: [{ path: { prefix: '/' }, headers: { 'x-v': '1' } }], rest: [] },
    asks: [
      [{ path: '/', ...header('1') }, 'root'],
      [{ path: '/a/b?c', ...header('1') }, 'root'],
      ['/a/b?c', 'rest'],
      [{ method: 'OPTIONS', path: '*' }, '404'],
    ],
  },
  {
    title: 'a template variable is one segment, {rest=**} all that follow',
    routes: {
      item: [{ path: { template: '/orders/{id}/items/{item}' } }],
      files: [{ path: { template: '/files/{rest=**}' } }],
      rest: [],
    },
    asks: [
      ['/orders/7/items/9', 'item'],
      ['/orders/a.b-c/items/%20x?q=1', 'item'],
      ['/orders/7/items', 'rest'],
      ['/orders/7/items/9/x', 'rest'],
      ['/orders//items/9', 'rest'],
      ['/files/a', 'files'],
      ['/files/a/b/c.txt', 'files'],
      ['/files', 'rest'],
    ],
  },
  {
    title: 'a regular expression is over the whole path without the query',
    routes: { hit: [{ path: { regex: '/v[0-9]+/(cats|dogs)' } }] },
    asks: [
      ['/v12/cats', 'hit'],
      ['/v1/dogs?x=1', 'hit'],
      ['/v1/dogs/3', '404'],
      ['/x/v1/dogs', '404'],
      ['/v/cats', '404'],
    ],
  },
  {
    title: 'methods',
    routes: { read: [{ methods: ['GET', 'HEAD'] }], write: [{ methods: ['POST'] }], odd: [{ methods: ['PURGE'] }] },
    asks: [
      [{ method: 'GET' }, 'read'],
      [{ method: 'POST', body: 'x' }, 'write'],
      [{ method: 'PURGE' }, 'odd'],
      [{ method: 'DELETE' }, '404'],
    ],
  },
  {
    title: 'a header that equals, by a text or by exact',
    routes: { text: [{ headers: { 'X-V': '2' } }], exact: [{ headers: { 'x-v': { exact: 'Three' } } }], rest: [] },
    asks: [
      [header('2'), 'text'],
      [header('22'), 'rest'],
      [header('Three'), 'exact'],
      [header('three'), 'rest'],
      [header(undefined), 'rest'],
      // Envoy looks at each value of a header that is sent more than once.
      [header(['1', '2']), 'text'],
      [header(['2', '1']), 'text'],
    ],
  },
  {
    title: 'a header by prefix, suffix and part',
    routes: {
      prefix: [{ headers: { 'x-v': { prefix: 'Bearer ' } } }],
      suffix: [{ headers: { 'x-v': { suffix: '.png' } } }],
      contains: [{ headers: { 'x-v': { contains: 'Firefox' } } }],
      rest: [],
    },
    asks: [
      [header('Bearer abc'), 'prefix'],
      [header('bearer abc'), 'rest'],
      [header('a.png'), 'suffix'],
      [header('a.png.txt'), 'rest'],
      [header('x Firefox y'), 'contains'],
      [header('x firefox y'), 'rest'],
    ],
  },
  {
    title: 'a header by regular expression, over the whole value',
    routes: { hit: [{ headers: { 'x-v': { regex: '(?i)v[0-9]+' } } }], rest: [] },
    asks: [
      [header('v12'), 'hit'],
      [header('V1'), 'hit'],
      [header('xv1'), 'rest'],
      [header('v1x'), 'rest'],
    ],
  },
  {
    title: 'a header that is there, or is not',
    routes: { there: [{ headers: { 'x-v': { present: true } } }], absent: [{ headers: { 'x-v': { present: false } } }] },
    asks: [
      [header('1'), 'there'],
      [header(''), 'there'],
      [header(undefined), 'absent'],
    ],
  },
  {
    title: 'a header in a range, whose end is not included',
    routes: { hit: [{ headers: { 'x-v': { range: { from: -5, to: 10 } } } }], rest: [] },
    asks: [
      [header('-5'), 'hit'],
      [header('9'), 'hit'],
      [header('10'), 'rest'],
      [header('-6'), 'rest'],
      [header('1.5'), 'rest'],
      [header('x'), 'rest'],
      [header(undefined), 'rest'],
    ],
  },
  {
    title: 'a header in any case of letters',
    routes: {
      exact: [{ headers: { 'x-a': { exact: 'Abc', ignoreCase: true } } }],
      prefix: [{ headers: { 'x-b': { prefix: 'Abc', ignoreCase: true } } }],
      suffix: [{ headers: { 'x-c': { suffix: 'Abc', ignoreCase: true } } }],
      contains: [{ headers: { 'x-d': { contains: 'Abc', ignoreCase: true } } }],
      rest: [],
    },
    asks: [
      [header('aBC', 'x-a'), 'exact'],
      [header('aBCd', 'x-a'), 'rest'],
      [header('aBCd', 'x-b'), 'prefix'],
      [header('zaBC', 'x-c'), 'suffix'],
      [header('zaBCd', 'x-d'), 'contains'],
    ],
  },
  {
    title: 'a header that must not be so matches where it is absent too',
    routes: {
      exact: [{ path: { prefix: '/exact' }, headers: { 'x-v': { not: '1' } } }],
      contains: [{ path: { prefix: '/contains' }, headers: { 'x-v': { not: { contains: 'Bot', ignoreCase: true } } } }],
      regex: [{ path: { prefix: '/regex' }, headers: { 'x-v': { not: { regex: 'a.*' } } } }],
      range: [{ path: { prefix: '/range' }, headers: { 'x-v': { not: { range: { from: 1, to: 5 } } } } }],
      present: [{ path: { prefix: '/present' }, headers: { 'x-v': { not: { present: true } } } }],
      rest: [],
    },
    asks: [
      [{ path: '/exact', ...header('1') }, 'rest'],
      [{ path: '/exact', ...header('2') }, 'exact'],
      ['/exact', 'exact'],
      [{ path: '/contains', ...header('a BOT') }, 'rest'],
      [{ path: '/contains', ...header('human') }, 'contains'],
      ['/contains', 'contains'],
      [{ path: '/regex', ...header('abc') }, 'rest'],
      [{ path: '/regex', ...header('bc') }, 'regex'],
      ['/regex', 'regex'],
      [{ path: '/range', ...header('4') }, 'rest'],
      [{ path: '/range', ...header('5') }, 'range'],
      ['/range', 'range'],
      [{ path: '/present', ...header('4') }, 'rest'],
      ['/present', 'present'],
    ],
  },
  {
    title: 'all headers of one match must hold, one of several matches is enough',
    routes: {
      both: [{ headers: { 'x-a': '1', 'x-b': '2' } }, { headers: { 'x-c': '3' } }],
      rest: [],
    },
    asks: [
      [{ headers: { 'x-a': '1', 'x-b': '2' } }, 'both'],
      [{ headers: { 'x-a': '1' } }, 'rest'],
      [{ headers: { 'x-a': '1', 'x-b': '3' } }, 'rest'],
      [{ headers: { 'x-c': '3' } }, 'both'],
    ],
  },
  {
    title: 'query conditions of each kind',
    routes: {
      text: [{ query: { a: '1' } }],
      exact: [{ query: { b: { exact: 'Two', ignoreCase: true } } }],
      prefix: [{ query: { c: { prefix: 'x' } } }],
      suffix: [{ query: { d: { suffix: 'x' } } }],
      contains: [{ query: { e: { contains: 'x' } } }],
      regex: [{ query: { f: { regex: '[0-9]+' } } }],
      present: [{ query: { g: { present: true } } }],
      rest: [],
    },
    asks: [
      ['/?a=1', 'text'],
      ['/p?z=0&a=1', 'text'],
      ['/?a=11', 'rest'],
      ['/?A=1', 'rest'],
      ['/?b=tWO', 'exact'],
      ['/?c=xyz', 'prefix'],
      ['/?c=ax', 'rest'],
      ['/?d=ax', 'suffix'],
      ['/?e=axb', 'contains'],
      ['/?f=123', 'regex'],
      ['/?f=123a', 'rest'],
      ['/?g', 'present'],
      ['/?g=5', 'present'],
      ['/', 'rest'],
    ],
  },
  {
    title: 'query conditions that must not hold',
    routes: {
      absent: [{ path: { prefix: '/absent' }, query: { debug: { present: false } } }],
      other: [{ path: { prefix: '/other' }, query: { v: { not: '1' } } }],
      unlike: [{ path: { prefix: '/unlike' }, query: { v: { not: { contains: 'x' } } } }],
      rest: [],
    },
    asks: [
      ['/absent', 'absent'],
      ['/absent?debug', 'rest'],
      ['/absent?debug=1', 'rest'],
      ['/other?v=1', 'rest'],
      ['/other?v=2', 'other'],
      ['/other', 'other'],
      ['/unlike?v=axb', 'rest'],
      ['/unlike?v=ab', 'unlike'],
      ['/unlike', 'unlike'],
    ],
  },
  {
    title: 'gRPC by service and method, for gRPC requests only',
    routes: { get: [{ grpc: { service: 'shop.v1.Orders', method: 'Get' } }], orders: [{ grpc: { service: 'shop.v1.Orders' } }], rest: [] },
    asks: [
      [grpc('/shop.v1.Orders/Get'), 'get'],
      [grpc('/shop.v1.Orders/List'), 'orders'],
      [grpc('/shop.v1.OrdersX/Get'), 'rest'],
      [{ ...grpc('/shop.v1.Orders/Get'), headers: { 'content-type': 'application/grpc+proto' } }, 'get'],
      [{ ...grpc('/shop.v1.Orders/Get'), headers: { 'content-type': 'application/json' } }, 'rest'],
      ['/shop.v1.Orders/Get', 'rest'],
    ],
  },
  {
    title: 'host names: exact, then the longest wildcard, then any; port and case of letters have no meaning',
    routes: {
      exact: { hostnames: ['shop.example.ORDER'] },
      wildcard: { hostnames: ['*.example.ORDER'] },
      longer: { hostnames: ['*.eu.example.ORDER'] },
      apex: { hostnames: ['example.ORDER', 'other.ORDER'] },
    },
    asks: [
      [{ host: 'shop.example.ORDER' }, 'exact'],
      [{ host: 'shop.example.ORDER:8443' }, 'exact'],
      [{ host: 'SHOP.Example.ORDER' }, 'exact'],
      [{ host: 'www.example.ORDER' }, 'wildcard'],
      [{ host: 'www.example.ORDER:10000' }, 'wildcard'],
      [{ host: 'a.b.example.ORDER' }, 'wildcard'],
      [{ host: 'shop.eu.example.ORDER' }, 'longer'],
      [{ host: 'example.ORDER' }, 'apex'],
      [{ host: 'other.ORDER:80' }, 'apex'],
      [{ host: 'notexample.ORDER' }, '404'],
    ],
  },
  {
    title: 'host names: where no route of the narrower host fits, those of the wider ones are asked',
    routes: {
      exact: { hostnames: ['x.fall.ORDER'], matches: [{ path: { prefix: '/exact' } }] },
      wildcard: { hostnames: ['*.fall.ORDER'], matches: [{ path: { prefix: '/wildcard' } }] },
      wider: { hostnames: ['*.ORDER'], matches: [{ path: { prefix: '/' }, headers: { 'x-v': '1' } }] },
    },
    asks: [
      [{ path: '/exact', host: 'x.fall.ORDER' }, 'exact'],
      [{ path: '/wildcard', host: 'x.fall.ORDER' }, 'wildcard'],
      [{ path: '/other', host: 'x.fall.ORDER', ...header('1') }, 'wider'],
      [{ path: '/other', host: 'x.fall.ORDER' }, '404'],
      [{ path: '/exact', host: 'y.fall.ORDER' }, '404'],
      [{ path: '/exact', host: 'y.fall.ORDER', ...header('1') }, 'wider'],
    ],
  },
  {
    title: 'precedence: exact path, longest prefix, template by its literal prefix and then its segments, regex last',
    routes: {
      exact: [{ path: { exact: '/orders/special/x' } }],
      long: [{ path: { prefix: '/orders/special' } }],
      deep: [{ path: { template: '/orders/{id}/items' } }],
      template: [{ path: { template: '/orders/{id}' } }],
      short: [{ path: { prefix: '/orders' } }],
      regex: [{ path: { regex: '/.*' } }],
    },
    asks: [
      ['/orders/special/x', 'exact'],
      ['/orders/special', 'long'],
      ['/orders/special/y', 'long'],
      ['/orders/7', 'template'],
      ['/orders/7/items', 'deep'],
      ['/orders/7/other', 'short'],
      ['/orders', 'short'],
      ['/order', 'regex'],
    ],
  },
  {
    title: 'precedence: then method, then more headers of whatever kind, then more query conditions',
    routes: {
      method: [{ path: { prefix: '/a' }, methods: ['GET'] }],
      headers2: [{ path: { prefix: '/a' }, headers: { 'x-a': { present: true }, 'x-b': { regex: '.*' } } }],
      headers1: [{ path: { prefix: '/a' }, headers: { 'x-a': '1' } }],
      query2: [{ path: { prefix: '/a' }, query: { a: { present: true }, b: { present: true } } }],
      query1: [{ path: { prefix: '/a' }, query: { a: '1' } }],
      plain: [{ path: { prefix: '/a' } }],
      deeper: [{ path: { prefix: '/a/b' } }],
    },
    asks: [
      [{ path: '/a?a=1', headers: { 'x-a': '1', 'x-b': '2' } }, 'method'],
      [{ path: '/a?a=1&b=1', method: 'PUT', headers: { 'x-a': '1', 'x-b': '2' } }, 'headers2'],
      [{ path: '/a?a=1&b=1', method: 'PUT', headers: { 'x-a': '1' } }, 'headers1'],
      [{ path: '/a?a=1&b=1', method: 'PUT' }, 'query2'],
      [{ path: '/a?a=1', method: 'PUT' }, 'query1'],
      [{ path: '/a', method: 'PUT' }, 'plain'],
      [{ path: '/a/b?a=1&b=1', headers: { 'x-a': '1', 'x-b': '2' } }, 'deeper'],
    ],
  },
  {
    title: 'precedence: priority wins over all but the host',
    routes: {
      urgent: { matches: [{ path: { prefix: '/' }, headers: { 'x-v': '1' } }], priority: 10 },
      exact: { matches: [{ path: { exact: '/a' }, methods: ['GET'] }] },
      never: { matches: [{ path: { prefix: '/' } }], priority: -1 },
      'any-host': { hostnames: ['*.ORDER-low'], matches: [{ path: { exact: '/a' } }], priority: 100 },
      'exact-host': { hostnames: ['x.ORDER-low'] },
    },
    asks: [
      [{ path: '/a', ...header('1') }, 'urgent'],
      ['/a', 'exact'],
      ['/b', 'never'],
      [{ path: '/a', host: 'x.ORDER-low' }, 'exact-host'],
      [{ path: '/a', host: 'y.ORDER-low' }, 'any-host'],
    ],
  },
];

const orders = ['forward', 'backward'] as const;
const nameOf = (group: number, order: string, route: string): string => `${route}-${order}-${group}`;
const placed = (host: string, group: number, order: string): string => host.replace('ORDER', `${order}-${group}.test`);

function routesOf(order: string): object[] {
  return groups.flatMap((group, index) =>
    Object.entries(group.routes).map(([name, route]) => {
      const {
        hostnames = [`g${index}.ORDER`],
        matches = [],
        ...rest
      } = Array.isArray(route) ? { matches: route as Matches } : (route as Partial<Record<'hostnames' | 'matches', never[]>>);
      const full = nameOf(index, order, name);
      return {
        name: full,
        hostnames: hostnames.map((host) => placed(host, index, order)),
        ...(matches.length === 0 ? {} : { matches }),
        ...rest,
        respond: { status: 200, body: full },
      };
    }),
  );
}

let gateway: Gateway;

beforeAll(async () => {
  const routes = [...routesOf('forward'), ...routesOf('backward').reverse()];
  gateway = await startGateway({ config: stringify({ listeners: { http: { port: await freePort() } }, routes }) });
});
afterAll(() => gateway?.stop());

describe.each(orders)('routes written %s', (order) => {
  test.each(groups.map((group, index) => [group.title, index] as const))('%s', async (_title, index) => {
    const { asks } = groups[index] as Group;
    const seen = await Promise.all(
      asks.map(async ([asked]) => {
        const sent: Asked = typeof asked === 'string' ? { path: asked } : asked;
        const response = await gateway.send({ ...sent, host: placed(sent.host ?? `g${index}.ORDER`, index, order) });
        // Envoy answers gRPC requests itself with the body in grpc-message.
        return response.status === 200 ? (response.headers['grpc-message'] ?? response.text()) : String(response.status);
      }),
    );
    const expected = asks.map(([, route]) => (route === '404' ? '404' : nameOf(index, order, route)));
    expect(asks.map(([asked], at) => [asked, seen[at]])).toEqual(asks.map(([asked], at) => [asked, expected[at]]));
  });
});
