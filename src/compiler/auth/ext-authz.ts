// The filter that asks a companion (G16), in two instances: what happens when none answers belongs to the filter, not to the route (G17).
import type { AuthModel, AuthPolicy } from '../../model/auth/types.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { ExtAuthz } from '../../proto/generated/envoy/extensions/filters/http/ext_authz/v3/ExtAuthz.ts';
import { AUTHZ_CLUSTER, nameOfFilterSlot } from '../names.ts';
import { CLIENT_IP_HEADER } from './identity.ts';
import { leavesOf, sourcesOf } from './policy-parts.ts';

/** Envoy reads names of clusters as authorities, and no server takes the slash. */
const AUTHORITY = 'chancery';
const MAX_DENIED_BODY_BYTES = 1024;

export type AuthzSlot = 'authz' | 'authz-open';

export function authzSlotOf({ onFailure }: AuthPolicy): AuthzSlot {
  return onFailure === 'allow' ? 'authz-open' : 'authz';
}

/** `policies`: those that use the slot, at least one. */
export function compileExtAuthz(slot: AuthzSlot, policies: readonly AuthPolicy[], auth: AuthModel): TypedExtensionConfig {
  return {
    name: nameOfFilterSlot(slot),
    typed_config: any('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
      grpc_service: {
        envoy_grpc: { cluster_name: AUTHZ_CLUSTER, authority: AUTHORITY },
        timeout: duration(auth.companion.timeoutMs),
      },
      transport_api_version: 'V3',
      stat_prefix: slot,
      ...compileFailure(slot),
      allowed_headers: { patterns: allowedHeaders(policies, auth).map((exact) => ({ exact })) },
      encode_raw_headers: true,
      include_peer_certificate: policies.some(({ rule }) => leavesOf(rule).some(({ kind }) => kind === 'clientCertificate')),
      validate_mutations: true,
      max_denied_response_body_bytes: MAX_DENIED_BODY_BYTES,
      emit_filter_state_stats: true,
    }),
  };
}

function compileFailure(slot: AuthzSlot): ExtAuthz {
  return {
    failure_mode_allow: slot === 'authz-open',
    ...(slot === 'authz-open' ? { failure_mode_allow_header_add: true } : {}),
    status_on_error: { code: 'ServiceUnavailable' },
  };
}

/** Little is sent, for each header costs the companion time. */
function allowedHeaders(policies: readonly AuthPolicy[], auth: AuthModel): readonly string[] {
  const credentials = policies
    .flatMap((policy) => sourcesOf(policy, auth))
    .flatMap((source) => (source.kind === 'header' ? [source.name] : source.kind === 'cookie' ? ['cookie'] : []));
  const reads = policies.some(({ rule }) => leavesOf(rule).some(({ kind }) => kind === 'ips'));
  const always = ['content-type', 'traceparent', 'x-request-id'];
  return [...new Set([...credentials, ...always, ...(reads ? [CLIENT_IP_HEADER] : [])])].sort();
}
