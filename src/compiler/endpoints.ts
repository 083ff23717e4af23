// A service's endpoints → Envoy's ClusterLoadAssignment, sorted so that the user's order means nothing (C15).
import type { EndpointOwner } from '../model/discovered-service.ts';
import type { Endpoint, Service } from '../model/types.ts';
import type { Address } from '../proto/generated/envoy/config/core/v3/Address.ts';
import type { Metadata } from '../proto/generated/envoy/config/core/v3/Metadata.ts';
import type { ClusterLoadAssignment } from '../proto/generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { LbEndpoint } from '../proto/generated/envoy/config/endpoint/v3/LbEndpoint.ts';
import type { LocalityLbEndpoints } from '../proto/generated/envoy/config/endpoint/v3/LocalityLbEndpoints.ts';
import { compareText } from './compare-text.ts';
import { writtenCheckHost } from './health-check.ts';
import { authorityOf, withoutFinalDot } from './host-name.ts';
import { nameOfService } from './names.ts';

/** With `resolve: proxy` a service that has a name among its endpoints is resolved by Envoy, its addresses included (B24); all others come over EDS. */
export function isResolvedByEnvoy({ discovery, endpoints }: Service): boolean {
  return discovery === undefined && endpoints.some(isName);
}

/** The endpoints of the configuration that need no discovery: of a discovered service those that are addresses. */
export function knownEndpoints({ discovery, endpoints }: Service): readonly Endpoint[] {
  return discovery === undefined ? endpoints : endpoints.filter((endpoint) => !isName(endpoint));
}

function isName({ address }: Endpoint): boolean {
  return address.kind === 'dns';
}

/** An endpoint that may be on its way out (D12). */
export type AssignedEndpoint = Endpoint & { readonly isDraining?: boolean };

/** Without endpoints: an empty assignment, on which Envoy goes on and answers 503, instead of waiting (X53, B20). */
export function compileEndpoints(owner: EndpointOwner, endpoints: readonly AssignedEndpoint[]): ClusterLoadAssignment {
  return {
    cluster_name: nameOfService(owner.name),
    endpoints: groupEndpoints(endpoints).map((group) => compileLocality(owner, group)),
  };
}

/** The endpoints in the order of the message: by priority, zone and address; each group is one locality. */
export function groupEndpoints<Each extends Endpoint>(endpoints: readonly Each[]): readonly (readonly Each[])[] {
  const sorted = endpoints.toSorted(
    (a, b) => a.priority - b.priority || compareText(a.zone ?? '', b.zone ?? '') || compareText(addressText(a), addressText(b)),
  );
  const groups: Each[][] = [];
  for (const endpoint of sorted) {
    const group = groups.at(-1);
    if (group?.[0]?.priority === endpoint.priority && group[0].zone === endpoint.zone) {
      group.push(endpoint);
    } else {
      groups.push([endpoint]);
    }
  }
  return groups;
}

function compileLocality(owner: EndpointOwner, endpoints: readonly AssignedEndpoint[]): LocalityLbEndpoints {
  const { priority = 0, zone } = endpoints[0] ?? {};
  return {
    ...(zone === undefined ? {} : { locality: { zone } }),
    ...(priority === 0 ? {} : { priority }),
    lb_endpoints: endpoints.map((endpoint) => compileEndpoint(owner, endpoint)),
  };
}

function compileEndpoint(owner: EndpointOwner, endpoint: AssignedEndpoint): LbEndpoint {
  const hostname = hostnameOf(owner, endpoint);
  const check = owner.healthCheck?.check;
  const needsCheckHost = check !== undefined && check.kind !== 'tcp' && writtenCheckHost(check) === undefined;
  return {
    endpoint: {
      address: compileAddress(endpoint),
      ...(hostname === undefined ? {} : { hostname }),
      ...(needsCheckHost ? { health_check_config: { hostname: hostname ?? addressAuthority(endpoint) } } : {}),
    },
    ...(endpoint.isDraining === true ? { health_status: 'DRAINING' } : {}),
    ...(endpoint.weight === 1 ? {} : { load_balancing_weight: { value: endpoint.weight } }),
    ...compileMetadata(endpoint.metadata),
  };
}

/** What `rewrite: {host: {fromService: true}}` sends: the endpoint's own name, for an address the name that TLS asks for. */
function hostnameOf(owner: EndpointOwner, { address, hostname }: Endpoint): string | undefined {
  const name = address.kind === 'dns' ? address.host : (hostname ?? owner.tls?.sni);
  return name === undefined ? undefined : withoutFinalDot(name);
}

function addressAuthority({ address }: Endpoint): string {
  switch (address.kind) {
    case 'ip':
      return authorityOf(address.ip, address.port);
    case 'dns':
      return withoutFinalDot(address.host);
    case 'unix':
      return 'localhost';
  }
}

function compileAddress({ address }: Endpoint): Address {
  switch (address.kind) {
    case 'ip':
      return { socket_address: { address: address.ip, port_value: address.port } };
    case 'dns':
      return { socket_address: { address: address.host, port_value: address.port } };
    case 'unix':
      return { pipe: { path: address.path } };
  }
}

/** Under the name that load balancing by subsets reads. */
function compileMetadata(metadata: Endpoint['metadata']): { metadata?: Metadata } {
  const names = Object.keys(metadata).sort(compareText);
  if (names.length === 0) {
    return {};
  }
  const fields = Object.fromEntries(names.map((name) => [name, { string_value: metadata[name] ?? '' }]));
  return { metadata: { filter_metadata: { 'envoy.lb': { fields } } } };
}

function addressText({ address }: Endpoint): string {
  return address.kind === 'unix' ? address.path : authorityOf(address.kind === 'ip' ? address.ip : address.host, address.port);
}
