// The pass over routes: one route configuration for each listener, and its virtual hosts where these travel by themselves.
import type { Model, Route, Service } from '../model/types.ts';
import type { LimitFacts } from './limits/route-limits.ts';
import { nameOfRoutes, nameOfVirtualHost } from './names.ts';
import { createResourceMetadata } from './resource-metadata.ts';
import type { AuthFacts } from './route-auth.ts';
import { compileRouteTable, type RouteTable } from './route-configuration.ts';
import { createRouteMemo } from './route-memo.ts';
import { factsOf, type ServiceFacts } from './service-facts.ts';
import { type LocatedResource, locateInRoutes } from './source-map.ts';

export interface RouteResources {
  readonly configurations: readonly LocatedResource[];
  readonly virtualHosts: readonly LocatedResource[];
}

/** What of the gateway routes depend on. */
export interface GatewayFacts {
  readonly auth: AuthFacts | undefined;
  readonly limits: LimitFacts | undefined;
}

export type RoutePass = (model: Model, services: readonly Service[], facts: GatewayFacts) => RouteResources;

export function createRoutePass(): RoutePass {
  const memo = createRouteMemo();
  const withMetadata = createResourceMetadata();
  let tables: ReadonlyMap<string, RouteTable> = new Map();
  let facts: ReadonlyMap<string, ServiceFacts> = new Map();
  return (model, services, { auth, limits }) => {
    facts = collectFacts(services, facts);
    const routes = groupByListener(withMetadata(model));
    const compiled = new Map<string, RouteTable>();
    for (const listener of model.listeners) {
      const { name } = listener;
      const siblings = [...compiled.values()];
      const input = { listener, routes: routes.get(name) ?? [], services: facts, auth, limits, memo, previous: tables.get(name), siblings };
      compiled.set(name, compileRouteTable(input));
    }
    tables = compiled;
    const all = [...compiled.values()];
    return { configurations: all.map(locateTable), virtualHosts: all.flatMap(locateVirtualHosts) };
  };
}

/** Gives the same map again when it says the same: what else of services changed does not concern routes. */
function collectFacts(services: readonly Service[], previous: ReadonlyMap<string, ServiceFacts>): ReadonlyMap<string, ServiceFacts> {
  const isSame = services.length === previous.size && services.every((service) => previous.get(service.name)?.key === factsOf(service).key);
  return isSame ? previous : new Map(services.map((service) => [service.name, factsOf(service)]));
}

function locateTable({ input, message, hosts }: RouteTable): LocatedResource {
  const { name, path } = input.listener;
  return { resource: { kind: 'RouteConfiguration', name: nameOfRoutes(name), message, path }, locate: locateInRoutes(hosts) };
}

/** Any host is no host that could be asked for: the routes for it stand in all the others. */
function locateVirtualHosts({ input, hosts }: RouteTable): readonly LocatedResource[] {
  const { name, onDemandHosts } = input.listener;
  if (onDemandHosts !== true) {
    return [];
  }
  const locate = locateInRoutes(hosts);
  return [...hosts.values()].flatMap(({ hostname, message, own }, index): readonly LocatedResource[] => {
    const path = own.matches[0]?.route.path;
    return hostname === '*' || path === undefined
      ? []
      : [
          {
            resource: { kind: 'VirtualHost', name: nameOfVirtualHost(name, hostname), message, path },
            locate: (messagePath) => locate(['virtual_hosts', index, ...messagePath]),
          },
        ];
  });
}

function groupByListener(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    for (const listener of route.listeners) {
      const group = groups.get(listener);
      if (group === undefined) {
        groups.set(listener, [route]);
      } else {
        group.push(route);
      }
    }
  }
  return groups;
}
