// What a route's `auth` becomes in its message: the filters it switches on, what answers and logs read of it, and the headers that it removes.
import type { Route, RouteMatch } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { Metadata } from '../proto/generated/envoy/config/core/v3/Metadata.ts';
import type { Any } from '../proto/generated/google/protobuf/Any.ts';
import type { Value } from '../proto/generated/google/protobuf/Value.ts';
import type { CompiledPolicy } from './auth/compiled-policy.ts';
import { type PathAllowance, pathPolicies } from './auth/hygiene.ts';
import type { Stamp } from './auth/identity.ts';
import { compileDenials, HYGIENE_FILTER } from './auth/rbac-filters.ts';
import { compareText } from './compare-text.ts';
import { nameOfFilterSlot } from './names.ts';
import { resourceOf } from './resource-metadata.ts';

/** What routes must know of the gateway's auth; the same object as long as it says the same. */
export interface AuthFacts {
  readonly gateway: string;
  /** Sorted. */
  readonly identityHeaders: readonly string[];
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
  /** What paths may hold, by name of the listener. */
  readonly paths: ReadonlyMap<string, PathAllowance>;
}

/** Namespace of what routes tell about themselves. */
export const ROUTE_METADATA = 'chancery';

export interface RouteAuthFields {
  readonly configs: Readonly<Record<string, Any>>;
  readonly metadata?: Metadata;
  readonly removedHeaders: readonly string[];
  /** Of the identity filter, already in `configs`. */
  readonly stamps?: readonly Stamp[];
  /** Names a policy that is not known: never a way in (M2). */
  readonly isUnresolved?: true;
}

const NOTHING: RouteAuthFields = { configs: {}, removedHeaders: [] };
const UNRESOLVED: RouteAuthFields = { ...NOTHING, isUnresolved: true };

export function compileRouteAuth(route: Route, match: RouteMatch, facts: AuthFacts | undefined): RouteAuthFields {
  const isProtected = route.auth?.kind === 'policy';
  if (facts === undefined) return isProtected ? UNRESOLVED : NOTHING;
  const compiled = policyOf(route, facts);
  if (compiled === undefined && isProtected) return UNRESOLVED;
  // Nothing is stamped on public routes: a second wall behind the filter, for internal redirects (H2).
  if (compiled === undefined) return { configs: publicConfigs(route, facts), removedHeaders: facts.identityHeaders };
  const { policy, form, version, slot, configs, challenges, removedHeaders } = compiled;
  const resource = policy.resourceMetadata ? resourceOf(match) : undefined;
  const extensions = {
    'chancery.policy': `${facts.gateway}/${policy.name}`,
    'chancery.version': version,
    'chancery.route': route.name,
    ...(resource === undefined ? {} : { 'chancery.resource': resource }),
  };
  return {
    configs:
      slot === undefined
        ? configs
        : {
            ...configs,
            [nameOfFilterSlot(slot)]: any('envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute', {
              check_settings: { context_extensions: extensions },
            }),
          },
    metadata: metadataOf({ route: route.name, policy: policy.name, version, form }, challenges),
    removedHeaders,
    stamps: compiled.stamps,
  };
}

/** What a backend could read as the path of a protected route must not come in by a public one, such as `/public/..;/admin` (C3, T3). */
function publicConfigs(route: Route, facts: AuthFacts): RouteAuthFields['configs'] {
  if (route.action.kind !== 'forward') return {};
  const policies = pathPolicies(publicPaths(route, facts));
  return { [HYGIENE_FILTER]: compileDenials(policies) };
}

/** The most that any of its listeners allows. */
function publicPaths({ listeners }: Route, { paths }: AuthFacts): PathAllowance {
  const here = listeners.flatMap((name) => paths.get(name) ?? []);
  return {
    escapedSlashes: here.some(({ escapedSlashes }) => escapedSlashes),
    parameters: here.some(({ parameters }) => parameters),
  };
}

/** Equal where `compileRouteAuth` gives equal fields. */
export function routeAuthKey(route: Route, facts: AuthFacts | undefined): string {
  if (facts === undefined) return route.auth?.kind === 'policy' ? 'unresolved' : '';
  if (route.auth?.kind === 'policy' && !facts.policies.has(route.auth.policy)) return 'unresolved';
  const { escapedSlashes, parameters } = publicPaths(route, facts);
  return policyOf(route, facts)?.key ?? `public ${escapedSlashes} ${parameters} ${facts.identityHeaders.join(' ')}`;
}

function policyOf({ auth }: Route, { policies }: AuthFacts): CompiledPolicy | undefined {
  return auth?.kind === 'policy' ? policies.get(auth.policy) : undefined;
}

function metadataOf(texts: Readonly<Record<string, string>>, challenges: Readonly<Record<string, string>>): Metadata {
  const fields = {
    ...fieldsOf(texts),
    ...(Object.keys(challenges).length === 0 ? {} : { challenges: { struct_value: { fields: fieldsOf(challenges) } } }),
  };
  return { filter_metadata: { [ROUTE_METADATA]: { fields } } };
}

function fieldsOf(texts: Readonly<Record<string, string>>): Record<string, Value> {
  const names = Object.keys(texts).sort(compareText);
  return Object.fromEntries(names.map((name) => [name, { string_value: texts[name] ?? '' }]));
}
