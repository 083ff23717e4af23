// The rule of a policy → when Envoy denies and for which reason: the three-valued tree of the companion (M3, G9), over what jwt_authn has
// proven. What a credential's own filter refuses never gets here, so nothing is unknown.
import type { AuthModel, AuthPolicy, AuthRule, ClaimTest, JwtProvider, Requirements, Scalar } from '../../model/auth/types.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import type { ValueMatcher } from '../../proto/generated/envoy/type/matcher/v3/ValueMatcher.ts';
import { jwtProvidersOf, leavesOf, providerGroupsOf } from './policy-parts.ts';
import { ALWAYS, allOf, anyOf, comesFrom, headerMatches, NEVER, not, PRESENT, showsCertificate, tokenHas } from './principal.ts';

export type RuleDenial =
  | 'jwt.missing'
  | 'jwt.issuer'
  | 'cert.missing'
  | 'cert.notAllowed'
  | 'ip.denied'
  | 'method.denied'
  | 'scope.insufficient'
  | 'claim.mismatch';

/** Steps of a caller, from what is simply no branch for him to what he lacks (G9). */
const FAR = { excluded: 0, missing: 1, invalid: 2, insufficient: 3 } as const;

interface Denial {
  readonly reason: RuleDenial;
  readonly far: number;
  readonly when: Principal;
  /** The scopes that a caller should ask its issuer for, joined by spaces. */
  readonly scope?: string;
}

/** Exactly one of the denials is true where `holds` is not. */
interface Verdict {
  readonly holds: Principal;
  readonly denials: readonly Denial[];
}

interface Facts {
  readonly auth: AuthModel;
  readonly providers: readonly JwtProvider[];
  /** Any credential that the policy reads is there. */
  readonly credential: Principal;
}

export interface RuleDenials {
  readonly holds: Principal;
  /** One for each reason, and for scopes one for each set that is asked for; where the rule does not hold, exactly one is true. */
  readonly denials: readonly { readonly reason: RuleDenial; readonly scope?: string; readonly when: Principal }[];
}

export function denialsOf(policy: AuthPolicy, auth: AuthModel): RuleDenials {
  const providers = jwtProvidersOf(policy, auth);
  const token = anyOf(providers.map(hasToken));
  const readsCertificate = leavesOf(policy.rule).some(({ kind }) => kind === 'clientCertificate');
  const credential = anyOf([token, ...(readsCertificate ? [showsCertificate()] : [])]);
  const { holds, denials } = verdictOf(policy.rule, { auth, providers, credential });
  const told = new Map<string, Denial>();
  for (const denial of denials) {
    const key = `${denial.reason} ${denial.scope ?? ''}`;
    told.set(key, { ...denial, when: anyOf([told.get(key)?.when ?? NEVER, denial.when]) });
  }
  return { holds, denials: [...told.values()] };
}

export function hasToken({ name }: Pick<JwtProvider, 'name'>): Principal {
  return tokenHas([name], PRESENT);
}

function verdictOf(rule: AuthRule, facts: Facts): Verdict {
  switch (rule.kind) {
    case 'jwt':
      return tokenVerdict(rule.providers, rule.requirements, facts);
    case 'clientCertificate':
      return certificateVerdict(rule.name, facts);
    case 'ips': {
      const cidrs = facts.auth.ipLists.filter(({ name }) => rule.lists.includes(name)).flatMap((list) => list.cidrs);
      return simple(anyOf(cidrs.map(comesFrom)), 'ip.denied');
    }
    case 'methods':
      return simple(anyOf(rule.methods.map((method) => headerMatches(':method', { exact: method }))), 'method.denied');
    case 'anonymous':
      return { holds: not(facts.credential), denials: [{ reason: 'claim.mismatch', far: FAR.excluded, when: facts.credential }] };
    case 'allOf':
      return joined(
        rule.rules.map((each) => verdictOf(each, facts)),
        'allOf',
      );
    case 'anyOf':
      return joined(
        rule.rules.map((each) => verdictOf(each, facts)),
        'anyOf',
      );
    case 'not':
      return simple(not(verdictOf(rule.rule, facts).holds), rule.rule.kind === 'methods' ? 'method.denied' : 'ip.denied');
    case 'apiKeys':
    case 'introspection':
      // A filter of its own has let the request pass, or the policy has no compiled form at all.
      return { holds: ALWAYS, denials: [] };
    default:
      return rule satisfies never;
  }
}

function simple(holds: Principal, reason: RuleDenial): Verdict {
  return { holds, denials: [{ reason, far: FAR.insufficient, when: not(holds) }] };
}

function certificateVerdict(name: string, { auth }: Facts): Verdict {
  const sans = auth.clientCertificates.filter((rule) => rule.name === name).flatMap((rule) => rule.sans);
  const shown = showsCertificate();
  const holds = anyOf(sans.map(showsCertificate));
  return {
    holds,
    denials: [
      { reason: 'cert.missing', far: FAR.missing, when: not(shown) },
      { reason: 'cert.notAllowed', far: FAR.insufficient, when: allOf([shown, not(holds)]) },
    ],
  };
}

function tokenVerdict(names: readonly string[], requirements: Requirements, { providers }: Facts): Verdict {
  const mine = providers.filter(({ name }) => names.includes(name));
  // Only a token in a place where this rule looks is one of another issuer.
  const near = providerGroupsOf(providers)
    .filter((group) => group.some((provider) => mine.includes(provider)))
    .flat();
  const token = anyOf(near.map(hasToken));
  const other = mine.length < near.length;
  const here = anyOf(mine.map(hasToken));
  const scoped = anyOf(mine.map((provider) => withToken(provider, scopeTests(provider, requirements))));
  const holds = anyOf(
    mine.map((provider) => withToken(provider, [...scopeTests(provider, requirements), ...claimTests(provider, requirements)])),
  );
  const asksScopes = requirements.scopes.length + requirements.anyScope.length > 0;
  return {
    holds,
    denials: [
      { reason: 'jwt.missing', far: FAR.missing, when: not(token) },
      ...(other ? [{ reason: 'jwt.issuer', far: FAR.invalid, when: allOf([token, not(here)]) } as const] : []),
      ...(asksScopes
        ? [
            {
              reason: 'scope.insufficient',
              scope: askedScopes(requirements),
              far: FAR.insufficient,
              when: allOf([not(scoped), here]),
            } as const,
          ]
        : []),
      ...(requirements.claims.length > 0
        ? [{ reason: 'claim.mismatch', far: FAR.insufficient, when: allOf([scoped, not(holds)]) } as const]
        : []),
    ],
  };
}

/** Challenges name what was missing; each set has a place in the answers that listeners keep (local-replies.ts). */
export const MAX_SCOPES = 4;

export function askedScopes({ scopes, anyScope }: Requirements): string {
  return (scopes.length > 0 ? scopes : anyScope).join(' ');
}

/** What a token holds, it must be there for. */
function withToken(provider: JwtProvider, tests: readonly Principal[]): Principal {
  return tests.length === 0 ? hasToken(provider) : allOf(tests);
}

function scopeTests({ name, scopeClaim }: JwtProvider, { scopes, anyScope }: Requirements): readonly Principal[] {
  const has = (scope: string): Principal => tokenHas([name, ...scopeClaim], scopeMatcher(scope));
  return [...scopes.map(has), ...(anyScope.length > 0 ? [anyOf(anyScope.map(has))] : [])];
}

/** Of a list, or of a text between spaces. `normalize_payload_in_metadata` would make lists of texts, by one more copy of all claims. */
function scopeMatcher(scope: string): ValueMatcher {
  const texts: readonly StringMatcher[] = [{ exact: scope }, { prefix: `${scope} ` }, { suffix: ` ${scope}` }, { contains: ` ${scope} ` }];
  const list: ValueMatcher = { list_match: { one_of: { string_match: { exact: scope } } } };
  return { or_match: { value_matchers: [...texts.map((string_match) => ({ string_match })), list] } };
}

function claimTests({ name }: JwtProvider, { claims }: Requirements): readonly Principal[] {
  return claims.map((test) => tokenHas([name, ...test.claim], claimMatcher(test)));
}

/** JSON type and value (M7): matchers of one type never fit a value of another. */
function claimMatcher(test: ClaimTest): ValueMatcher {
  switch (test.kind) {
    case 'equals':
      return scalarMatcher(test.value);
    case 'oneOf': {
      const [only = '', ...others] = test.values;
      return others.length === 0 ? scalarMatcher(only) : { or_match: { value_matchers: test.values.map(scalarMatcher) } };
    }
    case 'prefix':
      return test.value === '' ? { string_match: { safe_regex: { regex: '(?s).*' } } } : { string_match: { prefix: test.value } };
    case 'suffix':
      return test.value === '' ? { string_match: { safe_regex: { regex: '(?s).*' } } } : { string_match: { suffix: test.value } };
    case 'contains':
      return { list_match: { one_of: scalarMatcher(test.value) } };
    case 'exists':
      return PRESENT;
    default:
      return test satisfies never;
  }
}

function scalarMatcher(value: Scalar): ValueMatcher {
  if (typeof value === 'string') return { string_match: { exact: value } };
  return typeof value === 'number' ? { double_match: { exact: value } } : { bool_match: value };
}

/** `allOf` tells the denial that came least far, `anyOf` the furthest; of equals the first in the file. */
function joined(verdicts: readonly Verdict[], kind: 'allOf' | 'anyOf'): Verdict {
  const denials = verdicts.flatMap((verdict, index) =>
    verdict.denials.map((denial) => ({
      ...denial,
      when: allOf([
        denial.when,
        ...others(verdicts, index).map(({ verdict: other, isBefore }) => yields(other, { denial, isBefore, kind })),
      ]),
    })),
  );
  const holds = verdicts.map((verdict) => verdict.holds);
  return { holds: kind === 'allOf' ? allOf(holds) : anyOf(holds), denials };
}

interface Other {
  readonly verdict: Verdict;
  readonly isBefore: boolean;
}

function others(verdicts: readonly Verdict[], index: number): readonly Other[] {
  return verdicts.flatMap((verdict, at) => (at === index ? [] : [{ verdict, isBefore: at < index }]));
}

/** The other branch lets this denial be told. */
function yields(
  { denials }: Verdict,
  { denial, isBefore, kind }: { readonly denial: Denial; readonly isBefore: boolean; readonly kind: 'allOf' | 'anyOf' },
): Principal {
  const wins = ({ far }: Denial): boolean => {
    if (far === denial.far) return isBefore;
    return kind === 'allOf' ? far < denial.far : far > denial.far;
  };
  return kind === 'allOf'
    ? not(anyOf(denials.filter(wins).map(({ when }) => when)))
    : anyOf(denials.filter((each) => !wins(each)).map(({ when }) => when));
}
