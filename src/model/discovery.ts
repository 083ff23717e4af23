// How the endpoints of a service are found: `discovery:` with its defaults, or host names in a list, which the control plane resolves.
import { createHash } from 'node:crypto';
import type { DiscoveryConfig } from '../config/schema/discovery.ts';
import type { EndpointConfig } from '../config/schema/endpoint.ts';
import * as defaults from './defaults.ts';
import type { Discovery, DiscoverySource } from './discovery-source.ts';
import type { EffectiveService, ServiceSettings } from './like.ts';
import type { Endpoint } from './types.ts';

/** The list that the configuration has of a service's endpoints: written as such, or the one name that `discovery.dns` resolves. */
export function listedEndpoints({ endpoints, discovery }: ServiceSettings): readonly EndpointConfig[] {
  const { dns } = discovery ?? {};
  return dns?.port === undefined ? (endpoints ?? []) : [{ kind: 'dns', host: dns.name, port: dns.port }];
}

/** Nothing where all endpoints are known, or left to the proxy. */
export function resolveDiscovery({ settings, at }: EffectiveService, endpoints: readonly Endpoint[]): { readonly discovery?: Discovery } {
  const { drainForMs, keepLastForMs } = defaults.DISCOVERY;
  const config = settings.discovery;
  if (config !== undefined) {
    const [own, kept] = [config.drainFor ?? drainForMs, config.keepLastFor ?? keepLastForMs];
    return { discovery: { path: at('discovery'), source: sourceOf(config), drainForMs: own, keepLastForMs: kept } };
  }
  if (settings.resolve === 'proxy' || endpoints.every(({ address }) => address.kind !== 'dns')) return {};
  const source = { kind: 'dns', ipFamily: defaults.IP_FAMILY } as const;
  return { discovery: { path: at('endpoints'), source, drainForMs, keepLastForMs } };
}

/** The host name of each endpoint, undefined where it has none: what TLS may expect. */
export function hostsOf(endpoints: readonly Endpoint[], discovery: Discovery | undefined): readonly (string | undefined)[] {
  const hosts = endpoints.map(({ address }) => (address.kind === 'dns' ? address.host : undefined));
  return discovery === undefined || discovery.source.kind === 'dns' ? hosts : [undefined];
}

function sourceOf({ dns, file, http, push }: DiscoveryConfig): DiscoverySource {
  if (dns !== undefined) {
    const { name, port, ipFamily = defaults.IP_FAMILY } = dns;
    return port === undefined ? { kind: 'srv', name: name.toLowerCase(), ipFamily } : { kind: 'dns', ipFamily };
  }
  if (file !== undefined) return { kind: 'file', file };
  if (http !== undefined) {
    const { intervalMs, timeoutMs } = defaults.DISCOVERY;
    const { url, interval = intervalMs, timeout = timeoutMs, headers = {} } = http;
    return { kind: 'http', url, intervalMs: interval, timeoutMs: timeout, headers };
  }
  const { ttl, token } = push ?? {};
  return {
    kind: 'push',
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(token === undefined ? {} : { tokenHash: createHash('sha256').update(token).digest('hex') }),
  };
}
