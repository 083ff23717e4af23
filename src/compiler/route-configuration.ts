// All routes of one listener → its one RouteConfiguration, `routes/<listener>`, which Envoy fetches over RDS: a route's change never
// touches the listener (D11, B13).
import type { RankedMatch } from '../model/precedence.ts';
import type { Listener, Route } from '../model/types.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import type { RouteConfiguration } from '../proto/generated/envoy/config/route/v3/RouteConfiguration.ts';
import type { VirtualHost } from '../proto/generated/envoy/config/route/v3/VirtualHost.ts';
import { compareText } from './compare-text.ts';
import { MAX_DIRECT_RESPONSE_BYTES } from './direct-response.ts';
import { memoised } from './memo.ts';
import { nameOfRoutes } from './names.ts';
import { isSameList, type OrderedMatches, orderMatches } from './ordered-matches.ts';
import { compileListenerRedirect } from './redirect.ts';
import type { RouteMemo } from './route-memo.ts';
import type { ServiceFacts } from './service-facts.ts';
import { compileVirtualHost, widerHostnames } from './virtual-host.ts';

/** One listener's routes, as compiled; the next compile starts from it. */
export interface RouteTable {
  readonly message: RouteConfiguration;
  /** In the order of `message.virtual_hosts`. */
  readonly hosts: readonly HostTable[];
}

export interface HostTable {
  readonly hostname: string;
  /** Of the hostname itself, without wider ones. */
  readonly own: OrderedMatches;
  /** Of the virtual host, in the order of its routes. */
  readonly matches: readonly RankedMatch[];
  readonly message: VirtualHost;
}

export interface RouteTableInput {
  readonly listener: Listener;
  /** Those that name the listener, sorted by name. */
  readonly routes: readonly Route[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  readonly memo: RouteMemo;
  readonly previous: RouteTable | undefined;
}

/** The result is a function of listener, routes and services; `previous` only saves work and keeps unchanged messages the same objects. */
export function compileRouteTable(input: RouteTableInput): RouteTable {
  const { listener, previous } = input;
  const hosts = listener.redirect === undefined ? compileHosts(input) : [];
  const virtualHosts = listener.redirect === undefined ? hosts.map((host) => host.message) : [redirectHost(listener.redirect)];
  if (previous !== undefined && isSameList(virtualHosts, previous.message.virtual_hosts ?? [])) {
    return { message: previous.message, hosts };
  }
  return { message: compileRouteConfiguration(listener.name, virtualHosts), hosts };
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

function compileRouteConfiguration(listener: string, virtualHosts: readonly VirtualHost[]): RouteConfiguration {
  return {
    name: nameOfRoutes(listener),
    virtual_hosts: [...virtualHosts],
    // `shop.example.com:10443` is the host shop.example.com; the Host that backends see keeps its port.
    ignore_port_in_host_matching: true,
    max_direct_response_body_size_bytes: { value: MAX_DIRECT_RESPONSE_BYTES },
  };
}

function compileHosts(input: RouteTableInput): readonly HostTable[] {
  const before = new Map(input.previous?.hosts.map((host) => [host.hostname, host]));
  const own = new Map(
    [...groupByHostname(input.routes)].map(([hostname, routes]) => [hostname, orderMatches(routes, before.get(hostname)?.own)]),
  );
  return [...own.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([hostname, ordered]) => {
      const wider = widerHostnames(hostname).flatMap((name) => own.get(name) ?? []);
      return compileHost({ hostname, own: ordered, wider, previous: before.get(hostname) }, input);
    });
}

interface Host {
  readonly hostname: string;
  readonly own: OrderedMatches;
  readonly wider: readonly OrderedMatches[];
  readonly previous: HostTable | undefined;
}

function compileHost({ hostname, own, wider, previous }: Host, { listener, services, memo }: RouteTableInput): HostTable {
  const matches = wider.length === 0 ? own.matches : joinMatches([own, ...wider]);
  const context = { listener, services, hostname };
  const messages = matches.flatMap(({ route, match }) => memo.messagesOf(route, context)[route.matches.indexOf(match)] ?? []);
  const isUnchanged = previous !== undefined && isSameList(messages, previous.message.routes ?? []);
  return { hostname, own, matches, message: isUnchanged ? previous.message : compileVirtualHost(hostname, messages) };
}

/** The host decides before all else (C1), so lists follow one another; a route that names several of the hosts stands in the first only. */
function joinMatches(lists: readonly OrderedMatches[]): readonly RankedMatch[] {
  const seen = new Set<Route>();
  const joined: RankedMatch[] = [];
  for (const { routes, matches } of lists) {
    joined.push(...matches.filter(({ route }) => !seen.has(route)));
    for (const route of routes) {
      seen.add(route);
    }
  }
  return joined;
}

function groupByHostname(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    for (const hostname of route.hostnames) {
      const group = groups.get(hostname);
      if (group === undefined) {
        groups.set(hostname, [route]);
      } else {
        group.push(route);
      }
    }
  }
  return groups;
}
