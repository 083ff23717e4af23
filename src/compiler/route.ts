// One item of a route's `matches` → one Envoy Route. All of them carry the route's name, which the access log shows.
import type { Listener, Route, RouteMatch } from '../model/types.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import type { Any } from '../proto/generated/google/protobuf/Any.ts';
import { compileIdentityStamps, IDENTITY_FILTER, type Stamp } from './auth/identity.ts';
import { compareText } from './compare-text.ts';
import { compileDirectResponse, withContentType } from './direct-response.ts';
import { compileHeaderChanges } from './headers.ts';
import { compileRouteLimits, type LimitFacts, type RouteLimitFields } from './limits/route-limits.ts';
import { compileRedirect, redirectTarget } from './redirect.ts';
import { compileRouteAction } from './route-action.ts';
import { type AuthFacts, compileRouteAuth } from './route-auth.ts';
import { compileRouteFilters } from './route-filters.ts';
import { compileRouteMatch } from './route-match.ts';
import type { ServiceFacts } from './service-facts.ts';

/** Where a route stands, as far as its message depends on it. */
export interface RouteContext {
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** Absent: the gateway has no auth. */
  readonly auth?: AuthFacts | undefined;
  /** Absent: the gateway has no limits. */
  readonly limits?: LimitFacts | undefined;
  readonly listener: Listener;
  /** Of the virtual host. */
  readonly hostname: string;
}

/** What a request's body may hold to be sent twice, by a retry or a mirror; the connection's buffer is smaller (32 KiB). */
const REPEATABLE_BODY_BYTES = 1_048_576;

export function compileRoute(route: Route, match: RouteMatch, context: RouteContext): RouteMessage {
  const { configs, metadata, removedHeaders, stamps = [], isUnresolved } = compileRouteAuth(route, match, context.auth);
  const limits = compileRouteLimits(route, context.limits, context.auth);
  const filters = {
    ...compileRouteFilters(route).typed_per_filter_config,
    ...configs,
    ...limits.configs,
    ...withQuota(stamps, limits.quota),
  };
  return {
    name: route.name,
    match: compileRouteMatch(match),
    ...(isUnresolved === true
      ? { direct_response: { status: 500 } }
      : withRateLimits(compileAction(without(route, [...removedHeaders, ...(limits.quota?.removed ?? [])]), match, context), limits.local)),
    ...(metadata === undefined ? {} : { metadata }),
    ...(Object.keys(filters).length === 0 ? {} : { typed_per_filter_config: filters }),
  };
}

/** One filter writes all that is said about a request by headers of ours. */
function withQuota(stamps: readonly Stamp[], quota: RouteLimitFields['quota']): Readonly<Record<string, Any>> {
  return quota === undefined ? {} : { [IDENTITY_FILTER]: compileIdentityStamps([...stamps, ...quota.stamps]) };
}

function withRateLimits(message: RouteMessage, limits: RouteLimitFields['local']): RouteMessage {
  return limits.length === 0 || !message.route ? message : { ...message, route: { ...message.route, rate_limits: [...limits] } };
}

/** What the route sets itself comes after what is removed. */
function without(route: Route, headers: readonly string[]): Route {
  if (headers.length === 0) return route;
  const remove = [...new Set([...route.requestHeaders.remove, ...headers])].sort(compareText);
  return { ...route, requestHeaders: { ...route.requestHeaders, remove } };
}

function compileAction(route: Route, match: RouteMatch, context: RouteContext): RouteMessage {
  const { action, requestHeaders, responseHeaders } = route;
  switch (action.kind) {
    case 'forward':
      return {
        route: compileRouteAction(action, match, context.services),
        ...compileHeaderChanges(requestHeaders, responseHeaders),
        ...(action.retry !== undefined || action.mirrors.length > 0 ? { request_body_buffer_limit: { value: REPEATABLE_BODY_BYTES } } : {}),
      };
    case 'redirect':
      return {
        redirect: compileRedirect(action, match, redirectTarget(action, context.listener, context.hostname)),
        ...compileHeaderChanges(requestHeaders, responseHeaders),
      };
    case 'respond':
      return {
        direct_response: compileDirectResponse(action),
        ...compileHeaderChanges(requestHeaders, withContentType(responseHeaders, action)),
      };
  }
}
