// TLS versions → Envoy's TlsParameters. Both ends are always written: Envoy's own upstream maximum is TLS 1.2 (B6).
import type { TlsVersion } from '../model/types.ts';
import type { TlsParameters } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/TlsParameters.ts';

const VERSIONS = { '1.2': 'TLSv1_2', '1.3': 'TLSv1_3' } as const satisfies Record<TlsVersion, string>;

export function compileTlsParameters({
  minVersion,
  maxVersion,
}: {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}): TlsParameters {
  return { tls_minimum_protocol_version: VERSIONS[minVersion], tls_maximum_protocol_version: VERSIONS[maxVersion] };
}
