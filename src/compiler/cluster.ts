// A service → its one Envoy Cluster, shared by all routes that name it (C16, B27).
import type { EndpointOwner } from '../model/discovered-service.ts';
import type { Endpoint, Service } from '../model/types.ts';
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import { compileCircuitBreakers } from './circuit-breakers.ts';
import { ADS } from './config-source.ts';
import { compileEndpoints, isResolvedByEnvoy } from './endpoints.ts';
import { compileHealthCheck } from './health-check.ts';
import { compileHttpProtocolOptions } from './http-protocol-options.ts';
import { CONNECTION_BUFFER_BYTES } from './listener.ts';
import { compileLoadBalancer } from './load-balancer.ts';
import { nameOfService } from './names.ts';
import { compileOutlierDetection } from './outlier-detection.ts';
import { compileUpstreamTls } from './upstream-tls.ts';

export function compileCluster(service: Service): Cluster {
  const { outlierDetection, healthCheck, tls } = service;
  return {
    name: nameOfService(service.name),
    ...(isResolvedByEnvoy(service) ? compileDnsDiscovery(service) : { type: 'EDS', eds_cluster_config: { eds_config: ADS } }),
    connect_timeout: duration(service.connectTimeoutMs),
    per_connection_buffer_limit_bytes: { value: CONNECTION_BUFFER_BYTES },
    load_balancing_policy: compileLoadBalancer(service.loadBalancer),
    circuit_breakers: compileCircuitBreakers(service.circuitBreaker),
    typed_extension_protocol_options: compileHttpProtocolOptions(service),
    ...(outlierDetection === undefined ? {} : { outlier_detection: compileOutlierDetection(outlierDetection) }),
    ...(healthCheck === undefined ? {} : { health_checks: [compileHealthCheck(service, healthCheck)] }),
    ...(tls === undefined ? {} : { transport_socket: compileUpstreamTls(service, tls) }),
    // An endpoint that discovery dropped is gone, even while its checks still pass (B30).
    ignore_health_on_host_removal: true,
  };
}

const DNS_FAILURE_BASE_MS = 1000;
const DNS_FAILURE_MAX_MS = 10_000;

/** IPv4 first: a name that has both kinds of address is reached on machines without IPv6 too, as containers often are. */
export function compileDnsDiscovery(owner: EndpointOwner & { readonly endpoints: readonly Endpoint[] }): Cluster {
  return {
    cluster_type: {
      name: 'envoy.clusters.dns',
      typed_config: any('envoy.extensions.clusters.dns.v3.DnsCluster', {
        dns_lookup_family: 'V4_PREFERRED',
        respect_dns_ttl: true,
        dns_failure_refresh_rate: {
          base_interval: duration(DNS_FAILURE_BASE_MS),
          max_interval: duration(DNS_FAILURE_MAX_MS),
        },
      }),
    },
    load_assignment: compileEndpoints(owner, owner.endpoints),
  };
}
