// TLS between an Envoy and its control plane → the transport socket of the xDS cluster in a bootstrap. Files are named, never read: they are
// on the Envoy's machine.
import { any } from '../proto/any.ts';
import type { TransportSocket } from '../proto/generated/envoy/config/core/v3/TransportSocket.ts';
import { isIpAddress } from './host-name.ts';

export interface XdsTls {
  /** Authorities of the control plane's certificate. */
  readonly ca: string;
  /** The name that the control plane's certificate must have; also the SNI, unless it is an IP address. */
  readonly serverName: string;
  /** The Envoy's own certificate, which allows it its gateway (O8). */
  readonly client?: { readonly cert: string; readonly key: string };
}

export function compileXdsTls({ ca, serverName, client }: XdsTls): TransportSocket {
  const isAddress = isIpAddress(serverName);
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        alpn_protocols: ['h2'],
        ...(client === undefined
          ? {}
          : { tls_certificates: [{ certificate_chain: { filename: client.cert }, private_key: { filename: client.key } }] }),
        validation_context: {
          trusted_ca: { filename: ca },
          match_typed_subject_alt_names: [{ san_type: isAddress ? 'IP_ADDRESS' : 'DNS', matcher: { exact: serverName } }],
        },
      },
      ...(isAddress ? {} : { sni: serverName }),
    }),
  };
}
