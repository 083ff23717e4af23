// What a policy says about its providers, decoded and checked: plain values that name secrets and never hold them. Types only.
import type { ClaimPath, ClaimTest, CredentialSource, ForwardedClaim, Scalar, SubjectAltName } from '../../model/auth/types.ts';

export type { ClaimPath, ClaimTest, CredentialSource, ForwardedClaim, Scalar, SubjectAltName };

/** Claims and the answers of introspection: objects without prototype all the way down (M7). */
export type Claims = Readonly<Record<string, unknown>>;

export interface Requirements {
  readonly allScopes: readonly string[];
  /** Empty: no such requirement. */
  readonly anyScopes: readonly string[];
  readonly claims: readonly ClaimTest[];
}

/** What a token's verification and the checks of its claims need. */
export interface TokenSettings {
  /** `<gateway>/<name>#<16 hex>`: the same for equal settings of one gateway, whichever policy or version holds them; the key of caches. */
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  /** Empty: any. */
  readonly audiences: readonly string[];
  readonly maxTokenBytes: number;
  readonly from: readonly CredentialSource[];
  readonly scopeClaim: ClaimPath;
  /** By header. */
  readonly forwardClaims: readonly ForwardedClaim[];
  readonly keepCredential: boolean;
}

export interface JwtSettings extends TokenSettings {
  readonly algorithms: readonly string[];
  /** Lower case, without `application/`. */
  readonly types: readonly string[];
  readonly clockSkewSeconds: number;
  readonly maxLifetimeSeconds: number | undefined;
  readonly keys: KeySettings;
}

export type KeySettings =
  | {
      readonly kind: 'remote';
      /** Of the key set, or of the issuer whose discovery document names it. */
      readonly url: string;
      readonly discovery: boolean;
      readonly cacheForMs: number;
      readonly timeoutMs: number;
      readonly serveStaleForMs: number;
      /** PEM; absent: the machine's own authorities. */
      readonly ca: string | undefined;
    }
  | { readonly kind: 'inline'; readonly jwks: string }
  /** `<gateway>/` and the name of the SDS secret that holds the key of an HS algorithm. */
  | { readonly kind: 'secret'; readonly secretName: string };

export interface IntrospectionSettings extends TokenSettings {
  readonly url: string;
  readonly clientId: string;
  /** `<gateway>/` and the name of the SDS secret. */
  readonly clientSecretName: string;
  readonly timeoutMs: number;
  readonly cacheForMs: number;
  readonly denyForMs: number;
  readonly ca: string | undefined;
}

export interface ApiKeySettings {
  readonly name: string;
  /** Name of its ApiKeySet: `<gateway>/<name>`. */
  readonly setName: string;
  readonly from: readonly CredentialSource[];
  /** Headers that carry the name of the consumer. */
  readonly consumerHeaders: readonly string[];
  readonly keepCredential: boolean;
  /** `<gateway>/` and the name of the SDS secret; absent: digests are plain SHA-256. */
  readonly pepperName: string | undefined;
}

export interface CertificateSettings {
  readonly name: string;
  /** One must fit. */
  readonly sans: readonly SubjectAltName[];
  readonly forward: readonly { readonly header: string; readonly part: 'fingerprint' | 'subject' | 'uri' | 'dns' }[];
}

export type PolicyRule =
  | { readonly kind: 'jwt'; readonly providers: readonly string[]; readonly requirements: Requirements }
  | { readonly kind: 'introspection'; readonly provider: string; readonly requirements: Requirements }
  | { readonly kind: 'apiKeys'; readonly source: string; readonly requirements: Requirements }
  | { readonly kind: 'clientCertificate'; readonly name: string }
  | { readonly kind: 'ips'; readonly cidrs: readonly string[] }
  | { readonly kind: 'methods'; readonly methods: readonly string[] }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'allOf' | 'anyOf'; readonly rules: readonly PolicyRule[] }
  | { readonly kind: 'not'; readonly rule: PolicyRule };

/** One AuthPolicy as it came, checked (D2, D3). */
export interface PolicySettings {
  readonly gateway: string;
  readonly policy: string;
  readonly version: string;
  readonly rule: PolicyRule;
  readonly jwt: readonly JwtSettings[];
  readonly introspection: readonly IntrospectionSettings[];
  readonly apiKeys: readonly ApiKeySettings[];
  readonly clientCertificates: readonly CertificateSettings[];
  /** Lower case, sorted. */
  readonly identityHeaders: readonly string[];
  readonly mode: 'enforce' | 'shadow';
  readonly realm: string;
  readonly resourceMetadata: boolean;
  readonly paths: { readonly escapedSlashes: boolean; readonly parameters: boolean };
  readonly toldClaims: readonly ClaimPath[];
}
