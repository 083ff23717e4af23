// What a route does with a request, against a real Envoy: redirect, respond, rewrite, header changes, weights, mirrors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { openConnection } from '../../support/http-client.ts';
import { chiSquare } from '../../support/statistics.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

let gateway: Gateway;
let upstreams: Readonly<Record<'a' | 'b' | 'c', Upstream>>;
let port: number;

const config = (): string => `
listeners:
  http: {port: ${port}}
services:
  a: {endpoints: ["${upstreams.a.address}"]}
  b: {endpoints: ["${upstreams.b.address}"]}
  c: {endpoints: ["${upstreams.c.address}"]}
  named: {endpoints: ["localhost:${upstreams.a.port}"]}
  empty: {endpoints: []}
routes:
  - {name: r-301, hostnames: [r301.test], redirect: {host: new.test}}
  - {name: r-302, hostnames: [r302.test], redirect: {host: new.test, code: 302}}
  - {name: r-303, hostnames: [r303.test], redirect: {host: new.test, code: 303}}
  - {name: r-307, hostnames: [r307.test], redirect: {host: new.test, code: 307}}
  - {name: r-308, hostnames: [r308.test], redirect: {host: new.test, code: 308}}
  - {name: r-scheme, hostnames: [r-scheme.test], redirect: {scheme: https}}
  - {name: r-wild, hostnames: ["*.r-wild.test"], redirect: {scheme: https}}
  - {name: r-scheme-port, hostnames: [r-scheme-port.test], redirect: {scheme: https, port: 8443}}
  - {name: r-port, hostnames: [r-port.test], redirect: {port: 8080}}
  - {name: r-host-port, hostnames: [r-host-port.test], redirect: {host: new.test, port: 8080}}
  - {name: r-path, hostnames: [r-path.test], redirect: {path: /moved}}
  - {name: r-strip, hostnames: [r-strip.test], redirect: {path: /moved, stripQuery: true}}
  - {name: r-prefix, hostnames: [r-prefix.test], matches: [{path: {prefix: /old}}], redirect: {prefix: /new}}
  - {name: r-all, hostnames: [r-all.test], matches: [{path: {prefix: /old}}], redirect: {scheme: https, host: new.test, port: 8443, prefix: /, code: 308}}

  - {name: s-empty, hostnames: [s-empty.test], respond: {status: 204}}
  - {name: s-text, hostnames: [s-text.test], respond: {status: 418, body: "short and %stout%"}}
  - {name: s-json, hostnames: [s-json.test], respond: {status: 503, body: {json: {error: unavailable, retry: [1, 2]}}}}
  - {name: s-html, hostnames: [s-html.test], respond: {status: 200, body: "<p>hi</p>", contentType: text/html}}

  - {name: w-prefix, hostnames: [w-prefix.test], matches: [{path: {prefix: /orders}}], backends: [a], rewrite: {prefix: /v2/orders}}
  - {name: w-strip, hostnames: [w-strip.test], matches: [{path: {prefix: /api}}], backends: [a], rewrite: {prefix: /}}
  - {name: w-add, hostnames: [w-add.test], backends: [a], rewrite: {prefix: /base}}
  - {name: w-literal, hostnames: [w-literal.test], matches: [{path: {prefix: "/a.b"}}], backends: [a], rewrite: {prefix: '/x\\1$2'}}
  - {name: w-exact, hostnames: [w-exact.test], matches: [{path: {exact: /a}}], backends: [a], rewrite: {path: /b}}
  - {name: w-path, hostnames: [w-path.test], backends: [a], rewrite: {path: /all}}
  - {name: w-template, hostnames: [w-template.test], matches: [{path: {template: "/u/{user}/o/{order}"}}], backends: [a], rewrite: {template: "/o/{order}/of/{user}"}}
  - {name: w-rest, hostnames: [w-rest.test], matches: [{path: {template: "/files/{rest=**}"}}], backends: [a], rewrite: {template: "/{rest}"}}
  - {name: w-regex, hostnames: [w-regex.test], backends: [a], rewrite: {regex: {pattern: "/v([0-9])", substitution: '/version-\\1'}}}
  - {name: w-host, hostnames: [w-host.test], backends: [a], rewrite: {host: orders.internal}}
  - {name: w-both, hostnames: [w-both.test], matches: [{path: {prefix: /x}}], backends: [a], rewrite: {host: orders.internal, prefix: /y}}
  - {name: w-service, hostnames: [w-service.test], backends: [named], rewrite: {host: {fromService: true}}}

  - name: h-request
    hostnames: [h-request.test]
    backends: [a]
    requestHeaders: {set: {x-set: new, X-Set-Two: "a, b"}, add: {x-add: second}, remove: [x-remove]}
  - name: h-response
    hostnames: [h-response.test]
    backends: [a]
    responseHeaders: {set: {x-set: new}, add: {x-add: second}, remove: [x-remove, server]}
  - name: h-values
    hostnames: [h-values.test]
    backends: [a]
    requestHeaders: {set: {x-percent: "100%% of it", x-client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", x-empty: ""}}
    responseHeaders: {set: {x-percent: "50%%"}, add: {x-code: "%RESPONSE_CODE%"}}
  - {name: h-respond, hostnames: [h-respond.test], respond: {status: 200}, responseHeaders: {set: {x-by: gateway}}}

  - {name: b-weights, hostnames: [b-weights.test], backends: [{service: a, weight: 70}, {service: b, weight: 20}, {service: c, weight: 10}]}
  - {name: b-zero, hostnames: [b-zero.test], backends: [{service: a, weight: 3}, {service: b, weight: 0}]}
  - {name: b-equal, hostnames: [b-equal.test], backends: [a, b]}
  - {name: b-partly, hostnames: [b-partly.test], backends: [{service: a, weight: 50}, {service: empty, weight: 50}]}
  - {name: b-empty, hostnames: [b-empty.test], backends: [empty]}

  - {name: m-all, hostnames: [m-all.test], backends: [a], mirror: [{service: b}]}
  - {name: m-part, hostnames: [m-part.test], backends: [a], mirror: [{service: b, percent: 30}]}
  - {name: m-empty, hostnames: [m-empty.test], backends: [a], mirror: [{service: empty}]}
`;

beforeAll(async () => {
  upstreams = { a: await startUpstream({ name: 'a' }), b: await startUpstream({ name: 'b' }), c: await startUpstream({ name: 'c' }) };
  port = await freePort();
  gateway = await startGateway({ config: config() });
});
afterAll(async () => {
  await gateway?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});
beforeEach(() => {
  for (const upstream of Object.values(upstreams)) upstream.reset();
});

describe('a redirect', () => {
  test.each([
    ['r301.test', 301],
    ['r302.test', 302],
    ['r303.test', 303],
    ['r307.test', 307],
    ['r308.test', 308],
  ])('of %s has the code %i', async (host, code) => {
    expect((await gateway.send({ host })).status).toBe(code);
  });

  test.each([
    // [request, path, location]; a client that reached us names our port, HERE.
    ['r301.test:HERE', '/p?q=1', 'http://new.test:HERE/p?q=1'],
    ['r-scheme.test:HERE', '/p?q=1', 'https://r-scheme.test/p?q=1'],
    ['r-scheme.test', '/p', 'https://r-scheme.test/p'],
    ['a.r-wild.test:HERE', '/p', 'https://a.r-wild.test:443/p'],
    // B18: without a port the listener's own, however the client came to it.
    ['r301.test', '/p', 'http://new.test:HERE/p'],
    ['r-scheme-port.test:HERE', '/p', 'https://r-scheme-port.test:8443/p'],
    ['r-port.test:HERE', '/p', 'http://r-port.test:8080/p'],
    ['r-host-port.test:HERE', '/p', 'http://new.test:8080/p'],
    ['r-path.test:HERE', '/p?q=1', 'http://r-path.test:HERE/moved?q=1'],
    ['r-strip.test:HERE', '/p?q=1', 'http://r-strip.test:HERE/moved'],
    ['r-prefix.test:HERE', '/old/x?q=1', 'http://r-prefix.test:HERE/new/x?q=1'],
    ['r-prefix.test:HERE', '/old', 'http://r-prefix.test:HERE/new'],
    ['r-all.test:HERE', '/old/x?q=1', 'https://new.test:8443/x?q=1'],
    ['r-all.test:HERE', '/old', 'https://new.test:8443/'],
  ])('from %s%s goes to %s', async (host, path, location) => {
    const here = (text: string): string => text.replace('HERE', String(port));
    expect((await gateway.send({ host: here(host), path })).headers.location).toBe(here(location));
  });
});

describe('a direct response', () => {
  test.each([
    ['s-empty.test', 204, '', undefined],
    ['s-text.test', 418, 'short and %stout%', 'text/plain'],
    ['s-json.test', 503, '{"error":"unavailable","retry":[1,2]}', 'application/json'],
    ['s-html.test', 200, '<p>hi</p>', 'text/html'],
  ])('of %s has status %i and its body and content type', async (host, status, body, contentType) => {
    const response = await gateway.send({ host });
    expect([response.status, response.text(), response.headers['content-type']]).toEqual([status, body, contentType]);
  });
});

describe('a rewrite', () => {
  test.each([
    ['w-prefix.test', '/orders/7?q=1', '/v2/orders/7?q=1'],
    ['w-prefix.test', '/orders', '/v2/orders'],
    ['w-prefix.test', '/orders?q=1', '/v2/orders?q=1'],
    ['w-strip.test', '/api/x?q=1', '/x?q=1'],
    ['w-strip.test', '/api/', '/'],
    ['w-strip.test', '/api', '/'],
    ['w-strip.test', '/api?q=1', '/?q=1'],
    ['w-add.test', '/x?q=1', '/base/x?q=1'],
    ['w-add.test', '/', '/base/'],
    // B19: nothing in a prefix is a pattern.
    ['w-literal.test', '/a.b/c', '/x\\1$2/c'],
    ['w-exact.test', '/a?q=1', '/b?q=1'],
    ['w-path.test', '/x/y?q=1', '/all?q=1'],
    ['w-template.test', '/u/ann/o/7?q=1', '/o/7/of/ann?q=1'],
    ['w-rest.test', '/files/a/b.txt', '/a/b.txt'],
    ['w-regex.test', '/v1/a/v2?q=/v3', '/version-1/a/version-2?q=/v3'],
    ['w-regex.test', '/x', '/x'],
    ['w-both.test', '/x/1', '/y/1'],
  ])('of %s turns %s into %s', async (host, path, rewritten) => {
    expect((await gateway.send({ host, path })).json().path).toBe(rewritten);
  });

  test.each([
    ['w-host.test', 'orders.internal'],
    ['w-both.test', 'orders.internal'],
    ['w-service.test', 'localhost'],
    ['w-path.test', 'w-path.test'],
  ])('of %s shows the backend the host %s', async (host, seen) => {
    const response = await gateway.send({ host, path: '/x' });
    expect(String(response.json().authority).replace(/:\d+$/, '')).toBe(seen);
  });
});

describe('header changes', () => {
  test('on the way to the backend set, add and remove, in any case of letters', async () => {
    await gateway.send({ host: 'h-request.test', headers: { 'X-Set': 'old', 'x-add': 'first', 'X-Remove': 'gone', 'x-keep': 'kept' } });
    const headers = upstreams.a.requests[0]?.headers ?? {};
    expect(headers).toMatchObject({ 'x-set': 'new', 'x-set-two': 'a, b', 'x-keep': 'kept' });
    expect(headers['x-add']?.replace(', ', ',')).toBe('first,second');
    expect(headers).not.toHaveProperty('x-remove');
  });

  test('on the way to the client set, add and remove', async () => {
    upstreams.a.reply = () => ({ headers: { 'x-set': 'old', 'x-add': 'first', 'x-remove': 'gone', 'x-keep': 'kept' } });
    const { headers } = await gateway.send({ host: 'h-response.test' });
    expect(headers).toMatchObject({ 'x-set': 'new', 'x-add': 'first, second', 'x-keep': 'kept' });
    expect(headers).not.toHaveProperty('x-remove');
    expect(headers).not.toHaveProperty('server');
  });

  test("fill in Envoy's %COMMANDS%, keep a doubled % as one, and take an empty value for a value", async () => {
    const { headers } = await gateway.send({ host: 'h-values.test' });
    expect(upstreams.a.requests[0]?.headers).toMatchObject({ 'x-percent': '100% of it', 'x-client': '127.0.0.1', 'x-empty': '' });
    expect(headers).toMatchObject({ 'x-percent': '50%', 'x-code': '200' });
  });

  test('work on answers that Envoy gives itself', async () => {
    expect((await gateway.send({ host: 'h-respond.test' })).headers['x-by']).toBe('gateway');
  });
});

describe('weighted backends', () => {
  const ask = async (host: string, times: number): Promise<Map<string, number>> => {
    const connection = await openConnection({ port });
    const seen = new Map<string, number>();
    for (let n = 0; n < times; n += 1) {
      const response = await connection.request({ host });
      const key = response.headers['x-upstream'] ?? String(response.status);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    connection.close();
    return seen;
  };

  test.each([
    ['b-weights.test', { a: 70, b: 20, c: 10 }],
    ['b-zero.test', { a: 3, b: 0 }],
    ['b-equal.test', { a: 1, b: 1 }],
    // B20: the share of a service without endpoints gets 503, the others keep theirs.
    ['b-partly.test', { a: 50, '503': 50 }],
    ['b-empty.test', { '503': 1 }],
  ])('of %s get their shares', async (host, weights) => {
    const { value, limit } = chiSquare(await ask(host, 1_000), weights as Record<string, number>);
    expect(value).toBeLessThanOrEqual(limit);
  });
});

describe('a mirror', () => {
  const ask = async (host: string, times: number): Promise<void> => {
    const connection = await openConnection({ port });
    for (let n = 0; n < times; n += 1) {
      const response = await connection.request({ host, method: 'POST', path: `/m?n=${n}`, body: `body ${n}` });
      expect([response.status, response.headers['x-upstream']]).toEqual([200, 'a']);
    }
    connection.close();
  };

  test('gets a copy of every request with its body, and its answer is dropped', async () => {
    upstreams.b.reply = () => ({ status: 500 });
    await ask('m-all.test', 20);
    await eventually(() => upstreams.b.requests.length === 20);
    expect(upstreams.b.requests.map(({ path, body }) => `${path} ${body.toString()}`).sort()).toEqual(
      Array.from({ length: 20 }, (_, n) => `/m?n=${n} body ${n}`).sort(),
    );
  });

  test('gets its share of the requests', async () => {
    await ask('m-part.test', 500);
    await eventually(() => upstreams.b.requests.length > 80);
    const mirrored = upstreams.b.requests.length;
    const { value, limit } = chiSquare(
      new Map([
        ['mirrored', mirrored],
        ['not', 500 - mirrored],
      ]),
      { mirrored: 30, not: 70 },
    );
    expect(value).toBeLessThanOrEqual(limit);
  });

  test('to a service without endpoints does not disturb the request (B21)', async () => {
    await ask('m-empty.test', 5);
  });
});
