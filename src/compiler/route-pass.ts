// The pass over routes: one route configuration for each listener.
import type { Listener, Model, Route, Service } from '../model/types.ts';
import { nameOfRoutes } from './names.ts';
import { compileRouteTable, type RouteTable } from './route-configuration.ts';
import { createRouteMemo } from './route-memo.ts';
import { factsOf, type ServiceFacts } from './service-facts.ts';
import { type LocatedResource, locateInRoutes } from './source-map.ts';

export type RoutePass = (model: Model, services: readonly Service[]) => readonly LocatedResource[];

export function createRoutePass(): RoutePass {
  const memo = createRouteMemo();
  let tables: ReadonlyMap<string, RouteTable> = new Map();
  return (model, services) => {
    const facts: ReadonlyMap<string, ServiceFacts> = new Map(services.map((service) => [service.name, factsOf(service)]));
    const routes = groupByListener(model.routes);
    const compiled = model.listeners.map((listener) => {
      const input = { listener, routes: routes.get(listener.name) ?? [], services: facts, memo, previous: tables.get(listener.name) };
      return { listener, table: compileRouteTable(input) };
    });
    tables = new Map(compiled.map(({ listener, table }) => [listener.name, table]));
    return compiled.map(({ listener, table }) => locateTable(listener, table));
  };
}

function locateTable({ name, path }: Listener, { message, hosts }: RouteTable): LocatedResource {
  return { resource: { kind: 'RouteConfiguration', name: nameOfRoutes(name), message, path }, locate: locateInRoutes(hosts) };
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
