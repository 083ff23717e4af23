// The metadata of protected resources (RFC 9728), which challenges lead to: one public route beside each that a policy with `resourceMetadata`
// protects, answered by Envoy itself (authz G8).
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import type { Model, Route, RouteMatch } from '../model/types.ts';
import { leavesOf } from './auth/policy-parts.ts';
import { compareText } from './compare-text.ts';
import { literalText } from './substitution-text.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** What follows the well-known path, by which a match is known; undefined for matches that no one path names. */
export function resourceOf({ pathMatch }: RouteMatch): string | undefined {
  if (pathMatch === undefined) return '';
  if (pathMatch.kind !== 'exact' && pathMatch.kind !== 'prefix') return undefined;
  return pathMatch.value === '/' ? '' : pathMatch.value;
}

/** Sorted with the others by name; an unchanged route gives the same object again. */
export function createResourceMetadata(): (model: Model) => readonly Route[] {
  const made = new WeakMap<Route, { readonly key: string; readonly routes: readonly Route[] }>();
  const routesOf = (route: Route, policy: AuthPolicy, auth: AuthModel): readonly Route[] => {
    const key = describe(policy, auth);
    const known = made.get(route);
    if (known?.key === key) return known.routes;
    const routes = compileRoutes(route, key);
    made.set(route, { key, routes });
    return routes;
  };
  return ({ routes, auth }) => {
    const telling = new Map(auth?.policies.filter(({ resourceMetadata }) => resourceMetadata).map((policy) => [policy.name, policy]));
    if (auth === undefined || telling.size === 0) return routes;
    const more = routes.flatMap((route) => {
      const policy = route.auth?.kind === 'policy' ? telling.get(route.auth.policy) : undefined;
      return policy === undefined ? [] : routesOf(route, policy, auth);
    });
    return [...routes, ...more].sort((a, b) => compareText(a.name, b.name));
  };
}

/** The members but for the resource itself, as the inside of a JSON object. */
function describe({ rule }: AuthPolicy, auth: AuthModel): string {
  const leaves = leavesOf(rule);
  const jwt = new Set(leaves.flatMap((leaf) => (leaf.kind === 'jwt' ? leaf.providers : [])));
  const asked = new Set(leaves.flatMap((leaf) => (leaf.kind === 'introspection' ? [leaf.provider] : [])));
  const providers = [...auth.jwt.filter(({ name }) => jwt.has(name)), ...auth.introspection.filter(({ name }) => asked.has(name))];
  const scopes = leaves.flatMap((leaf) =>
    leaf.kind === 'jwt' || leaf.kind === 'introspection' ? [...leaf.requirements.scopes, ...leaf.requirements.anyScope] : [],
  );
  const inHeader = providers.some(({ from }) => from.some((source) => source.kind === 'header' && source.name === 'authorization'));
  return JSON.stringify({
    authorization_servers: [...new Set(providers.map(({ issuer }) => issuer))].sort(),
    ...(scopes.length === 0 ? {} : { scopes_supported: [...new Set(scopes)].sort() }),
    ...(inHeader ? { bearer_methods_supported: ['header'] } : {}),
  }).slice(1, -1);
}

function compileRoutes(route: Route, members: string): readonly Route[] {
  const paths = new Set(route.matches.flatMap((match) => resourceOf(match) ?? []));
  return [...paths].map((resource): Route => {
    const path = JSON.stringify(literalText(resource)).slice(1, -1);
    return {
      name: `resource-metadata/${route.name}`,
      path: route.path,
      listeners: route.listeners,
      hostnames: route.hostnames,
      matches: [
        {
          path: route.path,
          pathMatch: { kind: 'exact', value: `${WELL_KNOWN}${resource}` },
          methods: ['GET', 'HEAD'],
          headers: [],
          query: [],
          grpcOnly: false,
        },
      ],
      priority: route.priority,
      action: {
        kind: 'respond',
        status: 200,
        contentType: 'application/json',
        format: `{"resource":"https://%REQ(:AUTHORITY)%${path}",${literalText(members)}}\n`,
      },
      requestHeaders: NO_CHANGES,
      responseHeaders: NO_CHANGES,
      auth: { kind: 'none' },
    };
  });
}

const NO_CHANGES = { set: {}, add: {}, remove: [] };
