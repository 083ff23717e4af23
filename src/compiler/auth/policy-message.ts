// A policy of the model → the xDS resource by which companions enforce it (D2): complete in itself, secrets by name only.
import type {
  ApiKeySource,
  AuthModel,
  AuthPolicy,
  AuthRule,
  ClaimTest,
  ClientCertificateRule,
  CredentialSource,
  IntrospectionProvider,
  JwtProvider,
  Requirements,
  Scalar,
} from '../../model/auth/types.ts';
import type { TrustedCa } from '../../model/ca-source.ts';
import type { ApiKeySet } from '../../proto/generated/chancery/policy/v1/ApiKeySet.ts';
import type { ApiKeySource as ApiKeySourceMessage } from '../../proto/generated/chancery/policy/v1/ApiKeySource.ts';
import type { AuthPolicy as AuthPolicyMessage } from '../../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { ClaimPath as ClaimPathMessage } from '../../proto/generated/chancery/policy/v1/ClaimPath.ts';
import type { ClaimTest as ClaimTestMessage } from '../../proto/generated/chancery/policy/v1/ClaimTest.ts';
import type { ClientCertificate as ClientCertificateMessage } from '../../proto/generated/chancery/policy/v1/ClientCertificate.ts';
import type { CredentialSource as CredentialSourceMessage } from '../../proto/generated/chancery/policy/v1/CredentialSource.ts';
import type { Introspection as IntrospectionMessage } from '../../proto/generated/chancery/policy/v1/Introspection.ts';
import type { JwtProvider as JwtProviderMessage } from '../../proto/generated/chancery/policy/v1/JwtProvider.ts';
import type { Requirements as RequirementsMessage } from '../../proto/generated/chancery/policy/v1/Requirements.ts';
import type { Rule as RuleMessage } from '../../proto/generated/chancery/policy/v1/Rule.ts';
import type { Scalar as ScalarMessage } from '../../proto/generated/chancery/policy/v1/Scalar.ts';
import { nameOfApiKeyPepper, nameOfApiKeySet, nameOfIntrospectionSecret, nameOfJwtSecret } from '../names.ts';
import type { PathAllowance } from './hygiene.ts';
import { leavesOf } from './policy-parts.ts';

export interface PolicyContext {
  readonly auth: AuthModel;
  readonly gateway: string;
  readonly paths: PathAllowance;
  /** Names of claims that limits of its routes count by (H12). Sorted. */
  readonly toldClaims?: readonly string[];
}

/** Without its version, which is a hash of the rest. */
export function compilePolicy(policy: AuthPolicy, { auth, gateway, paths, toldClaims = [] }: PolicyContext): AuthPolicyMessage {
  const leaves = leavesOf(policy.rule);
  const names = (of: (leaf: AuthRule) => readonly string[]): ReadonlySet<string> => new Set(leaves.flatMap(of));
  const jwt = names((leaf) => (leaf.kind === 'jwt' ? leaf.providers : []));
  const introspection = names((leaf) => (leaf.kind === 'introspection' ? [leaf.provider] : []));
  const apiKeys = names((leaf) => (leaf.kind === 'apiKeys' ? [leaf.source] : []));
  const certificates = names((leaf) => (leaf.kind === 'clientCertificate' ? [leaf.name] : []));
  return {
    policy: policy.name,
    rule: compileRule(policy.rule, auth),
    jwt: auth.jwt.filter(({ name }) => jwt.has(name)).map(compileJwt),
    introspection: auth.introspection.filter(({ name }) => introspection.has(name)).map(compileIntrospection),
    api_keys: auth.apiKeys.filter(({ name }) => apiKeys.has(name)).map(compileApiKeys),
    client_certificates: auth.clientCertificates.filter(({ name }) => certificates.has(name)).map(compileCertificate),
    identity_headers: [...auth.identityHeaders],
    mode: policy.mode === 'shadow' ? 'SHADOW' : 'ENFORCE',
    realm: gateway,
    resource_metadata: policy.resourceMetadata,
    paths: { escaped_slashes: paths.escapedSlashes, parameters: paths.parameters },
    ...(toldClaims.length === 0 ? {} : { told_claims: toldClaims.map((claim) => compilePath([claim])) }),
  };
}

/** Live data apart from policies (D4). */
export function compileApiKeySet({ name, consumers }: ApiKeySource, gateway: string): ApiKeySet {
  return {
    name: nameOfApiKeySet(gateway, name),
    consumers: consumers.map((consumer) => ({
      name: consumer.name,
      digests: [...consumer.digests],
      scopes: [...consumer.scopes],
      ...(consumer.notAfterMs === undefined ? {} : { not_after_ms: consumer.notAfterMs }),
      metadata: { ...consumer.metadata },
    })),
  };
}

function compileRule(rule: AuthRule, auth: AuthModel): RuleMessage {
  switch (rule.kind) {
    case 'jwt':
      return { jwt: { providers: [...rule.providers], requirements: compileRequirements(rule.requirements) } };
    case 'apiKeys':
      return { api_keys: { source: rule.source, requirements: compileRequirements(rule.requirements) } };
    case 'introspection':
      return { introspection: { provider: rule.provider, requirements: compileRequirements(rule.requirements) } };
    case 'clientCertificate':
      return { client_certificate: { name: rule.name } };
    case 'ips': {
      const cidrs = auth.ipLists.filter(({ name }) => rule.lists.includes(name)).flatMap((list) => list.cidrs);
      return { ips: { cidrs: [...new Set(cidrs)].sort() } };
    }
    case 'methods':
      return { methods: { methods: [...rule.methods] } };
    case 'anonymous':
      return { anonymous: {} };
    case 'allOf':
      return { all_of: { rules: rule.rules.map((each) => compileRule(each, auth)) } };
    case 'anyOf':
      return { any_of: { rules: rule.rules.map((each) => compileRule(each, auth)) } };
    case 'not':
      return { not: compileRule(rule.rule, auth) };
    default:
      return rule satisfies never;
  }
}

function compileRequirements({ scopes, anyScope, claims }: Requirements): RequirementsMessage {
  return { all_scopes: [...scopes], any_scopes: [...anyScope], claims: claims.map(compileClaimTest) };
}

function compileClaimTest(test: ClaimTest): ClaimTestMessage {
  const claim = compilePath(test.claim);
  switch (test.kind) {
    case 'equals':
      return { claim, equals: compileScalar(test.value) };
    case 'oneOf':
      return { claim, one_of: { values: test.values.map(compileScalar) } };
    case 'prefix':
      return { claim, prefix: test.value };
    case 'suffix':
      return { claim, suffix: test.value };
    case 'contains':
      return { claim, contains: compileScalar(test.value) };
    case 'exists':
      return { claim, exists: true };
    default:
      return test satisfies never;
  }
}

function compileScalar(value: Scalar): ScalarMessage {
  if (typeof value === 'string') return { text: value };
  return typeof value === 'number' ? { number: value } : { truth: value };
}

function compilePath(steps: readonly string[]): ClaimPathMessage {
  return { steps: [...steps] };
}

function compileSource(source: CredentialSource): CredentialSourceMessage {
  switch (source.kind) {
    case 'header':
      return { header: { name: source.name, prefix: source.prefix } };
    case 'cookie':
      return { cookie: source.name };
    case 'query':
      return { query: source.name };
    default:
      return source satisfies never;
  }
}

function compileJwt(provider: JwtProvider): JwtProviderMessage {
  return {
    name: provider.name,
    issuer: provider.issuer,
    audiences: provider.audiences === 'any' ? [] : [...provider.audiences],
    algorithms: [...provider.algorithms],
    types: [...provider.types],
    clock_skew_seconds: provider.clockSkewSeconds,
    max_lifetime_seconds: provider.maxLifetimeSeconds ?? 0,
    max_token_bytes: provider.maxTokenBytes,
    ...compileKeys(provider),
    from: provider.from.map(compileSource),
    scope_claim: compilePath(provider.scopeClaim),
    forward_claims: provider.forwardClaims.map(({ header, claim }) => ({ header, claim: compilePath(claim) })),
    keep_credential: provider.keepCredential,
  };
}

function compileKeys({ name, keys }: JwtProvider): Pick<JwtProviderMessage, 'remote' | 'inline_keys' | 'secret_name'> {
  if (keys.kind === 'inline') return { inline_keys: keys.jwks };
  if (keys.kind === 'secret') return { secret_name: nameOfJwtSecret(name) };
  const { kind, url, cacheForMs, timeoutMs, serveStaleForMs, ca } = keys;
  return {
    remote: {
      url,
      discovery: kind === 'discovery',
      cache_for_ms: cacheForMs,
      timeout_ms: timeoutMs,
      serve_stale_for_ms: serveStaleForMs,
      ca: pemOf(ca),
    },
  };
}

/** Empty: the machine's own authorities. */
function pemOf(ca: TrustedCa | undefined): string {
  return ca === undefined || ca.kind === 'system' ? '' : ca.pem;
}

function compileIntrospection(provider: IntrospectionProvider): IntrospectionMessage {
  return {
    name: provider.name,
    url: provider.url,
    issuer: provider.issuer,
    audiences: provider.audiences === 'any' ? [] : [...provider.audiences],
    client_id: provider.client.id,
    client_secret_name: nameOfIntrospectionSecret(provider.name),
    timeout_ms: provider.timeoutMs,
    cache_for_ms: provider.cacheForMs,
    deny_for_ms: provider.denyForMs,
    from: provider.from.map(compileSource),
    scope_claim: compilePath(provider.scopeClaim),
    forward_claims: provider.forwardClaims.map(({ header, claim }) => ({ header, claim: compilePath(claim) })),
    keep_credential: provider.keepCredential,
    max_token_bytes: provider.maxTokenBytes,
    ca: pemOf(provider.ca),
  };
}

function compileApiKeys(source: ApiKeySource): ApiKeySourceMessage {
  return {
    name: source.name,
    from: source.from.map(compileSource),
    consumer_headers: [...source.consumerHeaders],
    keep_credential: source.keepCredential,
    ...(source.pepper === undefined ? {} : { pepper_name: nameOfApiKeyPepper(source.name) }),
  };
}

const SAN_TYPES = { dns: 'DNS', uri: 'URI', email: 'EMAIL', ip: 'IP' } as const;
const PARTS = { fingerprint: 'FINGERPRINT', subject: 'SUBJECT', uri: 'URI', dns: 'DNS' } as const;

function compileCertificate({ name, sans, forward }: ClientCertificateRule): ClientCertificateMessage {
  return {
    name,
    sans: sans.map(({ type, match }) => ({ type: SAN_TYPES[type], [match.kind]: match.value })),
    forward: forward.map(({ header, part }) => ({ header, part: PARTS[part] })),
  };
}
