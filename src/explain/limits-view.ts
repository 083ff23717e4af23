// All limits of a route against one request, in the order in which Envoy asks them (ratelimit R201), with what one takes from another (R110).

import { rulesIn } from '../model/auth/rules.ts';
import type { AuthModel, AuthPolicy, AuthRule } from '../model/auth/types.ts';
import type { Limit } from '../model/limits/types.ts';
import type { Model } from '../model/types.ts';
import type { KeyFacts, LimitIdentity } from './key-value.ts';
import { type LimitView, limitView } from './limit-view.ts';
import { credentialIn } from './presented.ts';
import type { ExplainedRequest } from './request.ts';
import { tokenClaims } from './token-claims.ts';

/** Who asks or counts: filters of the chain, in their order. What is asked together is all or nothing. */
export const LIMIT_STEPS = ['early-allow', 'early-deny', 'local', 'fleet', 'main-allow', 'main-deny', 'quota'] as const;
export type LimitStep = (typeof LIMIT_STEPS)[number];

export function stepOf({ scope, per, phase, onFailure }: Limit): LimitStep {
  if (scope === 'quota') return 'quota';
  if (scope === 'local') return per === 'fleet' ? 'fleet' : 'local';
  return `${phase}-${onFailure}`;
}

export function limitViews({ limits }: Model, facts: KeyFacts): readonly LimitView[] {
  const { route } = facts;
  const known = new Map((limits?.limits ?? []).map((limit) => [limit.name, limit]));
  const views = (route.limits ?? []).flatMap((name, index) => {
    const limit = known.get(name);
    return limit === undefined ? [] : [limitView(limit, [...route.path, 'rateLimits', index], facts)];
  });
  return LIMIT_STEPS.flatMap((step) => withReplaced(views.filter(({ limit }) => stepOf(limit) === step)));
}

/** A limit that does not concern the request replaces nothing. */
function withReplaced(views: readonly LimitView[]): readonly LimitView[] {
  return views.map((view) => {
    const by = views.find(({ limit, outcome }) => limit.replaces.includes(view.limit.name) && outcome.kind !== 'skipped');
    if (by === undefined || view.outcome.kind === 'skipped') return view;
    // Whether the other one concerns the request is open where a part that it must have is.
    const isOpen = by.outcome.kind === 'open' && by.limit.whenMissing === 'skip' && by.key.some(({ value }) => value.kind === 'open');
    return { ...view, outcome: isOpen ? { kind: 'open' } : { kind: 'replaced', by: by.limit.name } };
  });
}

export interface IdentityQuestion {
  readonly request: ExplainedRequest;
  readonly token?: string;
}

/** What limits are told of who calls: of credentials that the route's policy reads. */
export function limitIdentity(
  policy: AuthPolicy | undefined,
  auth: AuthModel | undefined,
  { request, token }: IdentityQuestion,
): LimitIdentity {
  if (policy === undefined || auth === undefined) return {};
  const leaves = rulesIn(policy.rule);
  const names = (kind: AuthRule['kind']): readonly string[] => leaves.flatMap((leaf) => (leaf.kind === kind ? namesOf(leaf) : []));
  const providers = auth.jwt.filter(({ name }) => names('jwt').includes(name));
  const jwt = token ?? providers.flatMap(({ from }) => credentialIn(from, request) ?? []).at(0);
  const claims = providers.length === 0 || jwt === undefined ? undefined : tokenClaims(jwt);
  const isAsked = (kind: 'apiKeys' | 'introspection'): boolean =>
    auth[kind].some(({ name, from }) => names(kind).includes(name) && credentialIn(from, request) !== undefined);
  return {
    ...(claims === undefined ? {} : { claims }),
    unknown: {
      ...(isAsked('introspection') ? { claims: 'the request carries a token that only its issuer can tell about' } : {}),
      ...(isAsked('apiKeys') ? { consumer: 'the request carries an API key; only the gateway can tell whose it is' } : {}),
    },
  };
}

function namesOf(leaf: AuthRule): readonly string[] {
  if (leaf.kind === 'jwt') return leaf.providers;
  if (leaf.kind === 'apiKeys') return [leaf.source];
  return leaf.kind === 'introspection' ? [leaf.provider] : [];
}
