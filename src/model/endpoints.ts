// Endpoints of a service: short and long form to one, defaults, and what cannot stand together.
import ipaddr from 'ipaddr.js';
import type { EndpointAddressConfig } from '../config/schema/address.ts';
import type { EndpointConfig } from '../config/schema/endpoint.ts';
import { addressText } from '../lib/address-text.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import type { Endpoint, EndpointAddress } from './types.ts';

/** Envoy adds the weights of a locality up in 32 bits. */
const MAX_WEIGHT_SUM = 4_294_967_295;

export interface EndpointsPlace {
  readonly path: ConfigPath;
  /** Envoy resolves the host names. */
  readonly byProxy: boolean;
}

export function resolveEndpoints(
  configs: readonly EndpointConfig[],
  { path, byProxy }: EndpointsPlace,
  report: Report,
): readonly Endpoint[] {
  const endpoints = configs.map((config, index) => resolveEndpoint(config, [...path, index]));
  if (byProxy) reportMixture(endpoints, path, report);
  reportTwins(endpoints, report);
  reportWeights(endpoints, path, report);
  return endpoints;
}

function resolveEndpoint(config: EndpointConfig, path: ConfigPath): Endpoint {
  const detailed = 'address' in config ? config : { address: config };
  return {
    path,
    address: resolveAddress(detailed.address),
    weight: detailed.weight ?? defaults.WEIGHT,
    priority: detailed.priority ?? defaults.ENDPOINT_PRIORITY,
    ...(detailed.zone === undefined ? {} : { zone: detailed.zone }),
    metadata: detailed.metadata ?? {},
  };
}

/** One spelling for each address: names in lower case, IPv6 in its short form (B23). */
function resolveAddress(address: EndpointAddressConfig): EndpointAddress {
  switch (address.kind) {
    case 'ip':
      return { ...address, ip: ipaddr.isValid(address.ip) ? ipaddr.parse(address.ip).toString() : address.ip };
    case 'dns':
      return { ...address, host: address.host.toLowerCase() };
    case 'unix':
      return address;
  }
}

/** Host names that Envoy resolves need a cluster of a kind that takes no sockets (B24). */
function reportMixture(endpoints: readonly Endpoint[], path: ConfigPath, report: Report): void {
  const socket = endpoints.find((endpoint) => endpoint.address.kind === 'unix');
  const host = endpoints.find((endpoint) => endpoint.address.kind === 'dns');
  if (socket === undefined || host === undefined) {
    return;
  }
  report(
    errorAt(path, 'CH2601', {
      message: 'a service whose host names the proxy resolves cannot have unix sockets too',
      help: 'leave resolve: proxy out, make two services of it, or write IP addresses for the hosts',
      related: [
        { message: 'a unix socket', path: socket.path },
        { message: 'a host name', path: host.path },
      ],
    }),
  );
}

function reportTwins(endpoints: readonly Endpoint[], report: Report): void {
  const first = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const text = addressText(endpoint.address);
    const twin = first.get(text);
    if (twin === undefined) {
      first.set(text, endpoint);
      continue;
    }
    report(
      warningAt(endpoint.path, 'CH2602', {
        message: `the endpoint ${text} stands twice in this service`,
        help: 'Envoy uses it once; for a greater share write {address: …, weight: 2}',
        related: [{ message: 'it is here already', path: twin.path }],
      }),
    );
  }
}

/** Envoy's consistent-hash balancers count over all zones of a priority, and so do we for all. */
function reportWeights(endpoints: readonly Endpoint[], path: ConfigPath, report: Report): void {
  const sums = new Map<number, number>();
  for (const { priority, weight } of endpoints) {
    sums.set(priority, (sums.get(priority) ?? 0) + weight);
  }
  const largest = [...sums.values()].reduce((a, b) => Math.max(a, b), 0);
  if (largest > MAX_WEIGHT_SUM) {
    const message = `the weights of these endpoints add up to ${largest}; Envoy counts to ${MAX_WEIGHT_SUM}`;
    report(errorAt(path, 'CH2603', { message, help: 'divide all weights by the same number' }));
  }
}
