// The limits that routes name: they must be there, and the route's auth must give what they count by (authz H12).

import { rulesIn } from '../auth/rules.ts';
import type { AuthModel, AuthPolicy } from '../auth/types.ts';
import { errorAt, type Report } from '../issue.ts';
import type { Route } from '../types.ts';
import type { Limit } from './types.ts';
import { type KnownLimits, reportUnknownLimit } from './unknown-limit.ts';

export interface RouteLimitTools extends KnownLimits {
  readonly auth: AuthModel | undefined;
}

/** Gives the names of limits that routes use. */
export function checkRouteLimits(routes: readonly Route[], tools: RouteLimitTools, report: Report): ReadonlySet<string> {
  const policies = new Map(tools.auth?.policies.map((policy) => [policy.name, policy]));
  const used = new Set<string>();
  for (const route of routes) {
    checkOneQuota(route, tools, report);
    checkLoneService(route, tools.limits, report);
    for (const [index, name] of (route.limits ?? []).entries()) {
      const path = [...route.path, 'rateLimits', index];
      if (used.has(name) && route.limits?.indexOf(name) !== index) {
        report(errorAt(path, 'CH2926', { message: `this route names "${name}" twice`, help: 'remove one of them' }));
        continue;
      }
      used.add(name);
      const limit = tools.limits.get(name);
      if (limit === undefined) reportUnknownLimit(name, { path, known: tools }, report);
      else
        checkIdentity(route, { limit, index, policy: route.auth?.kind === 'policy' ? policies.get(route.auth.policy) : undefined }, report);
    }
  }
  return used;
}

/** R214: a route says to its proxies which service it is, so it must be one. */
function checkLoneService({ path, action, limits: names = [] }: Route, limits: KnownLimits['limits'], report: Report): void {
  const index = names.findIndex((name) => {
    const limit = limits.get(name);
    return limit?.quota !== undefined && limit.parts.some(({ kind }) => kind === 'service');
  });
  if (index === -1 || action.kind !== 'forward' || action.backends.length === 1) return;
  report(
    errorAt([...path, 'rateLimits', index], 'CH2912', {
      message: `"${names[index]}" is divided by service, and this route has ${action.backends.length} of them`,
      help: 'write scope: shared in the limit, or a route for each service',
    }),
  );
}

/** R214: the first that matches would be the only one. */
function checkOneQuota(route: Route, { limits }: RouteLimitTools, report: Report): void {
  const [, second] = (route.limits ?? []).filter((name) => limits.get(name)?.quota !== undefined);
  if (second === undefined) return;
  report(
    errorAt([...route.path, 'rateLimits', route.limits?.indexOf(second) ?? 0], 'CH2912', {
      message: `a route has one limit of scope: quota, and "${second}" is its second`,
      help: 'write scope: shared in one of them',
    }),
  );
}

interface Use {
  readonly limit: Limit;
  readonly index: number;
  readonly policy: AuthPolicy | undefined;
}

function checkIdentity(route: Route, { limit, index, policy }: Use, report: Report): void {
  // Its mistake is told where the policy is named.
  if (route.auth?.kind === 'policy' && policy === undefined) return;
  const kinds = new Set(policy === undefined ? [] : rulesIn(policy.rule).map(({ kind }) => kind));
  const claim =
    limit.parts.find(({ kind }) => kind === 'jwt')?.part ?? (limit.limitFrom === undefined ? undefined : `jwt.${limit.limitFrom.claim}`);
  const lacking =
    claim !== undefined && !kinds.has('jwt') && !kinds.has('introspection')
      ? { part: claim, what: 'tokens', help: 'auth: {jwt: …}' }
      : limit.parts.some(({ kind }) => kind === 'apiKey') && !kinds.has('apiKeys')
        ? { part: 'apiKey.id', what: 'API keys', help: 'auth: {apiKeys: …}' }
        : undefined;
  if (lacking === undefined) return;
  report(
    errorAt([...route.path, 'rateLimits', index], 'CH2911', {
      message: `"${limit.name}" counts by ${lacking.part}, but this route takes no ${lacking.what}`,
      help: `write ${lacking.help} in the route, or name another limit`,
      related: [{ message: 'the limit is here', path: limit.path, at: 'key' }],
    }),
  );
}
