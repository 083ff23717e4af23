// TLS towards a service → Envoy's transport socket of a cluster. The server's chain is always verified, its name wherever one is known.
import type { Protocol, Service, UpstreamTls } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { TransportSocket } from '../proto/generated/envoy/config/core/v3/TransportSocket.ts';
import type { CommonTlsContext } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.ts';
import type { SubjectAltNameMatcher } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/SubjectAltNameMatcher.ts';
import { isIpAddress, withoutFinalDot } from './host-name.ts';
import { nameOfCertificate, nameOfServiceCa } from './names.ts';
import { nameOfCa, secretReference } from './sds.ts';
import { compileTlsParameters } from './tls-parameters.ts';

/** Servers of gRPC insist on ALPN. For `auto` Envoy offers both by itself. */
const ALPN = { http1: ['http/1.1'], h2: ['h2'], grpc: ['h2'], auto: undefined } as const satisfies Record<
  Protocol,
  readonly string[] | undefined
>;

export function compileUpstreamTls(service: Service, tls: UpstreamTls): TransportSocket {
  const alpn = ALPN[service.protocol];
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      common_tls_context: {
        tls_params: compileTlsParameters(tls),
        ...compileValidation(service.name, tls),
        ...(tls.clientCertificate === undefined
          ? {}
          : { tls_certificate_sds_secret_configs: [secretReference(nameOfCertificate(tls.clientCertificate))] }),
        ...(alpn === undefined ? {} : { alpn_protocols: [...alpn] }),
      },
      ...(tls.sni === undefined ? {} : { sni: withoutFinalDot(tls.sni) }),
    }),
  };
}

/** The authorities come by SDS, the names stand here: so services with different names can share the system's authorities (B7). */
function compileValidation(service: string, tls: UpstreamTls): CommonTlsContext {
  const ca = secretReference(nameOfCa(tls.ca, nameOfServiceCa(service)));
  if (tls.subjectAltNames.length === 0) {
    return { validation_context_sds_secret_config: ca };
  }
  return {
    combined_validation_context: {
      default_validation_context: { match_typed_subject_alt_names: tls.subjectAltNames.map(compileSubjectAltName) },
      validation_context_sds_secret_config: ca,
    },
  };
}

function compileSubjectAltName(name: string): SubjectAltNameMatcher {
  if (name.includes('://')) {
    return { san_type: 'URI', matcher: { exact: name } };
  }
  return isIpAddress(name)
    ? { san_type: 'IP_ADDRESS', matcher: { exact: name } }
    : { san_type: 'DNS', matcher: { exact: withoutFinalDot(name) } };
}
