// Endpoints and discovered services for tests, written as short as in a configuration. Asserts nothing.
import type { EndpointSet } from '../../../src/discovery/endpoint-set.ts';
import { endpointSet } from '../../../src/discovery/endpoint-set.ts';
import type { DiscoveredService } from '../../../src/model/discovered-service.ts';
import type { DiscoverySource } from '../../../src/model/discovery-source.ts';
import type { Endpoint } from '../../../src/model/types.ts';

/** `10.0.0.1:80` or `name:80`. */
export function anEndpointAt(address: string, more: Partial<Endpoint> = {}): Endpoint {
  const [host = '', port] = address.split(':');
  const isIp = /^[0-9.]+$/.test(host);
  return {
    path: [],
    address: isIp ? { kind: 'ip', ip: host, port: Number(port) } : { kind: 'dns', host, port: Number(port) },
    weight: 1,
    priority: 0,
    metadata: {},
    ...more,
  };
}

/** Of addresses `10.0.0.N:80`. */
export function setOf(...hosts: readonly number[]): EndpointSet {
  return endpointSet(hosts.map((host) => anEndpointAt(`10.0.0.${host}:80`)));
}

/** The `N` of `setOf`, sorted. */
export function hostsOf(keys: Iterable<string>): readonly number[] {
  return [...keys].map((key) => Number(/\.(\d+):80$/.exec(key)?.[1])).sort((a, b) => a - b);
}

export function aDiscovered(name: string, source: DiscoverySource, addresses: readonly string[] = []): DiscoveredService {
  const endpoints = addresses.map((address) => anEndpointAt(address));
  return { owner: { name }, source, endpoints, drainForMs: 5_000, keepLastForMs: 300_000 };
}
