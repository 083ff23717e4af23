import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { compileHttpConnectionManager } from '../../../src/compiler/http-connection-manager.ts';
import { compileListener } from '../../../src/compiler/listener.ts';
import type { Listener, Route } from '../../../src/model/types.ts';
import { aListener, aListenerTls, aMatch, aModel, aRoute, aService, forwardTo, redirectTo } from '../../support/model-builder.ts';

const typeUrl = (name: string) => `type.googleapis.com/envoy.extensions.filters.http.${name}`;

const managerOf = (parts: Partial<Listener> = {}) => compileHttpConnectionManager(aListener(parts), { gateway: 'edge' });

describe('socket', () => {
  test('C16: names and stats derive from the user’s name', () => {
    expect(compileListener(aListener({ name: 'https' }), { gateway: 'edge' })).toMatchObject({
      name: 'listener/https',
      stat_prefix: 'https',
    });
    expect(managerOf({ name: 'https' }).stat_prefix).toBe('https');
  });

  test(':: takes IPv4 as well', () => {
    const addressOf = (address: string) => compileListener(aListener({ address }), { gateway: 'edge' }).address?.socket_address;
    expect(addressOf('::')).toEqual({ address: '::', port_value: 10_000, ipv4_compat: true });
    expect(addressOf('0.0.0.0')).toEqual({ address: '0.0.0.0', port_value: 10_000 });
  });

  test('handshakes have a time limit', () => {
    const [chain] = compileListener(aListener({ tls: aListenerTls() }), { gateway: 'edge' }).filter_chains ?? [];
    expect(chain?.transport_socket_connect_timeout).toEqual({ seconds: 10, nanos: 0 });
    expect(chain?.transport_socket?.name).toBe('envoy.transport_sockets.tls');
  });
});

describe('HTTP', () => {
  test('routes come over RDS from the one ADS stream', () => {
    expect(managerOf({ name: 'https' }).rds).toEqual({
      route_config_name: 'routes/https',
      config_source: { ads: {}, resource_api_version: 'V3' },
    });
  });

  test('the limits of an edge proxy hold, and none of them cuts a long request', () => {
    const manager = managerOf();
    expect(manager.request_headers_timeout).toEqual({ seconds: 10, nanos: 0 });
    expect(manager.stream_idle_timeout).toEqual({ seconds: 300, nanos: 0 });
    expect(manager.http2_protocol_options).toEqual({
      max_concurrent_streams: { value: 100 },
      initial_stream_window_size: { value: 65_536 },
      initial_connection_window_size: { value: 1_048_576 },
    });
    expect(manager).not.toHaveProperty('request_timeout');
  });

  test('the client is the peer, or the address behind as many of our proxies as there are', () => {
    expect(managerOf().use_remote_address).toEqual({ value: true });
    expect(managerOf()).not.toHaveProperty('xff_num_trusted_hops');
    expect(managerOf({ trustedHops: 2 }).xff_num_trusted_hops).toBe(2);
  });

  test.each([
    ['keep', 'KEEP_UNCHANGED'],
    ['reject', 'REJECT_REQUEST'],
    ['redirect', 'UNESCAPE_AND_REDIRECT'],
    ['unescape', 'UNESCAPE_AND_FORWARD'],
  ] as const)('escaped slashes: %s', (escapedSlashes, action) => {
    expect(managerOf({ paths: { escapedSlashes, mergeSlashes: false, parameters: 'allow' } }).path_with_escaped_slashes_action).toBe(
      action,
    );
  });

  test('paths are normalised; slashes merge where it is asked for', () => {
    expect(managerOf().normalize_path).toEqual({ value: true });
    expect(managerOf()).not.toHaveProperty('merge_slashes');
    expect(managerOf({ paths: { escapedSlashes: 'keep', mergeSlashes: true, parameters: 'allow' } }).merge_slashes).toBe(true);
  });

  test('backends learn of a client’s certificate where clients have one', () => {
    const ca = { kind: 'system' } as const;
    expect(managerOf({ tls: aListenerTls({ clientAuth: { ca, mode: 'optional' } }) }).forward_client_cert_details).toBe('SANITIZE_SET');
    expect(managerOf({ tls: aListenerTls() })).not.toHaveProperty('forward_client_cert_details');
  });

  test('B26: WebSockets pass the same filters and one more, which keeps them on HTTP/1.1', () => {
    const { http_filters: ordinary = [], upgrade_configs: [upgrade] = [] } = managerOf();
    expect(upgrade?.upgrade_type).toBe('websocket');
    expect(upgrade?.filters?.filter(({ name }) => name !== 'chancery.websocket-over-http1')).toEqual(ordinary);
    expect(upgrade?.filters?.slice(-2).map(({ name }) => name)).toEqual(['chancery.websocket-over-http1', 'envoy.filters.http.router']);
  });

  test('D11, R201: the filters stand in a fixed order, switched off but for the router; preflights are answered before anyone asks who it is', () => {
    expect(managerOf().http_filters?.map(({ name, disabled }) => `${name} ${disabled ?? false}`)).toEqual([
      'envoy.filters.http.cors true',
      'filter/identity true',
      'filter/hygiene true',
      'filter/limit-early-allow true',
      'filter/limit-early-deny true',
      'filter/jwt true',
      'filter/api-key true',
      'filter/rbac true',
      'filter/authz true',
      'filter/authz-open true',
      'filter/limit-local true',
      'filter/limit-fleet true',
      'filter/limit-main-allow true',
      'filter/limit-main-deny true',
      'filter/limit-quota true',
      'envoy.filters.http.fault true',
      'envoy.filters.http.router false',
    ]);
    expect(managerOf({ onDemandHosts: true }).http_filters?.[0]?.name).toBe('envoy.filters.http.on_demand');
  });

  test('R13: a place for a filter names the types that may come for it', () => {
    const places = managerOf().http_filters?.filter(({ config_discovery }) => config_discovery !== undefined) ?? [];
    expect(places.map(({ config_discovery }) => config_discovery?.type_urls)).toEqual([
      [typeUrl('ratelimit.v3.RateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('ratelimit.v3.RateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('jwt_authn.v3.JwtAuthentication'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('api_key_auth.v3.ApiKeyAuth'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('ext_authz.v3.ExtAuthz'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('ext_authz.v3.ExtAuthz'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('local_ratelimit.v3.LocalRateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('local_ratelimit.v3.LocalRateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('ratelimit.v3.RateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('ratelimit.v3.RateLimit'), typeUrl('rbac.v3.RBAC')],
      [typeUrl('rate_limit_quota.v3.RateLimitQuotaFilterConfig'), typeUrl('rbac.v3.RBAC')],
    ]);
  });

  test('what happens to a _ in the name of a header can be said', () => {
    const actionOf = (underscores?: 'drop' | 'keep') =>
      managerOf(underscores === undefined ? {} : { underscores }).common_http_protocol_options?.headers_with_underscores_action;
    expect([actionOf(), actionOf('drop'), actionOf('keep')]).toEqual(['REJECT_REQUEST', 'DROP_HEADER', 'ALLOW']);
  });

  test('B18: a listener that redirects drops the port of the Host, others keep it', () => {
    expect(managerOf({ redirect: { scheme: 'https', code: 301 } }).strip_any_host_port).toBe(true);
    expect(managerOf()).not.toHaveProperty('strip_any_host_port');
  });
});

describe('access log', () => {
  const logOf = (file: string, gateway = 'edge') =>
    compileHttpConnectionManager(aListener({ name: 'https' }), { gateway, accessLog: { path: [], file } }).access_log?.[0];

  test('the streams of the process have loggers of their own, which need no file to open', () => {
    expect(logOf('/dev/stdout')?.name).toBe('envoy.access_loggers.stdout');
    expect(logOf('/dev/stderr')?.name).toBe('envoy.access_loggers.stderr');
    expect(logOf('/var/log/access.json')).toMatchObject({
      name: 'envoy.access_loggers.file',
      typed_config: { path: '/var/log/access.json' },
    });
  });

  test('a line names route, listener and gateway, and leaves the query out', () => {
    expect(logOf('/dev/stdout', '100%')?.typed_config).toMatchObject({
      log_format: {
        json_format: {
          fields: {
            route: { string_value: '%ROUTE_NAME%' },
            listener: { string_value: 'https' },
            gateway: { string_value: '100%%' },
            path: { string_value: '%PATH(NQ:ORIG_OR_PATH)%' },
          },
        },
      },
    });
  });

  test('none is written unless asked for', () => {
    expect(managerOf()).not.toHaveProperty('access_log');
  });
});

describe('D11, B13: nothing on a listener changes when a route does', () => {
  const services = [aService('a'), aService('b', { protocol: 'grpc' })];
  const before = aRoute('a');
  const edits: readonly (readonly [string, Route])[] = [
    ['match', { ...before, matches: [aMatch('/b', { methods: ['GET'] })] }],
    ['hostname', { ...before, hostnames: ['shop.example.com'] }],
    ['backend', { ...before, action: forwardTo({ a: 1, b: 1 }) }],
    ['timeout', { ...before, action: forwardTo('a', { timeoutMs: 'none' }) }],
    ['redirect', { ...before, action: redirectTo({ host: 'new.example.com' }) }],
    ['answer', { ...before, action: { kind: 'respond', status: 200, body: 'ok' } }],
    ['headers', { ...before, requestHeaders: { set: { a: 'b' }, add: {}, remove: [] } }],
    ['name', { ...before, name: 'renamed' }],
  ];
  const listenerOf = (route: Route) =>
    createCompiler()
      .compile(aModel({ services, routes: [route] }))
      .resources.find(({ kind }) => kind === 'Listener')?.message;

  test.each(edits)('%s', (_, route) => {
    expect(JSON.stringify(listenerOf(route))).toBe(JSON.stringify(listenerOf(before)));
  });
});
