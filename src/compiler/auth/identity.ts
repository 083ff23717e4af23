// Headers that tell backends who calls are ours alone (H1-H3): copies that clients send are removed before anything else looks at a request.
import { any } from '../../proto/any.ts';
import type { HeaderMutation } from '../../proto/generated/envoy/config/common/mutation_rules/v3/HeaderMutation.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { Any } from '../../proto/generated/google/protobuf/Any.ts';
import type { HttpFilterCompiler } from '../filters/http-filter-compiler.ts';
import { nameOfFilterSlot } from '../names.ts';
import { not } from './principal.ts';

/** Tells the companion the address that the connection manager resolved; it never reaches a backend (H10). */
export const CLIENT_IP_HEADER = 'x-chancery-client-ip';

/** What all headers of the request take together, for conditions alone (isLargeRequest). */
export const HEADER_BYTES: Stamp = { header: 'x-chancery-header-bytes', value: '%REQUEST_HEADERS_BYTES%' };

/**
 * Cheap where an expression of CEL is not: no header can be longer than all together. Holds also where the stamp is missing, so that what is
 * behind it is asked.
 */
export function isLargeRequest(bytes: number): Principal {
  return not({ header: { name: HEADER_BYTES.header, range_match: { start: 1, end: bytes + 1 } } });
}

/** Headers by which frameworks let clients say that they meant another method or path than the one that was judged. */
const OVERRIDES = ['x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'x-forwarded-uri'];

/** The same for all listeners, so that no change of auth touches one (D11). Early: before routes are chosen. */
export const EARLY_REMOVAL: TypedExtensionConfig = {
  name: 'envoy.http.early_header_mutation.header_mutation',
  typed_config: any('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
    mutations: [removal(`${twins('x-chancery-')}.*`), ...OVERRIDES.map((name) => removal(twins(name)))],
  }),
};

export const IDENTITY_FILTER = nameOfFilterSlot('identity');

/** Off until the table of routes brings the headers of the gateway; what is nearer to the route is done later. */
export const identity: HttpFilterCompiler = {
  appliesTo: 'all',
  compileFilter: () => ({
    name: IDENTITY_FILTER,
    typed_config: any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', { most_specific_header_mutations_wins: true }),
    disabled: true,
  }),
};

/** For all routes of a table. Some gRPC servers read trailers as if they were headers. */
export function compileIdentityRemoval(headers: readonly string[]): Any {
  const own = headers.map((name) => removal(twins(name)));
  return any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute', {
    mutations: { request_mutations: own, request_trailers_mutations: [removal(`${twins('x-chancery-')}.*`), ...own] },
  });
}

export interface Stamp {
  readonly header: string;
  /** May hold what Envoy substitutes. */
  readonly value: string;
}

/** For one route. */
export function compileIdentityStamps(stamps: readonly Stamp[]): Any {
  return any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute', {
    mutations: {
      request_mutations: stamps.map(({ header: key, value }) => ({
        append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      })),
    },
  });
}

function removal(regex: string): HeaderMutation {
  return { remove_on_match: { key_matcher: { safe_regex: { regex } } } };
}

/** Also `x_user_id` and `x.user-id`: many backends read them as `x-user-id`. Envoy knows names in lower case only. */
function twins(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '[^a-z0-9]');
}
