// Forwarding to services → Envoy's RouteAction.
import type { ForwardAction, RouteMatch, WeightedBackend } from '../model/types.ts';
import type { RouteAction } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';
import { compareText } from './compare-text.ts';
import { compileHashPolicy } from './hash-policy.ts';
import { compileMirror } from './mirror.ts';
import { nameOfService } from './names.ts';
import { compilePathRewrite } from './path-rewrite.ts';
import { compileRetryPolicy } from './retry-policy.ts';
import { compileTimeouts } from './route-timeout.ts';
import type { ServiceFacts } from './service-facts.ts';

/** `services` holds the facts of every backend, by name. */
export function compileRouteAction(action: ForwardAction, match: RouteMatch, services: ReadonlyMap<string, ServiceFacts>): RouteAction {
  const isGrpc = match.grpcOnly || action.backends.every((backend) => services.get(backend.service)?.isGrpc);
  return {
    ...compileBackends(action.backends, services),
    ...compilePathRewrite(action.rewrite?.pathRewrite, match.pathMatch),
    ...compileHostRewrite(action),
    ...compileTimeouts(action, isGrpc),
    ...(action.retry === undefined ? {} : { retry_policy: compileRetryPolicy(action.retry) }),
    ...(action.mirrors.length > 0 ? { request_mirror_policies: action.mirrors.map(compileMirror) } : {}),
  };
}

/** Sorted by name: the order of the list means nothing, but a hash would choose by it. */
function compileBackends(backends: readonly WeightedBackend[], services: ReadonlyMap<string, ServiceFacts>): Partial<RouteAction> {
  const [only, ...others] = backends;
  if (only !== undefined && others.length === 0) {
    return { cluster: nameOfService(only.service) };
  }
  const sorted = backends.toSorted((a, b) => compareText(a.service, b.service));
  const clusters = sorted.map((backend) => ({ name: nameOfService(backend.service), weight: { value: backend.weight } }));
  const hashKeys = new Map(
    sorted.map((backend) => services.get(backend.service)).map((facts) => [JSON.stringify(facts?.hashKey), facts?.hashKey]),
  );
  const policies = [...hashKeys.values()].filter((key) => key !== undefined).map(compileHashPolicy);
  return policies.length === 0
    ? { weighted_clusters: { clusters } }
    : { weighted_clusters: { clusters, use_hash_policy: { value: true } }, hash_policy: policies };
}

function compileHostRewrite({ rewrite }: ForwardAction): Partial<RouteAction> {
  if (rewrite?.host !== undefined) {
    return { host_rewrite_literal: rewrite.host };
  }
  return rewrite?.hostFromService === true ? { auto_host_rewrite: { value: true } } : {};
}
