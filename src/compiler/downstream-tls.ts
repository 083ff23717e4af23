// TLS towards clients → Envoy's transport socket of a filter chain. One chain serves all certificates: Envoy picks by SNI, and takes the
// first where none fits; a client may reuse its connection for any of the names (B10).
import type { ListenerTls } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { TransportSocket } from '../proto/generated/envoy/config/core/v3/TransportSocket.ts';
import { nameOfCertificate, nameOfListenerCa } from './names.ts';
import { nameOfCa, secretReference } from './sds.ts';
import { compileTlsParameters } from './tls-parameters.ts';

export function compileDownstreamTls(listener: string, tls: ListenerTls): TransportSocket {
  const { clientAuth } = tls;
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      common_tls_context: {
        tls_params: compileTlsParameters(tls),
        tls_certificate_sds_secret_configs: tls.certificates.map((certificate) => secretReference(nameOfCertificate(certificate.name))),
        alpn_protocols: [...tls.alpn],
        ...(clientAuth === undefined
          ? {}
          : { validation_context_sds_secret_config: secretReference(nameOfCa(clientAuth.ca, nameOfListenerCa(listener))) }),
      },
      // Said in either case: Envoy warns of relying on its default.
      ...(clientAuth === undefined ? {} : { require_client_certificate: { value: clientAuth.mode === 'require' } }),
    }),
  };
}
