// All routes of one listener → its one RouteConfiguration, `routes/<listener>`, which Envoy fetches over RDS: a route's change never
// touches the listener (D11, B13).
import type { Listener, Route } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import type { RouteConfiguration } from '../proto/generated/envoy/config/route/v3/RouteConfiguration.ts';
import type { VirtualHost } from '../proto/generated/envoy/config/route/v3/VirtualHost.ts';
import { compileIdentityRemoval, IDENTITY_FILTER } from './auth/identity.ts';
import { compareText } from './compare-text.ts';
import { ADS } from './config-source.ts';
import { MAX_DIRECT_RESPONSE_BYTES } from './direct-response.ts';
import { groupByHostname, type HostGroups } from './host-groups.ts';
import type { LimitFacts } from './limits/route-limits.ts';
import { memoised } from './memo.ts';
import { nameOfRoutes, nameOfVirtualHost } from './names.ts';
import { withUsualSilence } from './on-demand-wait.ts';
import { isSameList, type OrderedMatches, orderMatches, type PlacedMatch } from './ordered-matches.ts';
import { compileListenerRedirect } from './redirect.ts';
import type { AuthFacts } from './route-auth.ts';
import type { RouteMemo } from './route-memo.ts';
import type { ServiceFacts } from './service-facts.ts';
import { compileVirtualHost, widerHostnames } from './virtual-host.ts';

/** One listener's routes, as compiled; the next compile starts from it. */
export interface RouteTable {
  readonly input: Pick<RouteTableInput, 'listener' | 'routes' | 'services' | 'auth' | 'limits'>;
  readonly groups: HostGroups;
  readonly message: RouteConfiguration;
  /** By hostname, in the order of `message.virtual_hosts`. */
  readonly hosts: HostTables;
}

type HostTables = ReadonlyMap<string, HostTable>;

const NO_HOSTS: HostTables = new Map();

export interface HostTable {
  readonly hostname: string;
  /** Of the hostname itself, without wider ones. */
  readonly own: OrderedMatches;
  readonly wider: readonly OrderedMatches[];
  /** Of the virtual host, in the order of its routes. */
  readonly matches: readonly PlacedMatch[];
  readonly message: VirtualHost;
}

export interface RouteTableInput {
  readonly listener: Listener;
  /** Those that name the listener, sorted by name. */
  readonly routes: readonly Route[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  readonly auth: AuthFacts | undefined;
  readonly limits: LimitFacts | undefined;
  readonly memo: RouteMemo;
  /** The listener's table before. */
  readonly previous: RouteTable | undefined;
  /** Tables of other listeners, which often have the same routes. */
  readonly siblings: readonly RouteTable[];
}

/** The result is a function of listener, routes and services; the rest only saves work and keeps unchanged messages the same objects. */
export function compileRouteTable(input: RouteTableInput): RouteTable {
  const { listener, routes, services, auth, limits, previous } = input;
  if (previous !== undefined && isSameContext(previous.input, input) && isSameList(previous.input.routes, routes)) {
    return previous;
  }
  const groups = groupByHostname(routes, previous?.groups);
  const hosts = listener.redirect === undefined ? compileHosts(input, groups) : NO_HOSTS;
  const virtualHosts = compileVirtualHosts(listener, hosts);
  const isUnchanged =
    previous !== undefined &&
    previous.input.listener.onDemandHosts === listener.onDemandHosts &&
    removedText(previous.input.auth) === removedText(auth) &&
    isSameList(virtualHosts, previous.message.virtual_hosts ?? []);
  const message = isUnchanged ? previous.message : compileRouteConfiguration(listener, virtualHosts, auth);
  return { input: { listener, routes, services, auth, limits }, groups, message, hosts };
}

type Context = Pick<RouteTableInput, 'listener' | 'services' | 'auth' | 'limits'>;

function isSameContext(a: Context, b: Context): boolean {
  return a.listener === b.listener && a.services === b.services && a.auth === b.auth && a.limits === b.limits;
}

/** The one route of a listener that redirects everything. */
const redirectHost = memoised((redirect: NonNullable<Listener['redirect']>): VirtualHost => {
  const route: RouteMessage = {
    name: `redirect-to-${redirect.scheme}`,
    match: { prefix: '/' },
    redirect: compileListenerRedirect(redirect),
  };
  return compileVirtualHost('*', [route]);
});

/** Those that stand in the message itself: none where Envoy fetches each when it is asked for. */
function compileVirtualHosts({ redirect, onDemandHosts }: Listener, hosts: HostTables): readonly VirtualHost[] {
  if (redirect !== undefined) {
    return [redirectHost(redirect)];
  }
  return onDemandHosts === true ? [] : [...hosts.values()].map((host) => host.message);
}

/**
 * Envoy asks for hosts alone, so what would be the first answer never comes: it must not wait for one. It needs delta, and keeps the
 * hosts that it has as long as these bytes stay the same.
 */
const ON_DEMAND: NonNullable<RouteConfiguration['vhds']> = { config_source: { ...ADS, initial_fetch_timeout: duration(1) } };

function compileRouteConfiguration(
  { name, onDemandHosts, redirect }: Listener,
  virtualHosts: readonly VirtualHost[],
  auth: AuthFacts | undefined,
): RouteConfiguration {
  return {
    name: nameOfRoutes(name),
    virtual_hosts: [...virtualHosts],
    ...(onDemandHosts === true ? { vhds: ON_DEMAND } : {}),
    // `shop.example.com:10443` is the host shop.example.com; the Host that backends see keeps its port.
    ignore_port_in_host_matching: true,
    max_direct_response_body_size_bytes: { value: MAX_DIRECT_RESPONSE_BYTES },
    ...(auth === undefined || redirect !== undefined
      ? {}
      : { typed_per_filter_config: { [IDENTITY_FILTER]: compileIdentityRemoval(auth.identityHeaders) } }),
  };
}

/** All that the configuration itself says of auth. */
function removedText(auth: AuthFacts | undefined): string | undefined {
  return auth?.identityHeaders.join(' ');
}

function compileHosts(input: RouteTableInput, groups: HostGroups): HostTables {
  const { previous } = input;
  const isUpdate = previous !== undefined && isSameContext(previous.input, input) && concernsExactHosts(previous.hosts, groups);
  return isUpdate ? updateHosts(previous.hosts, input, groups) : compileAllHosts(input, groups);
}

/** No virtual host comes or goes, and no other than the touched ones holds a route that changed. */
function concernsExactHosts(hosts: HostTables, { byHostname, touched }: HostGroups): boolean {
  return [...touched].every((hostname) => !hostname.startsWith('*') && hosts.has(hostname) && byHostname.has(hostname));
}

function updateHosts(before: HostTables, input: RouteTableInput, groups: HostGroups): HostTables {
  const hosts = new Map(before);
  for (const hostname of groups.touched) {
    const own = orderHost(hostname, input, groups);
    hosts.set(hostname, compileHost({ hostname, own, wider: before.get(hostname)?.wider ?? [] }, input));
  }
  return hosts;
}

function compileAllHosts(input: RouteTableInput, groups: HostGroups): HostTables {
  const hostnames = [...groups.byHostname.keys()].sort(compareText);
  const own = new Map(hostnames.map((hostname) => [hostname, orderHost(hostname, input, groups)]));
  return new Map(
    [...own].map(([hostname, matches]) => {
      const wider = widerHostnames(hostname).flatMap((name) => own.get(name) ?? []);
      return [hostname, compileHost({ hostname, own: matches, wider }, input)];
    }),
  );
}

function orderHost(hostname: string, { previous, siblings }: RouteTableInput, { byHostname }: HostGroups): OrderedMatches {
  const tables = [...(previous === undefined ? [] : [previous]), ...siblings];
  const earlier = tables.map(({ hosts }) => hosts.get(hostname)?.own).filter((matches) => matches !== undefined);
  return orderMatches(byHostname.get(hostname) ?? [], earlier);
}

type Host = Pick<HostTable, 'hostname' | 'own' | 'wider'>;

function compileHost(host: Host, { listener, services, auth, limits, memo, previous: table }: RouteTableInput): HostTable {
  const { hostname } = host;
  const previous = table?.hosts.get(hostname);
  const matches = host.wider.length === 0 ? host.own.matches : joinMatches([host.own, ...host.wider]);
  const context = { listener, services, auth, limits, hostname };
  const compiled = matches.flatMap(({ route, index }) => memo.messagesOf(route, context)[index] ?? []);
  const messages = listener.onDemandHosts === true ? compiled.map(withUsualSilence) : compiled;
  // By this name, and by no other, Envoy takes away a virtual host that it has fetched by itself.
  const name = listener.onDemandHosts === true ? nameOfVirtualHost(listener.name, hostname) : hostname;
  const isUnchanged = previous?.message.name === name && isSameList(messages, previous.message.routes ?? []);
  return { ...host, matches, message: isUnchanged ? previous.message : { ...compileVirtualHost(hostname, messages), name } };
}

/** The host decides before all else (C1), so lists follow one another; a route that names several of the hosts stands in the first only. */
function joinMatches(lists: readonly OrderedMatches[]): readonly PlacedMatch[] {
  const seen = new Set<Route>();
  return lists.flatMap(({ routes, matches }) => {
    const fresh = matches.filter(({ route }) => !seen.has(route));
    for (const route of routes) {
      seen.add(route);
    }
    return fresh;
  });
}
