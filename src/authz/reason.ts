// Why a request was not let through: the one table of reasons with their HTTP status and title (authz.md §4). Codes are stable: they stand in
// bodies, logs, metrics and documentation.

const REASONS = {
  'jwt.missing': { status: 401, title: 'A token is required' },
  'jwt.malformed': { status: 401, title: 'The token is malformed' },
  'jwt.oversized': { status: 401, title: 'The token is too large' },
  'jwt.algorithm': { status: 401, title: 'The algorithm of the token is not accepted' },
  'jwt.type': { status: 401, title: 'The token is of another type' },
  'jwt.issuer': { status: 401, title: 'The issuer of the token is not accepted' },
  'jwt.claims': { status: 401, title: 'The token lacks a claim or holds one of a wrong type' },
  'jwt.expired': { status: 401, title: 'The token has expired' },
  'jwt.notYetValid': { status: 401, title: 'The token is not valid yet' },
  'jwt.lifetime': { status: 401, title: 'The token is valid for too long' },
  'jwt.key': { status: 401, title: 'The key of the token is not known' },
  'jwt.signature': { status: 401, title: 'The signature of the token is not valid' },
  'jwt.audience': { status: 401, title: 'The token is meant for another audience' },
  'apiKey.missing': { status: 401, title: 'An API key is required' },
  'apiKey.invalid': { status: 401, title: 'The API key is not valid' },
  'token.inactive': { status: 401, title: 'The token is not active' },
  'cert.missing': { status: 401, title: 'A client certificate is required' },
  'scope.insufficient': { status: 403, title: 'The scopes are not sufficient' },
  'claim.mismatch': { status: 403, title: 'The identity does not have what is required' },
  'cert.notAllowed': { status: 403, title: 'The client certificate is not allowed' },
  'ip.denied': { status: 403, title: 'The address is not allowed' },
  'method.denied': { status: 403, title: 'The method is not allowed' },
  'identity.unforwardable': { status: 403, title: 'The identity cannot be told to the service' },
  'policy.missing': { status: 403, title: 'The route names no policy' },
  'auth.multiple': { status: 400, title: 'More than one credential was sent' },
  'request.path': { status: 400, title: 'The path is not accepted' },
  'jwks.unavailable': { status: 503, title: 'The keys of the issuer are not available' },
  'introspection.unavailable': { status: 503, title: 'The issuer does not answer' },
  'policy.unknown': { status: 503, title: 'The policy is not known here yet' },
  'authz.overloaded': { status: 503, title: 'Too many requests are being checked' },
  'authz.deadline': { status: 503, title: 'The check took too long' },
  'authz.internal': { status: 503, title: 'The check failed' },
} as const satisfies Readonly<Record<string, { readonly status: 400 | 401 | 403 | 503; readonly title: string }>>;

export type AuthReason = keyof typeof REASONS;

/** Reasons for which nobody can decide: an outage, never the caller's fault (G4, G5). */
export type UnknownReason =
  | 'jwks.unavailable'
  | 'introspection.unavailable'
  | 'policy.unknown'
  | 'authz.overloaded'
  | 'authz.deadline'
  | 'authz.internal';

export interface ReasonFacts {
  /** For HTTP callers. */
  readonly status: 400 | 401 | 403 | 503;
  readonly title: string;
}

/** Every reason, in the order of the documentation. */
export const AUTH_REASONS: readonly AuthReason[] = Object.keys(REASONS).filter(isAuthReason);

export function isAuthReason(text: string): text is AuthReason {
  return Object.hasOwn(REASONS, text);
}

export function reasonFacts(reason: AuthReason): ReasonFacts {
  return REASONS[reason];
}

/** The HTTP status for gRPC callers: of 400, 401, 403 and 503 Envoy makes other codes than ours, so only the last three occur (G7). */
export function grpcCallerStatus(reason: AuthReason): 401 | 403 | 503 {
  const { status } = REASONS[reason];
  if (status !== 400) return status;
  return reason === 'auth.multiple' ? 401 : 403;
}
