// What a policy reads: its leaves and the providers behind them, as both forms need them.
import type { AuthModel, AuthPolicy, AuthRule, CredentialSource, JwtProvider } from '../../model/auth/types.ts';

/** The rules that ask something themselves, from left to right; what `not` wraps is among them. */
export function leavesOf(rule: AuthRule): readonly AuthRule[] {
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return rule.rules.flatMap(leavesOf);
  return rule.kind === 'not' ? leavesOf(rule.rule) : [rule];
}

/** Those whose tokens the policy reads, sorted by name. */
export function jwtProvidersOf({ rule }: AuthPolicy, { jwt }: AuthModel): readonly JwtProvider[] {
  const names = new Set(leavesOf(rule).flatMap((leaf) => (leaf.kind === 'jwt' ? leaf.providers : [])));
  return jwt.filter(({ name }) => names.has(name));
}

/** Where the policy looks for credentials. */
export function sourcesOf({ rule }: AuthPolicy, auth: AuthModel): readonly CredentialSource[] {
  const named = leavesOf(rule).flatMap((leaf): readonly { readonly from: readonly CredentialSource[] }[] => {
    if (leaf.kind === 'jwt') return auth.jwt.filter(({ name }) => leaf.providers.includes(name));
    if (leaf.kind === 'apiKeys') return auth.apiKeys.filter(({ name }) => name === leaf.source);
    return leaf.kind === 'introspection' ? auth.introspection.filter(({ name }) => name === leaf.provider) : [];
  });
  return named.flatMap(({ from }) => from);
}

export interface TokenHeader {
  readonly name: string;
  /** Sorted; `Bearer ` stands for `bearer ` too (A2). */
  readonly prefixes: readonly string[];
  readonly providers: readonly JwtProvider[];
}

/**
 * Providers that look into the same headers: a token is of one of them, as its issuer says (M6).
 * In the order of their first providers.
 */
export function providerGroupsOf(providers: readonly JwtProvider[]): readonly (readonly JwtProvider[])[] {
  let groups: readonly (readonly JwtProvider[])[] = [];
  for (const provider of providers) {
    const shared = groups.filter((group) => group.some((other) => shareHeader(other, provider)));
    groups = [...groups.filter((group) => !shared.includes(group)), [...shared.flat(), provider]];
  }
  return groups.toSorted((a, b) => providers.findIndex((each) => each === a[0]) - providers.findIndex((each) => each === b[0]));
}

/** Then jwt_authn itself says that a token is missing; else the rules do, for another way in may be open. */
export function isTokenAlone(policy: AuthPolicy, auth: AuthModel): boolean {
  return policy.rule.kind === 'jwt' && providerGroupsOf(jwtProvidersOf(policy, auth)).length === 1;
}

function shareHeader({ from: left }: JwtProvider, { from: right }: JwtProvider): boolean {
  return left.some((one) => right.some((other) => one.kind === other.kind && one.name === other.name));
}

/** The headers in which the policy looks for tokens, sorted by name. */
export function tokenHeadersOf(providers: readonly JwtProvider[]): readonly TokenHeader[] {
  const names = new Set(providers.flatMap(({ from }) => from.flatMap((source) => (source.kind === 'header' ? [source.name] : []))));
  return [...names].sort().map((name) => {
    const here = providers.filter(({ from }) => from.some((source) => source.kind === 'header' && source.name === name));
    const prefixes = here.flatMap(({ from }) =>
      from.flatMap((source) => (source.kind === 'header' && source.name === name ? [source.prefix] : [])),
    );
    return { name, prefixes: [...new Set(prefixes)].sort(), providers: here };
  });
}
