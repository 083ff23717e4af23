// Where Envoy reaches companions → one Cluster each and its endpoints. Where the configuration names none, the control plane fills the empty
// assignment with the companions it knows, while the gateway runs.
import type { CompanionEndpoint, CompanionSettings, CompanionTls } from '../model/auth/types.ts';
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import type { Address } from '../proto/generated/envoy/config/core/v3/Address.ts';
import type { TransportSocket } from '../proto/generated/envoy/config/core/v3/TransportSocket.ts';
import type { ClusterLoadAssignment } from '../proto/generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { CommonTlsContext } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.ts';
import type { Secret } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts';
import { ADS } from './config-source.ts';
import { withoutFinalDot } from './host-name.ts';
import { nameOfCa, secretReference } from './sds.ts';
import { compileTrustedCa } from './secret.ts';

const CONNECT_TIMEOUT_MS = 1000;
const CHECK_INTERVAL_MS = 5000;
const CHECK_TIMEOUT_MS = 1000;
/** A dead worker is noticed by its calls, long before its checks. */
const FAILURES_TO_EJECT = 5;
const EJECTION_INTERVAL_MS = 1000;
const EJECTION_TIME_MS = 5000;
/** A companion that fails as a whole is asked all the same: an answer may come, and none is no worse. */
const MOST_EJECTED_PERCENT = 50;
const MAX_REQUESTS = 100_000;
const AUTHORITY = 'chancery';

/** `name`: of the cluster, such as `companion/authz`. */
export function compileCompanionCluster(name: string, { endpoints, tls }: CompanionSettings): Cluster {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    name,
    ...(isNamed(endpoints) ? compileNames(name, endpoints ?? []) : { type: 'EDS', eds_cluster_config: { eds_config: ADS } }),
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    typed_extension_protocol_options: { [options]: any(options, { explicit_http_config: { http2_protocol_options: {} } }) },
    // A check that is sent twice costs twice, and the caller has waited already.
    circuit_breakers: {
      thresholds: [{ max_retries: { value: 0 }, max_requests: { value: MAX_REQUESTS }, max_pending_requests: { value: MAX_REQUESTS } }],
    },
    health_checks: [
      {
        timeout: duration(CHECK_TIMEOUT_MS),
        interval: duration(CHECK_INTERVAL_MS),
        no_traffic_interval: duration(CHECK_INTERVAL_MS),
        unhealthy_threshold: { value: 2 },
        healthy_threshold: { value: 1 },
        grpc_health_check: { authority: AUTHORITY },
      },
    ],
    outlier_detection: {
      consecutive_5xx: { value: FAILURES_TO_EJECT },
      enforcing_success_rate: { value: 0 },
      interval: duration(EJECTION_INTERVAL_MS),
      base_ejection_time: duration(EJECTION_TIME_MS),
      max_ejection_percent: { value: MOST_EJECTED_PERCENT },
    },
    ...(tls === undefined ? {} : { transport_socket: compileTls(name, tls) }),
    ignore_health_on_host_removal: true,
  };
}

/** Undefined where Envoy resolves names itself. Without endpoints in the configuration: empty, for the control plane to fill. */
export function compileCompanionAssignment(name: string, { endpoints = [] }: CompanionSettings): ClusterLoadAssignment | undefined {
  return isNamed(endpoints) ? undefined : assignment(name, endpoints);
}

/** What the TLS towards companions refers to. */
export function compileCompanionSecrets(name: string, { tls }: CompanionSettings, systemCaFile: string): readonly Secret[] {
  if (tls === undefined) return [];
  const ca = compileTrustedCa(nameOfCa(tls.ca, nameOfCompanionCa(name)), tls.ca, systemCaFile);
  const { certificate } = tls;
  if (certificate === undefined) return [ca];
  const shown: Secret = {
    name: nameOfCompanionCertificate(name),
    tls_certificate: {
      certificate_chain: { inline_string: certificate.chain },
      private_key: { inline_string: certificate.key.reveal() },
    },
  };
  return [ca, shown];
}

function nameOfCompanionCa(name: string): string {
  return `ca/${name}`;
}

function nameOfCompanionCertificate(name: string): string {
  return `certificate/${name}`;
}

function isNamed(endpoints: readonly CompanionEndpoint[] | undefined): boolean {
  return endpoints?.some(({ kind }) => kind === 'dns') ?? false;
}

function compileNames(name: string, endpoints: readonly CompanionEndpoint[]): Cluster {
  const dns = any('envoy.extensions.clusters.dns.v3.DnsCluster', { dns_lookup_family: 'V4_PREFERRED', respect_dns_ttl: true });
  return { cluster_type: { name: 'envoy.clusters.dns', typed_config: dns }, load_assignment: assignment(name, endpoints) };
}

function assignment(name: string, endpoints: readonly CompanionEndpoint[]): ClusterLoadAssignment {
  if (endpoints.length === 0) return { cluster_name: name };
  return {
    cluster_name: name,
    endpoints: [{ lb_endpoints: endpoints.map((endpoint) => ({ endpoint: { address: compileAddress(endpoint) } })) }],
  };
}

function compileAddress(endpoint: CompanionEndpoint): Address {
  switch (endpoint.kind) {
    case 'ip':
      return { socket_address: { address: endpoint.ip, port_value: endpoint.port } };
    case 'dns':
      return { socket_address: { address: withoutFinalDot(endpoint.host), port_value: endpoint.port } };
    case 'unix':
      return { pipe: { path: endpoint.path } };
    default:
      return endpoint satisfies never;
  }
}

function compileTls(name: string, { ca, certificate, sni }: CompanionTls): TransportSocket {
  const context: CommonTlsContext = {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
    alpn_protocols: ['h2'],
    combined_validation_context: {
      default_validation_context:
        sni === undefined ? {} : { match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: withoutFinalDot(sni) } }] },
      validation_context_sds_secret_config: secretReference(nameOfCa(ca, nameOfCompanionCa(name))),
    },
    ...(certificate === undefined ? {} : { tls_certificate_sds_secret_configs: [secretReference(nameOfCompanionCertificate(name))] }),
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      common_tls_context: context,
      ...(sni === undefined ? {} : { sni: withoutFinalDot(sni) }),
    }),
  };
}
