// The further discovery services with snapshots made by hand and a real Envoy: runtime layers (RTDS), filters (ECDS), clusters on demand
// (ODCDS), scoped routes (SRDS). What the language makes of them is tested beside its features.
import { afterEach, describe, expect, test } from 'vitest';
import { type EnvoyForm, gatewayContents, xdsBootstrap } from '../../conformance/envoy-resources.ts';
import { GATEWAY, startXds, type XdsHarness } from '../../conformance/xds-harness.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type HttpResponse, openConnection, request } from '../../support/http-client.ts';
import { startLoad } from '../../support/load.ts';
import type { Contents } from '../../support/snapshots.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const TYPE = 'type.googleapis.com/';
const ADS = { ads: {}, resource_api_version: 'V3' };
const FORMS: readonly EnvoyForm[] = ['delta ADS', 'sotw ADS'];
/** Every request of a start is answered long before Envoy would give up waiting (15 s). */
const WITHOUT_WAITING_MS = 5_000;

type Fields = Record<string, unknown>;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

interface Rig {
  readonly port: number;
  readonly envoy: Envoy;
  readonly xds: XdsHarness;
  readonly a: Upstream;
  readonly b: Upstream;
  publish(change: (contents: GatewayContents) => Contents): void;
  get(more?: { readonly path?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<HttpResponse>;
}

/** A gateway with the services `a` and `b`, and everything to `a`. */
interface GatewayContents {
  readonly Cluster: Readonly<Record<string, object>>;
  readonly ClusterLoadAssignment: Readonly<Record<string, object>>;
  readonly Listener: { readonly main: object };
  readonly RouteConfiguration: { readonly routes: object };
}

const same = (contents: GatewayContents): Contents => ({ ...contents });

async function run(
  form: EnvoyForm,
  first: Rig['publish'] extends (change: infer Change) => void ? Change : never,
  { bootstrap = bootstrapOf, lingerMs = 300 }: { readonly bootstrap?: typeof bootstrapOf; readonly lingerMs?: number } = {},
): Promise<Rig> {
  const [a, b] = [await startUpstream({ name: 'a' }), await startUpstream({ name: 'b' })];
  cleanUps.push(
    () => a.close(),
    () => b.close(),
  );
  const port = await freePort();
  const xds = await startXds({ timing: { lingerMs } });
  cleanUps.push(() => xds.close());
  const parts = { services: { a: a.port, b: b.port }, routes: { '/': 'a' }, port };
  const publish: Rig['publish'] = (change) => xds.publish(change(gatewayContents(parts, form) as unknown as GatewayContents));
  publish(first);
  const begun = performance.now();
  const envoy = await startEnvoy(bootstrap(xds.port, form));
  expect(performance.now() - begun).toBeLessThan(WITHOUT_WAITING_MS);
  cleanUps.push(() => envoy.stop());
  return { port, envoy, xds, a, b, publish, get: (more = {}) => request({ port, timeoutMs: 5_000, ...more }) };
}

function bootstrapOf(xdsPort: number, form: EnvoyForm): object {
  return xdsBootstrap(xdsPort, GATEWAY, form);
}

const nacks = ({ xds }: Rig): readonly string[] => [...xds.counts.keys()].filter((name) => name.startsWith('nacks'));

/** The listener with its connection manager changed. */
function withManager({ Listener: { main } }: GatewayContents, change: (manager: Fields) => Fields): { readonly main: object } {
  return JSON.parse(JSON.stringify({ main }), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'http_filters' in value ? change(value as Fields) : value,
  ) as { readonly main: object };
}

describe.each(FORMS)('runtime layers, %s', (form) => {
  const layers = (xdsPort: number): object => ({
    ...bootstrapOf(xdsPort, form),
    layered_runtime: {
      layers: ['one', 'two', 'empty'].map((name) => ({ name, rtds_layer: { name, rtds_config: ADS } })),
    },
  });
  const runtime = (name: string, fields: Fields) => ({ name, layer: { fields } });
  const number = (value: number) => ({ number_value: value });
  const values = async ({ envoy }: Rig): Promise<Readonly<Record<string, string>>> => {
    const { entries } = JSON.parse(await envoy.admin.text('/runtime')) as { entries: Record<string, { final_value: string }> };
    return Object.fromEntries(Object.entries(entries).map(([name, { final_value }]) => [name, final_value]));
  };

  test('R1: several layers come at once and change one by one; an empty one holds nothing up; what is taken out is gone', async () => {
    const withLayers = (one: Fields, two: Fields | undefined) => (contents: GatewayContents) => ({
      ...contents,
      Runtime: { one: runtime('one', one), empty: runtime('empty', {}), ...(two === undefined ? {} : { two: runtime('two', two) }) },
    });
    const rig = await run(form, withLayers({ 'a.x': number(1), 'a.y': number(2) }, { 'a.y': number(3) }), { bootstrap: layers });
    expect(await values(rig)).toEqual({ 'a.x': '1', 'a.y': '3' });
    rig.publish(withLayers({ 'a.x': number(4) }, { 'a.y': number(3) }));
    await eventually(async () => (await values(rig))['a.x'] === '4', { what: 'the change of a layer' });
    expect(await values(rig)).toEqual({ 'a.x': '4', 'a.y': '3' });
    rig.publish(withLayers({}, { 'a.z': number(5) }));
    await eventually(async () => JSON.stringify(await values(rig)) === '{"a.z":"5"}', { what: 'the removal of values' });
    expect(nacks(rig)).toEqual([]);
    expect(await rig.envoy.admin.stat('runtime.load_error')).toBe(0);
  });
});

describe.each(FORMS)('filters, %s', (form) => {
  const NAME = 'filter/team';
  const setHeader = (value: string): object => ({
    name: NAME,
    typed_config: {
      '@type': `${TYPE}envoy.extensions.filters.http.header_mutation.v3.HeaderMutation`,
      mutations: { response_mutations: [{ append: { header: { key: 'x-team', value } } }] },
    },
  });
  const slot = (more: object = {}): object => ({
    name: NAME,
    config_discovery: { config_source: ADS, type_urls: [`${TYPE}envoy.extensions.filters.http.header_mutation.v3.HeaderMutation`] },
    ...more,
  });
  const withFilter =
    (value: object, more: object = {}) =>
    (contents: GatewayContents) => ({
      ...contents,
      Listener: withManager(contents, (manager) => ({ ...manager, http_filters: [slot(more), ...(manager['http_filters'] as object[])] })),
      TypedExtensionConfig: { [NAME]: value },
    });

  test('R13, D11: a filter changes by itself: the listener stays, and so does the connection', async () => {
    const rig = await run(form, withFilter(setHeader('a')));
    const connection = await openConnection({ port: rig.port });
    const team = async () => (await connection.request({})).headers['x-team'];
    expect(await team()).toBe('a');
    rig.publish(withFilter(setHeader('b')));
    await eventually(async () => (await team()) === 'b', { what: 'the other filter' });
    expect(connection.isClosed).toBe(false);
    connection.close();
    expect(await rig.envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
  });

  test('R13: a filter of a type that its place does not name is refused, and the one before stays', async () => {
    const rig = await run(form, withFilter(setHeader('a')));
    const other = { name: NAME, typed_config: { '@type': `${TYPE}envoy.extensions.filters.http.cors.v3.Cors` } };
    rig.publish(withFilter(other));
    await eventually(() => nacks(rig).length > 0, { what: 'the refusal' });
    expect(nacks(rig)).toEqual(['nacks:TypedExtensionConfig']);
    expect((await rig.get()).headers['x-team']).toBe('a');
  });

  test('R14: a filter goes together with its place, and comes again, and no request fails, those on draining connections included', async () => {
    // Old connections pass the old place until they are drained (3 s here); a filter that is missing then is a 500.
    const rig = await run(form, withFilter(setHeader('a')), { lingerMs: 6_000 });
    const connection = await openConnection({ port: rig.port });
    const load = await startLoad({
      target: { port: rig.port },
      request: () => ({ timeoutMs: 15_000 }),
      perSecond: 50,
      lateAfterMs: 15_000,
    });
    const isTeam = async (value: string | undefined) => (await rig.get()).headers['x-team'] === value;
    for (const turn of [1, 2]) {
      rig.publish(same);
      await eventually(() => isTeam(undefined), { what: `removal ${turn}`, timeoutMs: 15_000 });
      rig.publish(withFilter(setHeader('a')));
      await eventually(() => isTeam('a'), { what: `filter ${turn}`, timeoutMs: 15_000 });
    }
    rig.publish(same);
    await eventually(() => isTeam(undefined), { what: 'the last removal', timeoutMs: 15_000 });
    await eventually(async () => !(await rig.envoy.admin.text('/config_dump?resource=ecds_filters')).includes(NAME), {
      what: 'the end of the filter',
      timeoutMs: 30_000,
    });
    connection.close();
    expect((await load.stop()).failures).toEqual([]);
    expect(nacks(rig)).toEqual([]);
  });

  test('D11: a disabled place is not passed, and a route that switches on what denies is denied', async () => {
    const denyAll = {
      name: NAME,
      typed_config: { '@type': `${TYPE}envoy.extensions.filters.http.rbac.v3.RBAC`, rules: { action: 'ALLOW', policies: {} } },
    };
    const types = [`${TYPE}envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`, `${TYPE}envoy.extensions.filters.http.rbac.v3.RBAC`];
    const isOn = { [NAME]: { '@type': `${TYPE}envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`, check_settings: {} } };
    const rig = await run(form, (contents) => ({
      ...withFilter(denyAll, { disabled: true, config_discovery: { config_source: ADS, type_urls: types } })(contents),
      RouteConfiguration: {
        routes: {
          name: 'routes',
          virtual_hosts: [
            {
              name: 'all',
              domains: ['*'],
              routes: [
                { match: { prefix: '/closed' }, route: { cluster: 'a' }, typed_per_filter_config: isOn },
                { match: { prefix: '/' }, route: { cluster: 'a' } },
              ],
            },
          ],
        },
      },
    }));
    expect([(await rig.get()).status, (await rig.get({ path: '/closed' })).status]).toEqual([200, 403]);
  });
});

describe('clusters on demand, delta ADS', () => {
  /** Without a subscription to all clusters. */
  const onlyListeners = (xdsPort: number, form: EnvoyForm): object => {
    const { dynamic_resources: dynamic, ...rest } = bootstrapOf(xdsPort, form) as { dynamic_resources: Fields };
    return { ...rest, dynamic_resources: { ...dynamic, cds_config: undefined } };
  };
  const byHeader = (contents: GatewayContents): Contents => ({
    ...contents,
    Listener: withManager(contents, (manager) => ({
      ...manager,
      http_filters: [
        {
          name: 'envoy.filters.http.on_demand',
          typed_config: {
            '@type': `${TYPE}envoy.extensions.filters.http.on_demand.v3.OnDemand`,
            odcds: { source: ADS, timeout: { seconds: 2, nanos: 0 } },
          },
        },
        ...(manager['http_filters'] as object[]),
      ],
    })),
    RouteConfiguration: {
      routes: {
        name: 'routes',
        virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster_header: 'x-cluster' } }] }],
      },
    },
  });
  const clusters = async ({ envoy }: Rig): Promise<readonly string[]> =>
    (await envoy.admin.clusters()).map(({ name }) => name).filter((name) => name !== 'xds');
  const to = (rig: Rig, cluster: string) => rig.get({ headers: { 'x-cluster': cluster } });

  test('R23: a cluster comes when a request names it; one that nobody has is 503, not a hang; one that goes is gone', async () => {
    const rig = await run('delta ADS', byHeader, { bootstrap: onlyListeners });
    expect(await clusters(rig)).toEqual([]);
    expect((await to(rig, 'b')).headers['x-upstream']).toBe('b');
    expect(await clusters(rig)).toEqual(['b']);
    const begun = performance.now();
    expect((await to(rig, 'nobody')).status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(1_500);
    rig.publish((contents) => {
      const { b: _b, ...others } = contents.Cluster;
      return { ...byHeader(contents), Cluster: others };
    });
    await eventually(async () => (await clusters(rig)).length === 0, { what: 'the removal', timeoutMs: 10_000 });
    expect((await to(rig, 'a')).headers['x-upstream']).toBe('a');
    expect(nacks(rig)).toEqual([]);
  });
});

describe.each(FORMS)('scoped routes, %s', (form) => {
  const scoped = (contents: GatewayContents) => ({
    ...contents,
    Listener: withManager(contents, ({ rds: _rds, ...manager }) => ({
      ...manager,
      scoped_routes: {
        name: 'by-tenant',
        scope_key_builder: {
          fragments: [{ header_value_extractor: { name: 'x-tenant', element_separator: ',', index: 0 } }],
        },
        rds_config_source: ADS,
        scoped_rds: { scoped_rds_config_source: ADS },
      },
    })),
  });
  const routesTo = (name: string, cluster: string) => ({
    name,
    virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }],
  });
  /** Scope → [route configuration, key]. */
  const withScopes = (scopes: Readonly<Record<string, readonly [string, string]>>) => (contents: GatewayContents) => ({
    ...scoped(contents),
    RouteConfiguration: { 'to-a': routesTo('to-a', 'a'), 'to-b': routesTo('to-b', 'b') },
    ScopedRouteConfiguration: Object.fromEntries(
      Object.entries(scopes).map(([name, [routes, key]]) => [
        name,
        { name, route_configuration_name: routes, key: { fragments: [{ string_key: key }] } },
      ]),
    ),
  });
  const reached = async (rig: Rig, tenant: string): Promise<string | number> => {
    const answer = await rig.get({ headers: { 'x-tenant': tenant } });
    return answer.headers['x-upstream'] ?? answer.status;
  };

  test('R25: scopes choose the routes; a key moves to another scope in one edit, and nothing is refused', async () => {
    const rig = await run(form, withScopes({ one: ['to-a', 'red'], two: ['to-b', 'blue'] }));
    expect([await reached(rig, 'red'), await reached(rig, 'blue'), await reached(rig, 'green')]).toEqual(['a', 'b', 404]);
    rig.publish(withScopes({ one: ['to-a', 'red'], three: ['to-a', 'blue'] }));
    await eventually(async () => (await reached(rig, 'blue')) === 'a', { what: 'the moved key', timeoutMs: 10_000 });
    rig.publish(withScopes({ one: ['to-b', 'green'], three: ['to-b', 'blue'] }));
    await eventually(async () => (await reached(rig, 'green')) === 'b', { what: 'the other scope', timeoutMs: 10_000 });
    expect(await reached(rig, 'red')).toBe(404);
    expect(nacks(rig)).toEqual([]);
  });
});
