// From a place in a resource back to the place in the configuration, for what Envoy or a constraint refuses (O5). Answers are worked out
// when asked for; nothing here reaches a resource's bytes (C15).
import type { ConfigPath } from '../lib/issue.ts';
import type { RankedMatch } from '../model/precedence.ts';
import type { AccessLog, Endpoint, Listener, Service } from '../model/types.ts';
import { groupEndpoints, knownEndpoints } from './endpoints.ts';
import type { HostTable } from './route-configuration.ts';
import type { CompiledResource, Locate, ResourceKind, SourceMap } from './types.ts';

/** A resource, and how to find the origin of its parts. */
export interface LocatedResource {
  readonly resource: CompiledResource;
  readonly locate?: Locate;
}

export function createSourceMap(located: readonly LocatedResource[]): SourceMap {
  const keyOf = (kind: ResourceKind, name: string): string => `${kind} ${name}`;
  let index: ReadonlyMap<string, LocatedResource> | undefined;
  return {
    find(kind, name, messagePath = []) {
      index ??= new Map(located.map((entry) => [keyOf(entry.resource.kind, entry.resource.name), entry]));
      const entry = index.get(keyOf(kind, name));
      return entry?.locate?.(messagePath) ?? entry?.resource.path;
    },
  };
}

/** `virtual_hosts[i].routes[j]…` → the item of `matches`, or the route for what is not its match. */
export function locateInRoutes(hosts: ReadonlyMap<string, HostTable>): Locate {
  return ([field, hostIndex, list, routeIndex, part]) => {
    const host = field === 'virtual_hosts' ? [...hosts.values()][Number(hostIndex)] : undefined;
    if (host === undefined) {
      return undefined;
    }
    return list === 'routes' ? originOf(host.matches[Number(routeIndex)], part) : host.own.routes[0]?.path;
  };
}

function originOf(ranked: RankedMatch | undefined, part: string | number | undefined): ConfigPath | undefined {
  return part === 'match' ? ranked?.match.path : ranked?.route.path;
}

export function locateInListener(listener: Listener, accessLog: AccessLog | undefined): Locate {
  return (messagePath) => {
    if (messagePath.includes('access_log')) {
      return accessLog?.path;
    }
    const certificates = messagePath.indexOf('tls_certificate_sds_secret_configs');
    return certificates === -1 ? undefined : listener.tls?.certificates[Number(messagePath[certificates + 1])]?.path;
  };
}

export function locateInCluster(service: Service): Locate {
  const locateEndpoint = locateIn(service.endpoints);
  return ([field, ...rest]) => {
    if (field === 'load_assignment') {
      return locateEndpoint(rest);
    }
    return field === 'health_checks' ? service.healthCheck?.path : field === 'transport_socket' ? service.tls?.path : undefined;
  };
}

/** `endpoints[i].lb_endpoints[j]…` → the item of the service's `endpoints`. */
export function locateInEndpoints(service: Service): Locate {
  return locateIn(knownEndpoints(service));
}

function locateIn(endpoints: readonly Endpoint[]): Locate {
  return ([field, group, list, index]) =>
    field === 'endpoints' && list === 'lb_endpoints' ? groupEndpoints(endpoints)[Number(group)]?.[Number(index)]?.path : undefined;
}
