// Which form a policy takes (C1, C2): Envoy's own filters where these answer as the companion would, else the companion. Whole policies only,
// so that there is one place to look.
import type { ApiKeySource, AuthModel, AuthPolicy, AuthRule, CredentialSource, JwtProvider, Requirements } from '../../model/auth/types.ts';
import { askedScopes, MAX_SCOPES } from './denials.ts';
import { jwtProvidersOf, leavesOf, tokenHeadersOf } from './policy-parts.ts';

export interface PolicyForm {
  readonly form: 'proxy' | 'companion';
  /** Why the proxy cannot enforce it, in words for the user; empty where it can. Sorted by place in the policy. */
  readonly obstacles: readonly string[];
  /** `enforce: proxy` was asked for and cannot hold: an error. */
  readonly isBroken: boolean;
}

export function policyForm(policy: AuthPolicy, auth: AuthModel): PolicyForm {
  const obstacles = [
    ...new Set([...policyObstacles(policy), ...jwtProvidersOf(policy, auth).flatMap(providerObstacles), ...ruleObstacles(policy, auth)]),
  ];
  const isPossible = obstacles.length === 0;
  switch (policy.enforce) {
    case 'companion':
      return { form: 'companion', obstacles, isBroken: false };
    case 'proxy':
      return { form: isPossible ? 'proxy' : 'companion', obstacles, isBroken: !isPossible };
    case 'auto':
      return { form: isPossible ? 'proxy' : 'companion', obstacles, isBroken: false };
    default:
      return policy.enforce satisfies never;
  }
}

function policyObstacles(policy: AuthPolicy): readonly string[] {
  return [
    ...(policy.mode === 'shadow' ? ['mode: shadow: Envoy has no dry run of tokens'] : []),
    ...(policy.onFailure === 'allow' ? ['onFailure: allow: Envoy cannot tell an outage from a bad token'] : []),
    ...(policy.resourceMetadata ? ['resourceMetadata: challenges name the host of each request'] : []),
  ];
}

/** Claims that are lists with most issuers; Envoy cannot join them as the companion does (H7). */
const LISTS: ReadonlySet<string> = new Set(['amr', 'aud', 'authorities', 'entitlements', 'groups', 'permissions', 'roles', 'scp']);

function providerObstacles({ name, from, keys, scopeClaim, forwardClaims }: JwtProvider): readonly string[] {
  const elsewhere = from.find((source) => source.kind !== 'header');
  const list = forwardClaims.find(({ claim }) => isSamePath(claim, scopeClaim) || LISTS.has(claim.at(-1) ?? ''));
  const dotted = forwardClaims.find(({ claim }) => claim.some((step) => step.includes('.')));
  return [
    ...(elsewhere === undefined ? [] : [`jwt ${name}: tokens in a ${elsewhere.kind}`]),
    ...(keys.kind === 'secret' ? [`jwt ${name}: HS algorithms, whose key must not reach proxies`] : []),
    ...(list === undefined ? [] : [`jwt ${name}: forwards the list ${list.claim.join('.')} as ${list.header}`]),
    ...(dotted === undefined ? [] : [`jwt ${name}: forwards a claim with a dot in its name as ${dotted.header}`]),
  ];
}

function ruleObstacles(policy: AuthPolicy, auth: AuthModel): readonly string[] {
  const leaves = leavesOf(policy.rule);
  const scopes = new Set(leaves.flatMap((leaf) => (leaf.kind === 'jwt' ? [askedScopes(leaf.requirements)] : [])));
  return [
    ...sharedHeaderObstacles(policy, auth),
    ...leaves.flatMap((leaf) => leafObstacles(leaf, policy, auth)),
    ...(scopes.size > MAX_SCOPES ? [`more than ${MAX_SCOPES} sets of scopes`] : []),
    ...(leaves.length > MAX_LEAVES ? [`more than ${MAX_LEAVES} conditions`] : []),
  ];
}

/** Each may have a limit of its own for the length of tokens (access.ts). */
const MAX_LIMITS = 5;

/** Each adds to all others (denials.ts). */
const MAX_LEAVES = 16;

function leafObstacles(leaf: AuthRule, policy: AuthPolicy, auth: AuthModel): readonly string[] {
  if (leaf.kind === 'jwt') {
    return auth.jwt.filter(({ name }) => leaf.providers.includes(name)).flatMap((provider) => scopeObstacles(provider, leaf.requirements));
  }
  if (leaf.kind === 'introspection') return [`introspection ${leaf.provider}: Envoy has no such filter`];
  if (leaf.kind === 'clientCertificate') return certificateObstacles(leaf.name, policy, auth);
  return leaf.kind === 'apiKeys' ? apiKeyObstacles(leaf, policy, auth) : [];
}

/** Envoy makes a list of a scope claim at the top only, and then no test sees its text. */
function scopeObstacles({ name, scopeClaim }: JwtProvider, { scopes, anyScope, claims }: Requirements): readonly string[] {
  const asksScopes = scopes.length + anyScope.length > 0;
  return [
    ...(asksScopes && scopeClaim.length > 1 ? [`jwt ${name}: the scopes are inside another claim`] : []),
    ...(claims.some(({ claim }) => isSamePath(claim, scopeClaim)) ? [`jwt ${name}: a claim test reads the scope claim`] : []),
  ];
}

function sharedHeaderObstacles(policy: AuthPolicy, auth: AuthModel): readonly string[] {
  return tokenHeadersOf(jwtProvidersOf(policy, auth)).flatMap(({ name, providers, prefixes }) => {
    const [first, ...rest] = providers;
    const differ = (what: (provider: JwtProvider) => unknown): boolean =>
      first !== undefined && rest.some((other) => what(other) !== what(first));
    return [
      ...(providers.length > MAX_LIMITS ? [`header ${name}: more than ${MAX_LIMITS} providers`] : []),
      ...(differ(({ keepCredential }) => keepCredential) ? [`header ${name}: providers that differ in credential`] : []),
      ...(prefixes.length > 1 ? [`header ${name}: several prefixes`] : []),
    ];
  });
}

function certificateObstacles(name: string, { rule }: AuthPolicy, { clientCertificates }: AuthModel): readonly string[] {
  const forward = clientCertificates.filter((certificate) => certificate.name === name).flatMap((certificate) => certificate.forward);
  const other = forward.find(({ part }) => part !== 'fingerprint');
  const isAlways = requiredOf(rule).some((leaf) => leaf.kind === 'clientCertificate' && leaf.name === name);
  return [
    ...(other === undefined ? [] : [`clientCertificate ${name}: forwards its ${other.part}`]),
    ...(forward.length > 0 && !isAlways ? [`clientCertificate ${name}: forwards a certificate that is one of several ways in`] : []),
  ];
}

/** The leaves that hold whenever the policy does, as far as lists of `allOf`, and of one, say so. */
export function requiredOf(rule: AuthRule): readonly AuthRule[] {
  const isEachNeeded = rule.kind === 'allOf' || (rule.kind === 'anyOf' && rule.rules.length === 1);
  return isEachNeeded ? rule.rules.flatMap(requiredOf) : [rule];
}

function apiKeyObstacles(leaf: Extract<AuthRule, { kind: 'apiKeys' }>, policy: AuthPolicy, auth: AuthModel): readonly string[] {
  const { source: name, requirements } = leaf;
  if (policy.enforce !== 'proxy') return [`apiKeys ${name}: the keys would stand in every proxy, which enforce: proxy alone allows`];
  const source = auth.apiKeys.find((each) => each.name === name);
  const alone =
    requiredOf(policy.rule).includes(leaf) &&
    leavesOf(policy.rule).every((each) => each === leaf || each.kind === 'ips' || each.kind === 'methods');
  return [
    ...(alone ? [] : [`apiKeys ${name}: beside other ways in`]),
    ...(requirements.claims.length > 0 ? [`apiKeys ${name}: tests of metadata`] : []),
    ...(source === undefined ? [] : sourceObstacles(source)),
  ];
}

function sourceObstacles({ name, from, consumers, consumerHeaders }: ApiKeySource): readonly string[] {
  const hashed = consumers.find(({ plain, digests }) => plain.length < Math.max(digests.length, 1));
  const ending = consumers.find(({ notAfterMs }) => notAfterMs !== undefined);
  return [
    ...(hashed === undefined ? [] : [`apiKeys ${name}: of ${hashed.name} only digests are known`]),
    ...(ending === undefined ? [] : [`apiKeys ${name}: the keys of ${ending.name} end by themselves`]),
    ...(consumerHeaders.length > 1 ? [`apiKeys ${name}: more than one header tells the consumer`] : []),
    ...(from.some(hasPrefix) ? [`apiKeys ${name}: a prefix before the key`] : []),
    ...(from.length > 1 ? [`apiKeys ${name}: several places`] : []),
  ];
}

function hasPrefix(source: CredentialSource): boolean {
  return source.kind === 'header' && source.prefix !== '';
}

function isSamePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index]);
}
