// References to secrets: Envoy fetches them over SDS, so a rotation changes neither listener nor cluster (B9) and keys stand nowhere else.
import type { TrustedCa } from '../model/types.ts';
import type { SdsSecretConfig } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/SdsSecretConfig.ts';
import { ADS } from './config-source.ts';
import { SYSTEM_CA_SECRET } from './names.ts';

export function secretReference(name: string): SdsSecretConfig {
  return { name, sds_config: ADS };
}

/** All that trust the machine's authorities share one secret (B7); `own` is the name for one written by the user. */
export function nameOfCa(ca: TrustedCa, own: string): string {
  return ca.kind === 'system' ? SYSTEM_CA_SECRET : own;
}
