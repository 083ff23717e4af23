// Who may call each route (authz M12): read from the model alone, for `validate` and `explain`.
import type { AuthPolicy, AuthRule } from '../model/auth/types.ts';
import type { Model, Route } from '../model/types.ts';

/** From the weakest to the strongest. `shadow` lets everybody pass. */
export type Coverage = 'public' | 'shadow' | 'anonymous' | 'authenticated';

export interface RouteCoverage {
  readonly route: Route;
  readonly coverage: Coverage;
  readonly policy?: AuthPolicy;
  /** All scopes that some identity needs, sorted. */
  readonly scopes: readonly string[];
  /** The route says nothing itself. */
  readonly isInherited: boolean;
}

/** In the order of the routes. */
export function routeCoverage({ routes, auth }: Model): readonly RouteCoverage[] {
  const policies = new Map((auth?.policies ?? []).map((policy) => [policy.name, policy]));
  return routes.map((route): RouteCoverage => {
    const policy = route.auth?.kind === 'policy' ? policies.get(route.auth.policy) : undefined;
    if (policy === undefined) return { route, coverage: 'public', scopes: [], isInherited: false };
    return {
      route,
      policy,
      coverage: coverageOf(policy),
      scopes: scopesOf(policy.rule),
      isInherited: route.auth?.kind === 'policy' && route.auth.inherited === true,
    };
  });
}

function coverageOf({ mode, rule }: AuthPolicy): Coverage {
  if (mode === 'shadow') return 'shadow';
  return isOpenToStrangers(rule) ? 'anonymous' : 'authenticated';
}

/** Whether somebody without any credential can pass, from some address and with some method. */
function isOpenToStrangers(rule: AuthRule): boolean {
  switch (rule.kind) {
    case 'jwt':
    case 'apiKeys':
    case 'introspection':
    case 'clientCertificate':
      return false;
    case 'ips':
    case 'methods':
    case 'anonymous':
    case 'not':
      return true;
    case 'allOf':
      return rule.rules.every(isOpenToStrangers);
    case 'anyOf':
      return rule.rules.some(isOpenToStrangers);
  }
}

function scopesOf(rule: AuthRule): readonly string[] {
  return [...new Set(scopesIn(rule))].sort();
}

function scopesIn(rule: AuthRule): readonly string[] {
  switch (rule.kind) {
    case 'jwt':
    case 'apiKeys':
    case 'introspection':
      return [...rule.requirements.scopes, ...rule.requirements.anyScope];
    case 'allOf':
    case 'anyOf':
      return rule.rules.flatMap(scopesIn);
    case 'clientCertificate':
    case 'ips':
    case 'methods':
    case 'anonymous':
    case 'not':
      return [];
  }
}
