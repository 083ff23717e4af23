// What callers are told when Envoy's own filters deny: the words of the companion (a test holds the two together).

export const DENIALS = {
  'request.path': { status: 400, grpcStatus: 403, title: 'The path is not accepted' },
  'auth.multiple': { status: 400, grpcStatus: 401, title: 'More than one credential was sent' },
  'jwt.missing': { status: 401, title: 'A token is required' },
  'jwt.malformed': { status: 401, title: 'The token is malformed' },
  'jwt.oversized': { status: 401, title: 'The token is too large' },
  'jwt.algorithm': { status: 401, title: 'The algorithm of the token is not accepted' },
  'jwt.type': { status: 401, title: 'The token is of another type' },
  'jwt.issuer': { status: 401, title: 'The issuer of the token is not accepted' },
  'jwt.claims': { status: 401, title: 'The token lacks a claim or holds one of a wrong type' },
  'jwt.expired': { status: 401, title: 'The token has expired' },
  'jwt.notYetValid': { status: 401, title: 'The token is not valid yet' },
  'jwt.key': { status: 401, title: 'The key of the token is not known' },
  'jwt.signature': { status: 401, title: 'The signature of the token is not valid' },
  'jwt.audience': { status: 401, title: 'The token is meant for another audience' },
  'apiKey.missing': { status: 401, title: 'An API key is required' },
  'apiKey.invalid': { status: 401, title: 'The API key is not valid' },
  'cert.missing': { status: 401, title: 'A client certificate is required' },
  'scope.insufficient': { status: 403, title: 'The scopes are not sufficient' },
  'claim.mismatch': { status: 403, title: 'The identity does not have what is required' },
  'cert.notAllowed': { status: 403, title: 'The client certificate is not allowed' },
  'ip.denied': { status: 403, title: 'The address is not allowed' },
  'method.denied': { status: 403, title: 'The method is not allowed' },
  'identity.unforwardable': { status: 403, title: 'The identity cannot be told to the service' },
  'jwks.unavailable': { status: 503, title: 'The keys of the issuer are not available' },
  'policy.unknown': { status: 503, title: 'The policy is not known here yet' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly grpcStatus?: number; readonly title: string }>>;

export type CompiledDenial = keyof typeof DENIALS;

export const COMPILED_DENIALS: readonly CompiledDenial[] = Object.keys(DENIALS).filter((text) => isDenial(text));

function isDenial(text: string): text is CompiledDenial {
  return Object.hasOwn(DENIALS, text);
}

/** By their order Envoy asks; the first that matches denies (C3, C6). */
export const ORDER = {
  'request.path': '00',
  'auth.multiple': '10',
  'jwt.malformed': '11',
  'jwt.oversized': '12',
} as const;
