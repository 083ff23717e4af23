// What callers get when Envoy's own filters refuse a request (C7): the status, the body and the challenge that the companion would give.
// The same for all listeners and routes; what differs comes from the route's metadata.
import { any } from '../proto/any.ts';
import type { HeaderValueOption } from '../proto/generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { LocalReplyConfig } from '../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/LocalReplyConfig.ts';
import type { ResponseMapper } from '../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.ts';
import { COMPILED_DENIALS, type CompiledDenial, DENIALS } from './auth/denial-facts.ts';
import { MAX_SCOPES } from './auth/denials.ts';

/** Envoy's words for what jwt_authn refuses → our reason, the most telling ones; all others are malformed tokens. */
const JWT_WORDS: readonly (readonly [string, CompiledDenial])[] = [
  ['Jwt_is_missing', 'jwt.missing'],
  ['Jwt_is_expired', 'jwt.expired'],
  ['Jwt_not_yet_valid', 'jwt.notYetValid'],
  ['Jwt_issuer_is_not_configured', 'jwt.issuer'],
  ['Jwt_payload_[iss]_field_is_not_a_string', 'jwt.issuer'],
  ['Jwt_verification_fails', 'jwt.signature'],
  ["Jwks_doesn't_have_key_to_match_kid_or_alg_from_Jwt", 'jwt.key'],
  ['Jwt_header_[alg]_is_not_supported', 'jwt.algorithm'],
  ['Audiences_in_Jwt_are_not_allowed', 'jwks.unavailable'],
];
const JWT_CLAIMS = 'jwt_authn_access_denied{Jwt_payload_[';
const JWT_DENIED = 'jwt_authn_access_denied{';
const RBAC_DENIED = 'rbac_access_denied_matched_policy[';

interface Rule {
  readonly denial: CompiledDenial;
  /** CEL over `response.code_details`. */
  readonly details: string;
  /** Key of the route's challenge. */
  readonly challenge?: string;
}

export const LOCAL_REPLIES: LocalReplyConfig = { mappers: rules().flatMap(mappers) };

function rules(): readonly Rule[] {
  const rbac = COMPILED_DENIALS.filter((denial) => denial !== 'scope.insufficient').map((denial) =>
    rule(denial, `${starts(RBAC_DENIED)} && ${ends(`.${denial}]`)}`),
  );
  const scopes = Array.from({ length: MAX_SCOPES }, (_, index) => ({
    denial: 'scope.insufficient' as const,
    details: equals(`${RBAC_DENIED}${40 + index}.scope.insufficient]`),
    challenge: challengeOfScopes(index),
  }));
  return [
    ...rbac,
    ...scopes,
    // A slot that nothing fills, or that its route knows no policy of.
    rule('policy.unknown', equals(`${RBAC_DENIED}none]`)),
    ...JWT_WORDS.map(([words, denial]) => rule(denial, equals(`${JWT_DENIED}${words}}`))),
    rule('policy.unknown', starts(`${JWT_DENIED}Wrong_requirement_name`)),
    rule('jwt.claims', starts(JWT_CLAIMS)),
    rule('jwt.malformed', starts(JWT_DENIED)),
    rule('apiKey.missing', equals('missing_api_key')),
    rule('apiKey.invalid', equals('unknown_api_key')),
    { denial: 'scope.insufficient', details: equals('client_not_allowed') },
  ];
}

/** Key in the metadata of routes. */
export function challengeOfScopes(index: number): string {
  return `scopes${index}`;
}

function rule(denial: CompiledDenial, details: string): Rule {
  const challenge = challengeKey(denial);
  return { denial, details, ...(challenge === undefined ? {} : { challenge }) };
}

function challengeKey(denial: CompiledDenial): string | undefined {
  if (denial === 'auth.multiple') return 'request';
  if (DENIALS[denial].status !== 401) return undefined;
  return denial.startsWith('jwt.') && denial !== 'jwt.missing' ? 'invalid' : 'missing';
}

function starts(text: string): string {
  return `response.code_details.startsWith(${JSON.stringify(text)})`;
}

function ends(text: string): string {
  return `response.code_details.endsWith(${JSON.stringify(text)})`;
}

function equals(text: string): string {
  return `response.code_details == ${JSON.stringify(text)}`;
}

/** The first mapper that fits counts, so the one for gRPC callers stands before the one for all. */
function mappers({ denial, details, challenge }: Rule): readonly ResponseMapper[] {
  const { title } = DENIALS[denial];
  const { status } = DENIALS[denial];
  const facts = DENIALS[denial];
  const grpcStatus = 'grpcStatus' in facts ? facts.grpcStatus : status;
  const headers = [
    ...(challenge === undefined ? [] : [header('www-authenticate', `%METADATA(ROUTE:chancery:challenges:${challenge})%`)]),
    ...(status === 503 ? [header('retry-after', '1')] : []),
  ];
  const filter = {
    extension_filter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typed_config: any('envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', { expression: details }),
    },
  };
  const isGrpc = {
    header_filter: { header: { name: 'content-type', string_match: { safe_regex: { regex: 'application/grpc(?:[+;].*)?' } } } },
  };
  const problem = JSON.stringify({ type: `urn:chancery:auth:${denial}`, title, status, code: denial });
  return [
    {
      filter: { and_filter: { filters: [isGrpc, filter] } },
      status_code: { value: grpcStatus },
      headers_to_add: headers,
      body_format_override: { text_format_source: { inline_string: `${denial}: ${title}` } },
    },
    {
      filter,
      status_code: { value: status },
      headers_to_add: [header('cache-control', 'no-store'), ...headers],
      body_format_override: {
        text_format_source: { inline_string: `${problem.slice(0, -1)},"requestId":"%REQ(X-REQUEST-ID)%"}` },
        content_type: 'application/problem+json',
      },
    },
  ];
}

function header(key: string, value: string): HeaderValueOption {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}
