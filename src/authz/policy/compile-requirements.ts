// Scopes and claims that a proven identity must hold (M7): exact, by JSON type and value, nothing is converted.
import type { ProvenIdentity } from '../proven-identity.ts';
import { claimAt } from './claim-at.ts';
import type { Claims, ClaimTest, Requirements } from './settings.ts';
import { ALLOW, FAR, type Refusal, refusal, type Verdict } from './verdict.ts';

const MISMATCH = refusal('claim.mismatch', 'insufficient');

/** `ofToken`: a challenge may tell the caller which scopes to ask its issuer for (G8). */
export function compileRequirements(requirements: Requirements, ofToken: boolean): (identity: ProvenIdentity) => Verdict {
  const { allScopes, anyScopes } = requirements;
  const tests = requirements.claims.map(compileTest);
  const insufficient: Refusal = {
    value: 'deny',
    reason: 'scope.insufficient',
    far: FAR.insufficient,
    scope: (allScopes.length > 0 ? allScopes : anyScopes).join(' '),
    ...(ofToken ? { ofToken: true } : {}),
  };
  const asksScopes = allScopes.length + anyScopes.length > 0;
  if (!asksScopes && tests.length === 0) return () => ALLOW;
  return (identity) => {
    if (asksScopes) {
      const { scopes } = identity;
      for (const scope of allScopes) if (!scopes.has(scope)) return insufficient;
      if (anyScopes.length > 0 && !anyScopes.some((scope) => scopes.has(scope))) return insufficient;
    }
    for (const holds of tests) if (!holds(identity.facts.claims)) return MISMATCH;
    return ALLOW;
  };
}

function compileTest(test: ClaimTest): (claims: Claims) => boolean {
  const { claim } = test;
  switch (test.kind) {
    case 'equals': {
      const { value } = test;
      return (claims) => claimAt(claims, claim) === value;
    }
    case 'oneOf': {
      const values = new Set<unknown>(test.values);
      return (claims) => values.has(claimAt(claims, claim));
    }
    case 'prefix':
      return textTest(claim, (text) => text.startsWith(test.value));
    case 'suffix':
      return textTest(claim, (text) => text.endsWith(test.value));
    case 'contains': {
      const { value } = test;
      return (claims) => {
        const list = claimAt(claims, claim);
        return Array.isArray(list) && list.includes(value);
      };
    }
    case 'exists':
      return (claims) => claimAt(claims, claim) !== undefined;
    default:
      return test satisfies never;
  }
}

function textTest(claim: ClaimTest['claim'], holds: (text: string) => boolean): (claims: Claims) => boolean {
  return (claims) => {
    const value = claimAt(claims, claim);
    return typeof value === 'string' && holds(value);
  };
}
