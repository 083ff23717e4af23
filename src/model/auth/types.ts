// What the user meant by `jwt`, `apiKeys`, `policies` and the rest of the auth language: defaulted, cross-referenced, readonly. Types only.
import type { ConfigPath } from '../../lib/issue.ts';
import type { Secret } from '../../lib/secret.ts';
import type { TrustedCa } from '../ca-source.ts';

/** Everything about who may call, of one gateway. Lists are sorted by name. */
export interface AuthModel {
  readonly jwt: readonly JwtProvider[];
  readonly apiKeys: readonly ApiKeySource[];
  readonly introspection: readonly IntrospectionProvider[];
  readonly clientCertificates: readonly ClientCertificateRule[];
  readonly ipLists: readonly IpList[];
  /** Named ones, and those written inside routes or defaults: `route/list-orders`, `defaults/auth`. */
  readonly policies: readonly AuthPolicy[];
  /** Where the ext_authz service is; absent: the companions that the control plane knows. */
  readonly companion: CompanionSettings;
  /** Every header that tells backends who calls, lower case, sorted: client copies never pass (H1). */
  readonly identityHeaders: readonly string[];
}

export interface CompanionSettings {
  /** `host:port` or `unix:/path`, as written; absent: companions in this process, and those that connect to the control plane. */
  readonly endpoints?: readonly CompanionEndpoint[];
  readonly path: ConfigPath;
  /** How long Envoy waits for an answer. */
  readonly timeoutMs: number;
  /** Keys the hashes of subjects (authz S4); absent: each companion process has a key of its own. */
  readonly keySecret?: Secret;
  readonly tls?: CompanionTls;
}

export type CompanionEndpoint =
  | { readonly kind: 'ip'; readonly ip: string; readonly port: number }
  | { readonly kind: 'dns'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface CompanionTls {
  readonly path: ConfigPath;
  readonly ca: TrustedCa;
  /** PEM: the proxies' own certificate and key. */
  readonly certificate?: { readonly chain: string; readonly key: Secret };
  readonly sni?: string;
}

// ---- where credentials are and what is told about their owner ---------------------------------------------------------

export type CredentialSource =
  /** `name` lower case; `prefix` such as `Bearer `, may be empty. */
  | { readonly kind: 'header'; readonly name: string; readonly prefix: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string };

/** Names of members from the outside in; one step is one literal key. */
export type ClaimPath = readonly string[];

export interface ForwardedClaim {
  /** Lower case. */
  readonly header: string;
  readonly claim: ClaimPath;
}

/** A JSON value; never converted (M7). */
export type Scalar = string | number | boolean;

export type ClaimTest = { readonly claim: ClaimPath } & (
  | { readonly kind: 'equals'; readonly value: Scalar }
  | { readonly kind: 'oneOf'; readonly values: readonly Scalar[] }
  | { readonly kind: 'prefix' | 'suffix'; readonly value: string }
  | { readonly kind: 'contains'; readonly value: Scalar }
  | { readonly kind: 'exists' }
);

/** What a proven identity must hold besides. */
export interface Requirements {
  /** All of them. Sorted. */
  readonly scopes: readonly string[];
  /** One of them, where there are any. Sorted. */
  readonly anyScope: readonly string[];
  readonly claims: readonly ClaimTest[];
}

// ---- providers ---------------------------------------------------------------------------------------------------------

export type JwtAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

export interface JwtProvider {
  readonly name: string;
  readonly path: ConfigPath;
  readonly issuer: string;
  /** Sorted. */
  readonly audiences: readonly string[] | 'any';
  /** Sorted. HS algorithms stand alone, with `keys.kind` secret (A6). */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Lower case, without `application/`, sorted (A8). */
  readonly types: readonly string[];
  readonly clockSkewSeconds: number;
  readonly maxLifetimeSeconds?: number;
  readonly maxTokenBytes: number;
  readonly keys: JwtKeys;
  readonly from: readonly CredentialSource[];
  readonly scopeClaim: ClaimPath;
  /** Sorted by header. */
  readonly forwardClaims: readonly ForwardedClaim[];
  readonly keepCredential: boolean;
}

export type JwtKeys =
  | ({ readonly kind: 'url' | 'discovery'; readonly url: string } & KeyFetching)
  /** A JSON Web Key Set as text; checked (A18). */
  | { readonly kind: 'inline'; readonly jwks: string }
  | { readonly kind: 'secret'; readonly secret: Secret };

export interface KeyFetching {
  readonly cacheForMs: number;
  readonly timeoutMs: number;
  readonly serveStaleForMs: number;
  /** Absent: the machine's own authorities. */
  readonly ca?: TrustedCa;
}

export interface ApiKeySource {
  readonly name: string;
  readonly path: ConfigPath;
  readonly from: readonly CredentialSource[];
  /** Digests are HMACs with it. */
  readonly pepper?: Secret;
  /** Headers that carry the consumer's name. Sorted. */
  readonly consumerHeaders: readonly string[];
  readonly keepCredential: boolean;
  /** Sorted by name. */
  readonly consumers: readonly Consumer[];
}

export interface Consumer {
  readonly name: string;
  readonly path: ConfigPath;
  /** `sha256:` or `hmac:` and 64 hexadecimal digits, lower case; sorted; at most 4 (K5). */
  readonly digests: readonly string[];
  /** The keys themselves, where the proxy is to hold them. */
  readonly plain: readonly Secret[];
  /** Sorted. */
  readonly scopes: readonly string[];
  readonly notAfterMs?: number;
  /** Sorted by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface IntrospectionProvider {
  readonly name: string;
  readonly path: ConfigPath;
  readonly url: string;
  readonly issuer: string;
  readonly audiences: readonly string[] | 'any';
  readonly client: { readonly id: string; readonly secret: Secret };
  readonly timeoutMs: number;
  readonly cacheForMs: number;
  readonly denyForMs: number;
  readonly maxTokenBytes: number;
  readonly from: readonly CredentialSource[];
  readonly scopeClaim: ClaimPath;
  readonly forwardClaims: readonly ForwardedClaim[];
  readonly keepCredential: boolean;
  readonly ca?: TrustedCa;
}

export interface ClientCertificateRule {
  readonly name: string;
  readonly path: ConfigPath;
  /** One must fit. */
  readonly sans: readonly SubjectAltName[];
  readonly forward: readonly { readonly header: string; readonly part: 'fingerprint' | 'subject' | 'uri' | 'dns' }[];
}

export interface SubjectAltName {
  readonly type: 'dns' | 'uri' | 'email' | 'ip';
  readonly match: { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly value: string };
}

export interface IpList {
  readonly name: string;
  readonly path: ConfigPath;
  /** No host bits; v4-mapped v6 unwrapped; sorted. */
  readonly cidrs: readonly string[];
}

// ---- policies ------------------------------------------------------------------------------------------------------------

export type AuthRule =
  | { readonly kind: 'jwt'; readonly path: ConfigPath; readonly providers: readonly string[]; readonly requirements: Requirements }
  | { readonly kind: 'apiKeys'; readonly path: ConfigPath; readonly source: string; readonly requirements: Requirements }
  | { readonly kind: 'introspection'; readonly path: ConfigPath; readonly provider: string; readonly requirements: Requirements }
  | { readonly kind: 'clientCertificate'; readonly path: ConfigPath; readonly name: string }
  /** Names of lists. */
  | { readonly kind: 'ips'; readonly path: ConfigPath; readonly lists: readonly string[] }
  /** Upper case, sorted. */
  | { readonly kind: 'methods'; readonly path: ConfigPath; readonly methods: readonly string[] }
  | { readonly kind: 'anonymous'; readonly path: ConfigPath }
  | { readonly kind: 'allOf' | 'anyOf'; readonly path: ConfigPath; readonly rules: readonly AuthRule[] }
  /** Wraps only ips and methods (M5). */
  | { readonly kind: 'not'; readonly path: ConfigPath; readonly rule: AuthRule };

export interface AuthPolicy {
  readonly name: string;
  readonly path: ConfigPath;
  readonly rule: AuthRule;
  /** What the user asked for; the compiler chooses for `auto` (C2). */
  readonly enforce: 'auto' | 'proxy' | 'companion';
  readonly mode: 'enforce' | 'shadow';
  readonly onFailure: 'deny' | 'allow';
  readonly resourceMetadata: boolean;
}

/** Of a route. */
export type RouteAuth =
  /** Public, said aloud. */
  | { readonly kind: 'none' }
  /** Name in `AuthModel.policies`; `inherited`: the route says nothing and takes `defaults.auth`. */
  | { readonly kind: 'policy'; readonly policy: string; readonly path: ConfigPath; readonly inherited?: true };
