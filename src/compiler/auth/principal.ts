// Conditions of Envoy's RBAC, as Principals: the one of its two languages that knows addresses and certificates besides headers and metadata.

import type { SubjectAltName } from '../../model/auth/types.ts';
import { any } from '../../proto/any.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import type { ValueMatcher } from '../../proto/generated/envoy/type/matcher/v3/ValueMatcher.ts';
import type { Expr } from '../../proto/generated/google/api/expr/v1alpha1/Expr.ts';

/** Holds for every request. */
export const ALWAYS: Principal = { any: true };
/** Holds for none. */
export const NEVER: Principal = { not_id: ALWAYS };

/** None: holds. */
export function allOf(conditions: readonly Principal[]): Principal {
  const rest = conditions.filter((condition) => condition !== ALWAYS);
  if (rest.includes(NEVER)) return NEVER;
  const [only = ALWAYS] = rest;
  return rest.length < 2 ? only : { and_ids: { ids: rest } };
}

/** None: does not hold. */
export function anyOf(conditions: readonly Principal[]): Principal {
  const rest = conditions.filter((condition) => condition !== NEVER);
  if (rest.includes(ALWAYS)) return ALWAYS;
  const [only = NEVER] = rest;
  return rest.length < 2 ? only : { or_ids: { ids: rest } };
}

export function not(condition: Principal): Principal {
  if (condition === ALWAYS) return NEVER;
  return condition.not_id ?? { not_id: condition };
}

export function headerMatches(name: string, match: StringMatcher): Principal {
  return { header: { name, string_match: match } };
}

export function headerIsPresent(name: string): Principal {
  return { header: { name, present_match: true } };
}

export const JWT_NAMESPACE = 'envoy.filters.http.jwt_authn';

/** A member of what jwt_authn has verified: `at` begins with the key of a payload or a header. */
export function tokenHas(at: readonly string[], value: ValueMatcher): Principal {
  const matcher = { filter: JWT_NAMESPACE, path: at.map((key) => ({ key })), value };
  return { sourced_metadata: { metadata_matcher: matcher, metadata_source: 'DYNAMIC' } };
}

export const PRESENT: ValueMatcher = { present_match: true };

/** The text itself, or a list that holds it. */
export function isOrHolds(text: string): ValueMatcher {
  const exact: ValueMatcher = { string_match: { exact: text } };
  return { or_match: { value_matchers: [exact, { list_match: { one_of: exact } }] } };
}

/** The address that the connection manager resolved. */
export function comesFrom(cidr: string): Principal {
  const slash = cidr.lastIndexOf('/');
  const [address, length] = slash === -1 ? [cidr, cidr.includes(':') ? 128 : 32] : [cidr.slice(0, slash), Number(cidr.slice(slash + 1))];
  return { remote_ip: { address_prefix: address, prefix_len: { value: length } } };
}

const SAN_TYPES = { dns: 'DNS', uri: 'URI', email: 'EMAIL', ip: 'IP_ADDRESS' } as const;

/** The client showed a certificate that was verified; with `san`: one that carries such a name. */
export function showsCertificate(san?: SubjectAltName): Principal {
  const config =
    san === undefined
      ? { any_validated_client_certificate: true }
      : { san_matcher: { san_type: SAN_TYPES[san.type], matcher: { [san.match.kind]: san.match.value } } };
  return {
    custom: {
      name: 'envoy.rbac.principals.mtls_authenticated',
      typed_config: any('envoy.extensions.rbac.principals.mtls_authenticated.v3.Config', config),
    },
  };
}

/** A policy of RBAC; with `condition`, both must hold. */
export function when(principal: Principal, condition?: Expr): Policy {
  return { permissions: [{ any: true }], principals: [principal], ...(condition === undefined ? {} : { condition }) };
}
