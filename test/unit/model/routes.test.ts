import { describe, expect, it } from 'vitest';
import { issueTexts, modelOf, resolveSections, routeEntry, routeIssues, routeOf } from './support.ts';

describe('a route that says little', () => {
  it('gets the defaults', () => {
    expect(routeOf({})).toEqual({
      name: 'list-orders',
      path: ['routes', 'list-orders'],
      listeners: ['http'],
      hostnames: ['*'],
      matches: [{ path: ['routes', 'list-orders'], methods: [], headers: [], query: [], grpcOnly: false }],
      priority: 0,
      action: {
        kind: 'forward',
        backends: [{ path: ['routes', 'list-orders', 'backends', 0], service: 'orders', weight: 1 }],
        mirrors: [],
        timeoutMs: 15_000,
      },
      requestHeaders: { set: {}, add: {}, remove: [] },
      responseHeaders: { set: {}, add: {}, remove: [] },
    });
  });

  it('takes timeout and retries from the defaults of the gateway', () => {
    const { action } = routeOf({}, { defaults: { timeout: 'none', retry: { attempts: 2, perTryTimeout: '1s' } } });
    expect(action).toMatchObject({
      timeoutMs: 'none',
      retry: {
        attempts: 2,
        retryOn: ['connect-failure', 'refused-stream', 'reset-before-request'],
        perTryTimeoutMs: 1000,
        backoff: { baseMs: 25, maxMs: 250 },
      },
    });
  });
});

describe('listeners of a route (C17)', () => {
  const plain = { port: 10_000 };
  const redirect = { port: 10_001, redirect: { scheme: 'https' } };

  it('are all that serve routes where none speaks TLS', () => {
    expect(routeOf({}, { listeners: { b: { port: 10_002 }, a: plain, http: redirect } }).listeners).toEqual(['a', 'b']);
  });

  it('are those that it names, sorted', () => {
    expect(routeOf({ listeners: ['b', 'a'] }, { listeners: { a: plain, b: { port: 10_002 }, c: { port: 10_003 } } }).listeners).toEqual([
      'a',
      'b',
    ]);
  });

  it('must exist, with a suggestion', () => {
    const [issue] = routeIssues({ listeners: ['htpp'] });
    expect(issue).toMatchObject({
      code: 'CH2101',
      path: ['routes', 'list-orders', 'listeners', 0],
      message: 'unknown listener "htpp"',
      help: 'did you mean "http"?',
      related: [{ path: ['listeners', 'http'], at: 'key' }],
    });
  });

  it('must serve routes', () => {
    const issues = routeIssues({ listeners: ['http'] }, { listeners: { http: redirect, other: plain } });
    expect(issueTexts(issues)).toEqual(['CH2102 routes/list-orders/listeners/0']);
  });

  it('must not be none', () => {
    expect(issueTexts(routeIssues({}, { listeners: {} }))).toEqual(['CH2106 routes/list-orders/name']);
    expect(routeIssues({}, { listeners: { http: redirect } })[0]?.message).toContain('every listener redirects');
  });
});

describe('hostnames (B23)', () => {
  it('are in lower case, once each, sorted, without a trailing dot, IPv6 in brackets', () => {
    const hostnames = ['Shop.example.com', 'api', 'shop.example.com.', '*.Example.com', '2001:DB8:0::1', '10.0.0.1'];
    expect(routeOf({ hostnames }).hostnames).toEqual(['*.example.com', '10.0.0.1', '[2001:db8::1]', 'api', 'shop.example.com']);
  });
});

describe('matches', () => {
  const match = (config: object): unknown => routeOf({ matches: [config] }).matches[0];

  it.each([
    [{ prefix: '/orders/' }, { kind: 'prefix', value: '/orders' }],
    [{ prefix: '/' }, { kind: 'prefix', value: '/' }],
    [{ exact: '/orders/' }, { kind: 'exact', value: '/orders/' }],
    [{ template: '/orders/{id}' }, { kind: 'template', value: '/orders/{id}' }],
    [{ regex: '/a/[0-9]+' }, { kind: 'regex', value: '/a/[0-9]+' }],
  ])('read the path %j', (path, pathMatch) => {
    expect(match({ path })).toMatchObject({ pathMatch });
  });

  it('read gRPC as its path', () => {
    const services = { orders: { endpoints: ['a:80'], protocol: 'grpc' } };
    const read = (grpc: object): unknown => routeOf({ matches: [{ grpc }] }, { services }).matches[0];
    expect(read({ service: 'shop.v1.Orders', method: 'Get' })).toMatchObject({
      pathMatch: { kind: 'exact', value: '/shop.v1.Orders/Get' },
      grpcOnly: true,
    });
    expect(read({ service: 'shop.v1.Orders' })).toMatchObject({ pathMatch: { kind: 'prefix', value: '/shop.v1.Orders' }, grpcOnly: true });
  });

  it('have one form for every spelling of a condition', () => {
    const headers = {
      'X-Exact': '2',
      'x-prefix': { prefix: 'a', ignoreCase: true },
      'x-present': { present: true },
      'x-absent': { present: false },
      'x-range': { range: { from: 1, to: 5 } },
      'x-not': { not: 'a' },
      'x-not-absent': { not: { present: false } },
      'x-regex': { regex: 'a+' },
    };
    expect(match({ headers })).toMatchObject({
      headers: [
        { name: 'x-absent', condition: { kind: 'present' }, not: true },
        { name: 'x-exact', condition: { kind: 'exact', value: '2' }, ignoreCase: false, not: false },
        { name: 'x-not', condition: { kind: 'exact', value: 'a' }, not: true },
        { name: 'x-not-absent', condition: { kind: 'present' }, not: false },
        { name: 'x-prefix', condition: { kind: 'prefix', value: 'a' }, ignoreCase: true },
        { name: 'x-present', condition: { kind: 'present' }, not: false },
        { name: 'x-range', condition: { kind: 'range', from: 1, to: 5 } },
        { name: 'x-regex', condition: { kind: 'regex', value: 'a+' } },
      ],
    });
    expect(match({ query: { b: { contains: 'x' }, a: { not: { suffix: 'y' } } } })).toMatchObject({
      query: [
        { name: 'a', condition: { kind: 'suffix', value: 'y' }, not: true },
        { name: 'b', condition: { kind: 'contains', value: 'x' }, not: false },
      ],
    });
  });

  it('have each method once, sorted', () => {
    expect(match({ methods: ['POST', 'GET', 'POST'] })).toMatchObject({ methods: ['GET', 'POST'] });
  });

  it.each([
    ['a regex in a path', { path: { regex: '/a(?=b)' } }, 'CH2401 routes/list-orders/matches/0/path/regex'],
    ['a regex in a header', { headers: { 'x-a': { regex: '(' } } }, 'CH2401 routes/list-orders/matches/0/headers/x-a/regex'],
    ['a regex inside not', { query: { q: { not: { regex: '\\1' } } } }, 'CH2401 routes/list-orders/matches/0/query/q/not/regex'],
    ['a regex over more than bytes', { path: { regex: '/\\x{100}' } }, 'CH2401 routes/list-orders/matches/0/path/regex'],
    ['a regex that is too large', { path: { regex: '/(a{100}){10}b' } }, 'CH2401 routes/list-orders/matches/0/path/regex'],
    ['a template', { path: { template: '/{a}/{a}' } }, 'CH2405 routes/list-orders/matches/0/path/template'],
    ['a header in two cases', { headers: { 'x-a': '1', 'X-A': '2' } }, 'CH2404 routes/list-orders/matches/0/headers/X-A'],
  ])('refuse %s that Envoy would not take', (_what, config, text) => {
    expect(issueTexts(routeIssues({ matches: [config] }))).toEqual([text]);
  });
});

describe('backends', () => {
  it('keep weights and mirrors', () => {
    const { action } = routeOf(
      { backends: [{ service: 'orders', weight: 90 }, 'carts'], mirror: [{ service: 'carts', percent: 5 }, { service: 'orders' }] },
      { services: { orders: { endpoints: ['a:80'] }, carts: { endpoints: ['b:80'] } } },
    );
    expect(action).toMatchObject({
      backends: [
        { service: 'orders', weight: 90 },
        { service: 'carts', weight: 1 },
      ],
      mirrors: [
        { service: 'carts', percent: 5 },
        { service: 'orders', percent: 100 },
      ],
    });
  });

  it('must exist, in both spellings and as mirrors', () => {
    const issues = routeIssues({ backends: ['order', { service: 'carts', weight: 2 }], mirror: [{ service: 'oders' }] });
    expect(issueTexts(issues)).toEqual([
      'CH2104 routes/list-orders/backends/0/service',
      'CH2104 routes/list-orders/backends/1/service',
      'CH2104 routes/list-orders/mirror/0/service',
    ]);
    expect(issues.map((issue) => issue.help)).toEqual([
      'did you mean "orders"?',
      'define it: services: {carts: {endpoints: [host:port]}}',
      'did you mean "orders"?',
    ]);
  });

  it.each([
    ['no weight at all', [{ service: 'orders', weight: 0 }], 'CH2408 routes/list-orders/backends'],
    [
      'weights beyond 32 bits',
      [
        { service: 'orders', weight: 4_294_967_295 },
        { service: 'carts', weight: 1 },
      ],
      'CH2408 routes/list-orders/backends',
    ],
    ['a service twice', ['orders', 'orders'], 'warning CH2415 routes/list-orders/backends/1'],
  ])('are told of %s', (_what, backends, text) => {
    const services = { orders: { endpoints: ['a:80'] }, carts: { endpoints: ['b:80'] } };
    expect(issueTexts(routeIssues({ backends }, { services }))).toEqual([text]);
  });

  it('must speak HTTP/2 where gRPC is matched', () => {
    const issues = routeIssues({ matches: [{ grpc: { service: 'a.B' } }] });
    expect(issueTexts(issues)).toEqual(['CH2411 routes/list-orders/backends/0/service']);
    expect(issues[0]?.help).toBe('write protocol: grpc in the service "orders"');
    const services = { orders: { endpoints: ['a:80'], protocol: 'auto' } };
    const negotiating = { orders: { ...services.orders, tls: {} } };
    expect(issueTexts(routeIssues({ matches: [{ grpc: { service: 'a.B' } }] }, { services }))).toEqual([
      'CH2411 routes/list-orders/backends/0/service',
    ]);
    expect(routeIssues({ matches: [{ grpc: { service: 'a.B' } }] }, { services: negotiating })).toEqual([]);
  });
});

describe('an action that answers itself', () => {
  it.each(['mirror', 'rewrite', 'retry', 'timeout', 'idleTimeout', 'requestHeaders'])(
    'refuses %s beside it, with both places (B22)',
    (key) => {
      const values = {
        mirror: [{ service: 'orders' }],
        rewrite: { host: 'a' },
        retry: { attempts: 1 },
        timeout: '1s',
        idleTimeout: '1s',
        requestHeaders: {},
      };
      const value = new Map<string, unknown>(Object.entries(values)).get(key);
      const [issue] = routeIssues({ respond: { status: 200 }, [key]: value });
      expect(issue).toMatchObject({
        code: 'CH2409',
        path: ['routes', 'list-orders', key],
        at: 'key',
        related: [{ path: ['routes', 'list-orders', 'respond'] }],
      });
      const [other] = routeIssues({ redirect: { host: 'a.example.com' }, [key]: value });
      expect(other?.related).toMatchObject([{ path: ['routes', 'list-orders', 'redirect'], at: 'key' }]);
    },
  );

  it('responds with text, or with JSON whose order of keys means nothing (C15)', () => {
    expect(routeOf({ respond: { status: 503, body: 'gone' } }).action).toEqual({ kind: 'respond', status: 503, body: 'gone' });
    const json = { b: [{ d: 1, c: null }], a: 'x' };
    expect(routeOf({ respond: { status: 200, body: { json } } }).action).toEqual({
      kind: 'respond',
      status: 200,
      body: '{"a":"x","b":[{"c":null,"d":1}]}',
      contentType: 'application/json',
    });
  });

  it('refuses a body that Envoy would not send', () => {
    expect(issueTexts(routeIssues({ respond: { status: 200, body: 'ü'.repeat(600_000) } }))).toEqual([
      'CH2416 routes/list-orders/respond/body',
    ]);
    expect(issueTexts(routeIssues({ respond: { status: 204, body: 'x' } }))).toEqual(['warning CH2417 routes/list-orders/respond/body']);
  });

  it('redirects', () => {
    expect(routeOf({ redirect: { scheme: 'https', prefix: '/v2/' } }).action).toEqual({
      kind: 'redirect',
      code: 301,
      scheme: 'https',
      pathRewrite: { kind: 'prefix', value: '/v2' },
      stripQuery: false,
    });
  });

  it.each([
    ['the scheme of the listener', {}, { scheme: 'http' }],
    ['the host of the route', { hostnames: ['a.example.com', 'b.example.com'] }, { host: 'A.example.com' }],
    ['the exact path of the match', { matches: [{ path: { exact: '/a' } }] }, { path: '/a' }],
    ['the prefix of the match', { matches: [{ path: { prefix: '/a' } }] }, { prefix: '/a/' }],
    ['the port of the listener', {}, { port: 10_000 }],
  ])('refuses a redirect to %s, which has no end', (_what, rest, redirect) => {
    expect(issueTexts(routeIssues({ ...rest, redirect }))).toEqual(['CH2410 routes/list-orders/redirect']);
  });

  it.each([
    ['another scheme', {}, { scheme: 'https' }],
    ['another host', { hostnames: ['a.example.com'] }, { host: 'b.example.com' }],
    [
      'another path on the same host',
      { hostnames: ['a.example.com'], matches: [{ path: { exact: '/a' } }] },
      { host: 'a.example.com', path: '/b' },
    ],
    ['another port', {}, { port: 10_001 }],
    ['another prefix', { matches: [{ path: { prefix: '/a' } }] }, { prefix: '/b' }],
  ])('accepts a redirect to %s', (_what, rest, redirect) => {
    expect(routeIssues({ ...rest, redirect })).toEqual([]);
  });
});

describe('rewrites', () => {
  const rewrite = (matches: object[], config: object): readonly string[] => issueTexts(routeIssues({ matches, rewrite: config }));

  it.each([
    ['a prefix', [{ path: { prefix: '/a' } }, {}], { prefix: '/b' }],
    ['a template', [{ path: { template: '/a/{id}/{x}' } }], { template: '/b/{x}' }],
    ['the whole path', [{ path: { regex: '/a.*' } }], { path: '/b' }],
    ['a regex', [{ path: { regex: '/a.*' } }], { regex: { pattern: '^/(a)/(.*)$', substitution: '/\\2\\\\\\1' } }],
  ])('accept %s', (_what, matches, config) => {
    expect(rewrite(matches, config)).toEqual([]);
  });

  it.each([
    ['a prefix of an exact path', [{ path: { exact: '/a' } }], { prefix: '/b' }, 'CH2406 routes/list-orders/rewrite/prefix'],
    ['a template of a prefix', [{ path: { prefix: '/a' } }], { template: '/b/{id}' }, 'CH2406 routes/list-orders/rewrite/template'],
    ['a template of no path', [{}], { template: '/b/{id}' }, 'CH2406 routes/list-orders/rewrite/template'],
    ['an unknown variable', [{ path: { template: '/a/{id}' } }], { template: '/b/{name}' }, 'CH2407 routes/list-orders/rewrite/template'],
    ['a wrong template', [{ path: { template: '/a/{id}' } }], { template: '/b//{id}' }, 'CH2405 routes/list-orders/rewrite/template'],
    ['a wrong regex', [{}], { regex: { pattern: '(', substitution: 'x' } }, 'CH2401 routes/list-orders/rewrite/regex/pattern'],
    [
      'a group that is not there',
      [{}],
      { regex: { pattern: '(a)', substitution: '\\2' } },
      'CH2407 routes/list-orders/rewrite/regex/substitution',
    ],
    ['a lonely backslash', [{}], { regex: { pattern: 'a', substitution: 'b\\' } }, 'CH2407 routes/list-orders/rewrite/regex/substitution'],
    [
      'a group in the words of others',
      [{}],
      { regex: { pattern: '(a)', substitution: '$1' } },
      'CH2407 routes/list-orders/rewrite/regex/substitution',
    ],
  ])('refuse %s', (_what, matches, config, text) => {
    expect(rewrite(matches, config)).toEqual([text]);
  });

  it('refuse to replace the prefix of an exact path in redirects too', () => {
    const entry = { matches: [{ path: { exact: '/a' } }], redirect: { prefix: '/b' } };
    expect(issueTexts(routeIssues(entry))).toEqual(['CH2406 routes/list-orders/redirect/prefix']);
  });

  it('know where the host comes from', () => {
    expect(routeOf({ rewrite: { host: 'orders.internal' } }).action).toMatchObject({
      rewrite: { host: 'orders.internal', hostFromService: false },
    });
    expect(routeOf({ rewrite: { host: { fromService: true } } }).action).toMatchObject({ rewrite: { hostFromService: true } });
  });

  it('warn of a service that has no host name to give', () => {
    const sections = { services: { orders: { endpoints: ['10.0.0.1:80'] } } };
    expect(issueTexts(routeIssues({ rewrite: { host: { fromService: true } } }, sections))).toEqual([
      'warning CH2418 routes/list-orders/rewrite/host',
    ]);
  });
});

describe('retries', () => {
  const retry = (config: object, rest: object = {}): readonly string[] => issueTexts(routeIssues({ ...rest, retry: config }));

  it('are none unless attempts are written', () => {
    expect(routeOf({}).action).not.toHaveProperty('retry');
    expect(routeOf({ retry: { attempts: 0 } }, { defaults: { retry: { attempts: 3 } } }).action).not.toHaveProperty('retry');
  });

  it('take key by key what the route does not say from the defaults', () => {
    const { action } = routeOf({ retry: { retryOn: ['5xx'] } }, { defaults: { retry: { attempts: 2, backoff: '10ms..20ms' } } });
    expect(action).toMatchObject({ retry: { attempts: 2, retryOn: ['5xx'], backoff: { baseMs: 10, maxMs: 20 } } });
  });

  it('keep the time for one try without back-off, and without retries (B32)', () => {
    expect(routeOf({ retry: { attempts: 1, perTryTimeout: '1s' } }).action).toMatchObject({
      retry: { attempts: 1, perTryTimeoutMs: 1000 },
    });
    expect(routeOf({ retry: { perTryTimeout: '1s' } }).action).toMatchObject({ retry: { attempts: 0, perTryTimeoutMs: 1000 } });
  });

  it('retry on status codes once these are given', () => {
    const { action } = routeOf({ retry: { attempts: 1, retryOn: ['5xx'], statusCodes: [429, 409, 429] } });
    expect(action).toMatchObject({ retry: { retryOn: ['5xx', 'retriable-status-codes'], retriableStatusCodes: [409, 429] } });
  });

  it.each([
    ['words without attempts', { retryOn: ['5xx'] }, {}, 'warning CH2412 routes/list-orders/retry'],
    [
      'a try longer than the whole',
      { attempts: 1, perTryTimeout: '2s' },
      { timeout: '1s' },
      'warning CH2413 routes/list-orders/retry/perTryTimeout',
    ],
    [
      'status codes without any',
      { attempts: 1, retryOn: ['5xx', 'retriable-status-codes'] },
      {},
      'CH2414 routes/list-orders/retry/retryOn/1',
    ],
  ])('are told of %s', (_what, config, rest, text) => {
    expect(retry(config, rest)).toEqual([text]);
  });

  it('tell what is wrong in the defaults once, and there', () => {
    const sections = {
      defaults: { retry: { attempts: 1, retryOn: ['retriable-status-codes'] } },
      routes: [routeEntry({ name: 'a', hostnames: ['a'] }), routeEntry({ name: 'b', hostnames: ['b'] })],
    };
    expect(issueTexts(resolveSections(sections).issues)).toEqual(['CH2414 defaults/retry/retryOn/0']);
  });
});

describe('header changes', () => {
  it('have lower-case names and a defined order (C15)', () => {
    const requestHeaders = { set: { 'X-B': 'a,b', 'x-a': '' }, add: { 'X-C': '%%' }, remove: ['X-Z', 'x-y'] };
    const route = routeOf({ requestHeaders });
    expect(route.requestHeaders).toEqual({ set: { 'x-a': '', 'x-b': 'a,b' }, add: { 'x-c': '%%' }, remove: ['x-y', 'x-z'] });
    expect(Object.keys(route.requestHeaders.set)).toEqual(['x-a', 'x-b']);
  });

  it('must not contradict each other', () => {
    const issues = routeIssues({ responseHeaders: { set: { 'x-a': '1' }, add: { 'X-A': '2' }, remove: ['server', 'x-a'] } });
    expect(issueTexts(issues)).toEqual([
      'CH2402 routes/list-orders/responseHeaders/add/X-A',
      'CH2402 routes/list-orders/responseHeaders/remove/1',
    ]);
  });

  it.each(['%REQ(x-team)%', '100%%', '%DOWNSTREAM_REMOTE_ADDRESS% and %START_TIME(%s)%', '%REQ(:path):20%', 'plain'])(
    'may hold %s',
    (value) => {
      expect(routeIssues({ requestHeaders: { set: { 'x-a': value } } })).toEqual([]);
    },
  );

  it.each([
    ['50%', 'a "%" begins a command here, but none follows'],
    ['%req(x)%', 'a "%" begins a command here, but none follows'],
    ['%DOWNSTREAM_REMOTE_ADDRES%', 'Envoy knows no command %DOWNSTREAM_REMOTE_ADDRES%'],
    ['%REQ%', 'the command %REQ% needs an argument'],
  ])('must not hold %s', (value, message) => {
    const [issue] = routeIssues({ requestHeaders: { add: { 'x-a': value } } });
    expect(issue).toMatchObject({ code: 'CH2403', path: ['routes', 'list-orders', 'requestHeaders', 'add', 'x-a'], message });
  });
});

describe('the access log', () => {
  it.each([
    ['stdout', '/dev/stdout'],
    ['stderr', '/dev/stderr'],
    ['/var/log/envoy.log', '/var/log/envoy.log'],
  ])('goes to %s', (json, file) => {
    expect(modelOf({ accessLog: { json } }).accessLog).toEqual({ path: ['accessLog'], file });
  });
});
