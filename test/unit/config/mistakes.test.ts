// What is said of wrong keys and values. Whole texts are goldens (test/golden/invalid); here is the breadth.
import { describe, expect, it } from 'vitest';
import { HEAD, loadText, placeOf, summary } from './support.ts';

const ROUTE = 'routes:\n  - name: r\n    backends: [s]\n';
const SERVICE = 'services:\n  s:\n    endpoints: [s:80]\n';

async function issuesOf(text: string): Promise<readonly string[]> {
  return (await loadText(`${HEAD}${text}`)).issues.map(summary);
}

async function helpOf(text: string): Promise<string | undefined> {
  const { issues } = await loadText(`${HEAD}${text}`);
  expect(issues).toHaveLength(1);
  return issues[0]?.help;
}

describe('an unknown key (C2)', () => {
  it.each([
    ['a slip of the hand', `${ROUTE}    timout: 3s\n`, 'timeout'],
    ['Envoy spelling', `${SERVICE}    connect_timeout: 3s\n`, 'connectTimeout'],
    ['kebab spelling', `${SERVICE}    load-balancer: random\n`, 'loadBalancer'],
    ['uri', `${ROUTE}    matches: [{uri: {exact: /x}}]\n`, 'path'],
    ['path of a route', `${ROUTE}    path: {prefix: /x}\n`, 'matches'],
    ['prefix of a route', `${ROUTE}    prefix: /x\n`, 'matches'],
    ['uri of a route', `${ROUTE}    uri: /x\n`, 'matches'],
    ['hosts of a route', `${ROUTE}    hosts: [a.b]\n`, 'hostnames'],
    ['domains', `${ROUTE}    domains: [a.b]\n`, 'hostnames'],
    ['cluster of a route', 'routes:\n  - name: r\n    cluster: s\n', 'backends'],
    ['upstream of a route', 'routes:\n  - name: r\n    upstream: s\n', 'backends'],
    ['upstream of a backend', 'routes:\n  - name: r\n    backends: [{upstream: s}]\n', 'service'],
    ['hosts of a service', 'services:\n  s:\n    hosts: [s:80]\n', 'endpoints'],
    ['direct_response', 'routes:\n  - name: r\n    direct_response: {status: 200}\n', 'respond'],
    ['prefix_rewrite', `${ROUTE}    prefix_rewrite: /x\n`, 'rewrite'],
    ['retry_policy', `${ROUTE}    retry_policy: {attempts: 1}\n`, 'retry'],
    ['num_retries', `${ROUTE}    retry: {num_retries: 1}\n`, 'attempts'],
    ['a key inside a union', `${SERVICE}    loadBalancer: {ringHash: {by: {heder: x}}}\n`, 'header'],
    ['a section', 'clusters: {}\n', 'services'],
    ['a section in snake_case', 'access_log: {json: stdout}\n', 'accessLog'],
  ])('of this kind is told with the known one: %s', async (_what, text, meant) => {
    expect(await helpOf(text)).toBe(`did you mean "${meant}"?`);
  });

  it('unlike any other is told with all that are known there', async () => {
    expect(await helpOf(`${SERVICE}    circuitBreaker: {zzz: 1}\n`)).toBe(
      'known keys are maxConnections, maxPendingRequests, maxRequests, maxRetries, retryBudget',
    );
  });

  it('has the caret on the key', async () => {
    const outcome = await loadText(`${HEAD}${ROUTE}    retry: {attempts: 1, perTry: 3s}\n`);
    expect(placeOf(outcome)).toBe('gateway.yaml:6:26+6');
  });

  it('that leaves its right form missing is one mistake', async () => {
    expect(await issuesOf('listeners: {http: {prot: 80}}\n')).toEqual(['CH1101 listeners.http.prot: unknown key "prot"']);
    expect((await loadText('version: v1\ngatway: edge\n')).issues.map(summary)).toEqual(['CH1101 gatway: unknown section "gatway"']);
  });
});

describe('a value of the wrong kind', () => {
  it.each([
    ['text for a map', `${SERVICE}    circuitBreaker: high\n`, 'CH1102 services.s.circuitBreaker: expected a map, found text'],
    ['a map for a list', 'routes:\n  - name: r\n    backends: {service: s}\n', 'CH1102 routes.r.backends: expected a list, found a map'],
    [
      'a number for text',
      `${ROUTE}    requestHeaders: {set: {a: 1}}\n`,
      'CH1102 routes.r.requestHeaders.set.a: expected a header value, found a number',
    ],
    [
      'a list in a union',
      `${SERVICE}    loadBalancer: [random]\n`,
      'CH1102 services.s.loadBalancer: expected one of roundRobin, leastRequest, random, maglev, ringHash or a map, found a list',
    ],
    ['a list for a section', 'services: [a]\n', 'CH1102 services: services is a map, found a list'],
    ['a map for routes', 'routes: {r: {}}\n', 'CH1102 routes: routes is a list, found a map'],
    ['a switch for a number', 'listeners: {http: {port: true}}\n', 'CH1102 listeners.http.port: expected a port, found true or false'],
    [
      'text for a switch',
      `${ROUTE}    requestHeaders: {set: {}}\n    retry: {attempts: many}\n`,
      'CH1102 routes.r.retry.attempts: expected a number of retries, found text',
    ],
    ['nothing', `${ROUTE}    timeout:\n`, 'CH1104 routes.r.timeout: "timeout" has no value'],
    ['an entry without a value', 'services:\n  s:\n', 'CH1104 services.s: "s" has no value'],
    [
      'an item without a value',
      `${ROUTE}    hostnames: [a.b, ]\n    listeners:\n      -\n`,
      'CH1104 routes.r.listeners.0: this item has no value',
    ],
  ])('is told with what was expected and found: %s', async (_what, text, expected) => {
    expect(await issuesOf(text)).toEqual([expected]);
  });

  it('is shown with the form to write', async () => {
    expect(await helpOf(`${ROUTE}    matches: [{path: /x}]\n`)).toBe('write {prefix: /x} for all below it, or {exact: /x}');
    expect(await helpOf(`${ROUTE}    hostnames: shop.example.com\n`)).toBe('put it in brackets: [shop.example.com]');
    expect(await helpOf(`${ROUTE}    matches: [{headers: {x-api-version: 1.10}}]\n`)).toBe('put it in quotes: "1.10"');
  });

  it('inside a union is told of the alternative that was meant', async () => {
    expect(await issuesOf('services:\n  s:\n    endpoints: [{address: "s:80", weight: 0}]\n')).toEqual([
      'CH1107 services.s.endpoints.0.weight: 0 is not a weight between 1 and 4294967295',
    ]);
    expect(await issuesOf(`${ROUTE}    matches: [{headers: {a: {not: {prefix: x, suffix: z}}}}]\n`)).toEqual([
      'CH1105 routes.r.matches.0.headers.a.not.suffix: a condition has either prefix or suffix, not both',
    ]);
    expect(await issuesOf(`${SERVICE}    loadBalancer: leastRequests\n`)).toEqual([
      'CH1106 services.s.loadBalancer: "leastRequests" is not known here; expected one of roundRobin, leastRequest, random, maglev, ringHash',
    ]);
  });
});

describe('a scalar (C9)', () => {
  it.each([
    ['timeout: 3', '3 has no unit', 'did you mean 3s? units are ms, s, m, h and d'],
    ['timeout: 500', '500 has no unit', 'did you mean 500s or 500ms? units are ms, s, m, h and d'],
    ['timeout: 3 sec', '"3 sec" is not a duration', 'did you mean 3s? units are ms, s, m, h and d'],
    ['timeout: 1h30m', '"1h30m" is not a duration', 'write a number and a unit, such as 250ms or 3s; units are ms, s, m, h and d'],
    [
      'timeout: 0s',
      '"0s" is not possible here: a duration must be above zero',
      'leave the key out for the default; write none for no limit',
    ],
    ['timeout: 0.5ms', '"0.5ms" is finer than a millisecond', 'use whole milliseconds'],
    ['timeout: 100000d', '"100000d" is longer than ten years', undefined],
    [
      'retry: {perTryTimeout: none}',
      '"none" is not a duration',
      'write a number and a unit, such as 250ms or 3s; units are ms, s, m, h and d',
    ],
    [
      'retry: {backoff: 0ms..1s}',
      'the start of "0ms..1s" is wrong: it is not possible here: a duration must be above zero',
      'leave the key out for the default',
    ],
    ['retry: {backoff: 2s..1s}', '"2s..1s" ends below its start', undefined],
    ['retry: {backoff: 25ms}', '"25ms" is not a range of durations', 'write it as 25ms..250ms'],
    [
      'retry: {retryOn: [5xxx]}',
      expect.stringMatching(/^"5xxx" is not known here; expected one of 5xx, gateway-error/),
      'did you mean "5xx"?',
    ],
    ['retry: {attempts: 1.5}', '1.5 is not a number of retries: it must be a whole number', undefined],
    ['mirror: [{service: s, percent: 120%}]', '"120%" is not between 0 and 100 percent', undefined],
    ['mirror: [{service: s, percent: half}]', '"half" is not a percentage', 'write 5% or 0.5%'],
    ['hostnames: ["https://a.b"]', '"https://a.b" is not a host name', 'leave the scheme out'],
    ['hostnames: ["a.b:80"]', '"a.b:80" is not a host name', 'leave the port out'],
    ['hostnames: ["a.*.b"]', '"a.*.b" is not a host name', 'a wildcard stands for whole labels at the front: *.example.com'],
    ['matches: [{path: {prefix: orders}}]', '"orders" is not a path: it must begin with /', 'did you mean /orders?'],
    ['matches: [{path: {exact: "/a?b=c"}}]', '"/a?b=c" holds a query', 'leave the query out; conditions on it go to query in matches'],
    ['matches: [{methods: [get]}]', '"get" is not an HTTP method', 'did you mean GET? methods are written in capitals'],
    ['matches: [{headers: {":path": /x}}]', '":path" is a pseudo header', 'matches has path for it, and rewrite changes it'],
    ['matches: [{headers: {"a b": x}}]', '"a b" is not a header name', 'use letters, digits and "-"'],
    ['requestHeaders: {add: {Host: x}}', 'the host header cannot be changed here', 'write rewrite: {host: …} in the route'],
    ['requestHeaders: {set: {a: "x\\ny"}}', 'a header value must not contain line breaks or other control characters', undefined],
    [
      'matches: [{headers: {a: {range: {from: 5, to: 5}}}}]',
      'the range is empty: to must be above from, because it is not included',
      undefined,
    ],
    ['matches: [{headers: {a: {regex: x, ignoreCase: true}}}]', 'ignoreCase has no meaning beside regex', 'begin the expression with (?i)'],
    ['matches: [{grpc: {method: Get}}]', 'method needs service beside it', 'add the full name of the service'],
    ['priority: 1e9', '1e9 is not a priority between -1000000 and 1000000', undefined],
  ])('is refused with the likely fix: %s', async (line, message, help) => {
    const { issues } = await loadText(`${HEAD}${ROUTE}    ${line}\n`);
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toEqual(message);
    expect(issues[0]?.help).toBe(help);
  });

  it.each([
    ['s', '"s" is not an address', 'add the port: s:8080'],
    ['http://s:80', '"http://s:80" is not an address', "leave the scheme out: encryption is the service's tls, HTTP/2 its protocol"],
    ['2001:db8::1', '"2001:db8::1" is not an address', 'put the IPv6 address in brackets and add a port: [2001:db8::1]:8080'],
    ['/run/s.sock', '"/run/s.sock" is not an address', 'did you mean unix:/run/s.sock?'],
    ['s/x:80', '"s/x:80" has no host name or IP address before the port', 'leave the path out: it belongs in matches'],
    ['s:0', '"s:0" has no port between 1 and 65535', undefined],
    ['10.0.0.256:80', '"10.0.0.256:80" has no host name or IP address before the port', undefined],
    ['[::g]:80', '"[::g]:80" has no IPv6 address in its brackets', undefined],
    ['unix:run/s', '"unix:run/s" is not the address of a unix socket', 'write unix:/absolute/path'],
  ])('that is an address is refused with the likely fix: %s', async (address, message, help) => {
    const { issues } = await loadText(`${HEAD}services: {s: {endpoints: ["${address}"]}}\n`);
    expect(issues.map((issue) => [issue.message, issue.help])).toEqual([[message, help]]);
  });
});

describe('all mistakes (C3)', () => {
  it('are told at once: 100 mistakes give 100 issues', async () => {
    const entries = Array.from({ length: 20 }, (_, index) =>
      [
        `  - name: r${index}`,
        '    backends: [{service: s, weight: -1}]',
        '    respond: {status: 200}',
        '    timeout: 3',
        '    hosts: [a.b]',
        '    matches: [{path: {prefix: x}}]',
        '',
      ].join('\n'),
    );
    const { issues, config } = await loadText(`${HEAD}routes:\n${entries.join('')}`);
    expect(issues).toHaveLength(100);
    expect(config).toBeUndefined();
  });

  it('are told of broken files and sound ones alike', async () => {
    const text = `${HEAD}services:\n  a: {endpoints: ["a:80]}\n  b: {endpoints: [b]}\nroutes:\n  - name: r\n    timeout: 3\n    backends: [b]\n`;
    expect((await loadText(text)).issues.map(({ code }) => code).toSorted()).toEqual(['CH1004', 'CH1108', 'CH1111']);
  });

  it('of one map are told beside wrong values inside it', async () => {
    expect((await issuesOf('routes:\n  - name: r\n    timeout: 3\n')).toSorted()).toEqual([
      'CH1105 routes.r: a route needs one of backends, redirect or respond',
      'CH1108 routes.r.timeout: 3 has no unit',
    ]);
  });
});
