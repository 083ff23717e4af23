import { describe, expect, test } from 'vitest';
import { decodePolicy } from '../../../src/authz/policy/decode-policy.ts';
import { reasonFacts } from '../../../src/authz/reason.ts';
import { COMPILED_DENIALS, DENIALS } from '../../../src/compiler/auth/denial-facts.ts';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { keyedResources } from '../../../src/compiler/filters/jwt-keys.ts';
import type { CompiledResource } from '../../../src/compiler/types.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { AuthModel } from '../../../src/model/auth/types.ts';
import type { Model, Route } from '../../../src/model/types.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { policyVersion } from '../../../src/proto/policy-version.ts';
import { aJwtProvider, allOf, anAuthModel, anyOf, aPolicy, byToken, fromLists } from '../../support/auth-model.ts';
import { aModel, aRoute, aService } from '../../support/model-builder.ts';

const api = loadEnvoyApi();
const compiler = (): ReturnType<typeof createCompiler> => createCompiler({ versionOf: (policy) => policyVersion(api, policy) });

const REMOTE = aJwtProvider({
  keys: { kind: 'url', url: 'https://id.test/jwks', cacheForMs: 300_000, timeoutMs: 2000, serveStaleForMs: 3_600_000 },
  forwardClaims: [{ header: 'x-user-id', claim: ['sub'] }],
});
const HS = aJwtProvider({
  name: 'hs',
  issuer: 'https://hs.test/',
  algorithms: ['HS256'],
  keys: { kind: 'secret', secret: new Secret('canary-secret') },
});
const AUTH: AuthModel = anAuthModel({
  jwt: [HS, REMOTE],
  apiKeys: [
    {
      name: 'partners',
      path: ['apiKeys', 'partners'],
      from: [{ kind: 'header', name: 'x-api-key', prefix: '' }],
      pepper: new Secret('canary-pepper'),
      consumerHeaders: ['x-client'],
      keepCredential: false,
      consumers: [{ name: 'acme', path: [], digests: [`hmac:${'0'.repeat(64)}`], plain: [], scopes: ['read'], metadata: { tier: 'gold' } }],
    },
  ],
  ipLists: [{ name: 'office', path: [], cidrs: ['203.0.113.0/24'] }],
  identityHeaders: ['x-client', 'x-user-id'],
  policies: [
    aPolicy(
      'asked',
      allOf(
        anyOf(byToken('hs'), { kind: 'apiKeys', path: [], source: 'partners', requirements: { scopes: [], anyScope: [], claims: [] } }),
        fromLists('office'),
      ),
    ),
    aPolicy('compiled', byToken('main', { scopes: ['read'] })),
    aPolicy('open', byToken('hs'), { onFailure: 'allow' }),
    aPolicy('unused', byToken('hs')),
  ],
});
const protectedBy = (policy: string): Route => aRoute(`by-${policy}`, { auth: { kind: 'policy', policy, path: [] } });
const services = ['by-asked', 'by-compiled', 'by-open', 'public'].map((name) => aService(name));
const PUBLIC = aRoute('public', { auth: { kind: 'none' } });
const MODEL = aModel({ auth: AUTH, services, routes: [protectedBy('asked'), protectedBy('compiled'), protectedBy('open'), PUBLIC] });

function resourcesOf(model: Model): ReadonlyMap<string, CompiledResource> {
  return new Map(
    compiler()
      .compile(model)
      .resources.map((resource) => [`${resource.kind} ${resource.name.replace(/@[0-9a-f]{16}$/, '@V')}`, resource]),
  );
}

function routeOf(
  model: Model,
  name: string,
): NonNullable<
  NonNullable<Extract<CompiledResource, { kind: 'RouteConfiguration' }>['message']['virtual_hosts']>[number]['routes']
>[number] {
  const resource = resourcesOf(model).get('RouteConfiguration routes/http');
  const routes = resource?.kind === 'RouteConfiguration' ? (resource.message.virtual_hosts ?? []).flatMap((host) => host.routes ?? []) : [];
  return routes.find((route) => route.name === name) ?? {};
}

describe('resources', () => {
  test('authz S4, D4: the key of subjects’ hashes is a secret of companions, where there is something for them to decide', () => {
    const keyed = (routes: readonly Route[]) => {
      const companion = { ...AUTH.companion, keySecret: new Secret('of-all-companions') };
      return resourcesOf(aModel({ auth: { ...AUTH, companion }, services, routes })).get('Secret secret/subjects');
    };
    expect(keyed([protectedBy('open')])).toMatchObject({ message: { generic_secret: { secret: { inline_string: 'of-all-companions' } } } });
    expect(keyed([protectedBy('compiled'), PUBLIC])).toBeUndefined();
  });

  test('authz D2, D4: companions get the policies in use, key sets and secrets by name, and proxies a cluster without endpoints', () => {
    const names = [...resourcesOf(MODEL).keys()].filter((name) => /AuthPolicy|ApiKeySet|Secret|companion/.test(name));
    expect(names).toEqual([
      'AuthPolicy edge/asked@V',
      'AuthPolicy edge/open@V',
      'ApiKeySet edge/partners',
      'Cluster companion/authz',
      'ClusterLoadAssignment companion/authz',
      'Secret secret/jwt/hs',
      'Secret secret/apiKeys/partners',
    ]);
    expect(resourcesOf(MODEL).get('ClusterLoadAssignment companion/authz')?.message).toEqual({ cluster_name: 'companion/authz' });
  });

  test('authz D2, D3: what companions read is what was written, and holds no secret', () => {
    for (const resource of resourcesOf(MODEL).values()) {
      if (resource.kind !== 'AuthPolicy') continue;
      const bytes = api.encode('chancery.policy.v1.AuthPolicy', resource.message);
      expect(decodePolicy(api, resource.name, bytes)).toMatchObject({
        gateway: 'edge',
        mode: 'enforce',
        identityHeaders: ['x-client', 'x-user-id'],
      });
      expect(bytes.toString('latin1')).not.toMatch(/canary/);
    }
  });

  test('every resource is one that Envoy and companions take', () => {
    for (const { kind, message } of compiler().compile(MODEL).resources) {
      if (kind === 'TypedExtensionConfig') expect(api.check('envoy.config.core.v3.TypedExtensionConfig', message)).toEqual([]);
      if (kind === 'Cluster') expect(api.check('envoy.config.cluster.v3.Cluster', message)).toEqual([]);
      if (kind === 'RouteConfiguration') expect(api.check('envoy.config.route.v3.RouteConfiguration', message)).toEqual([]);
      if (kind === 'Listener') expect(api.check('envoy.config.listener.v3.Listener', message)).toEqual([]);
    }
  });

  test('O5: a refused policy, and a refused provider of the filter, are found where they were written', () => {
    const { sourceMap, resources, jwt } = compiler().compile(MODEL);
    const policy = resources.find(({ kind }) => kind === 'AuthPolicy');
    expect(sourceMap.find('AuthPolicy', policy?.name ?? '')).toEqual(['policies', 'asked']);
    const id = jwt?.providers[0]?.id ?? '';
    expect(sourceMap.find('TypedExtensionConfig', 'filter/jwt', ['typed_config', 'providers', id, 'issuer'])).toEqual(['jwt', 'main']);
  });
});

describe('routes', () => {
  test('G1: a companion is told policy, version and route', () => {
    const configs = routeOf(MODEL, 'by-asked').typed_per_filter_config ?? {};
    expect(Object.keys(configs)).toEqual(['filter/hygiene', 'filter/identity', 'filter/authz']);
    expect(JSON.stringify(configs['filter/authz'])).toMatch(
      /"chancery.policy":"edge\/asked","chancery.version":"[0-9a-f]{16}","chancery.route":"by-asked"/,
    );
    expect(Object.keys(routeOf(MODEL, 'by-open').typed_per_filter_config ?? {})).toContain('filter/authz-open');
  });

  test('C6: a compiled policy names its requirement by its version; the credential goes (H8)', () => {
    const route = routeOf(MODEL, 'by-compiled');
    expect(Object.keys(route.typed_per_filter_config ?? {})).toEqual(['filter/hygiene', 'filter/identity', 'filter/jwt', 'filter/rbac']);
    expect(JSON.stringify(route.typed_per_filter_config?.['filter/jwt'])).toMatch(/"requirement_name":"compiled@[0-9a-f]{16}"/);
    expect(route.request_headers_to_remove).toEqual(['authorization', 'x-chancery-header-bytes']);
  });

  test('H2: public routes remove the identity headers once more', () => {
    expect(routeOf(MODEL, 'public').request_headers_to_remove).toEqual(['x-client', 'x-user-id']);
  });

  test('M2: a route whose policy is not there, and one of a gateway without auth, is a direct 500', () => {
    expect(routeOf({ ...MODEL, auth: { ...AUTH, policies: [] } }, 'by-asked')).toMatchObject({ direct_response: { status: 500 } });
    const { auth: _, ...without } = MODEL;
    expect(routeOf(without, 'by-asked')).toMatchObject({ direct_response: { status: 500 } });
  });

  test('authz D2: a policy that says something else is another version, and only its routes change', () => {
    const changed = {
      ...AUTH,
      policies: AUTH.policies.map((policy) =>
        policy.name === 'compiled' ? { ...policy, rule: byToken('main', { scopes: ['write'] }) } : policy,
      ),
    };
    const next = { ...MODEL, auth: changed };
    expect(routeOf(next, 'by-compiled')).not.toEqual(routeOf(MODEL, 'by-compiled'));
    expect(routeOf(next, 'by-asked')).toEqual(routeOf(MODEL, 'by-asked'));
  });

  test('P3: an equal auth model gives the messages of routes again', () => {
    const one = compiler();
    const routes = (model: Model): readonly object[] =>
      one
        .compile(model)
        .resources.filter(({ kind }) => kind === 'RouteConfiguration')
        .map(({ message }) => message);
    const [before] = routes(MODEL);
    expect(routes({ ...MODEL, auth: { ...AUTH } })[0]).toBe(before);
  });
});

describe('listeners', () => {
  test('D11: no byte of a listener changes when auth comes, goes or changes its form', () => {
    const listener = (model: Model): unknown => resourcesOf(model).get('Listener listener/http')?.message;
    const { auth: _, ...without } = MODEL;
    const bare = { ...without, routes: [aRoute('public')] };
    expect(listener(MODEL)).toEqual(listener(bare));
    const companions = {
      ...MODEL,
      auth: { ...AUTH, policies: AUTH.policies.map((policy) => ({ ...policy, enforce: 'companion' as const })) },
    };
    expect(listener(companions)).toEqual(listener(bare));
  });

  test('C7: callers read the same words whoever denies', () => {
    for (const denial of COMPILED_DENIALS) expect(DENIALS[denial]).toMatchObject(reasonFacts(denial));
  });
});

describe('keys of the compiled form', () => {
  const templateOf = (model: Model): NonNullable<ReturnType<ReturnType<typeof createCompiler>['compile']>['jwt']> => {
    const { jwt } = compiler().compile(model);
    if (jwt === undefined) throw new Error('no template');
    return jwt;
  };
  const filterOf = (
    ...[templates, keysOf]: Parameters<typeof keyedResources>
  ): { readonly providers: Record<string, object>; readonly requirement_map: object } =>
    JSON.parse(JSON.stringify(keyedResources(templates, keysOf)[0]?.message.typed_config));

  test('C5: the template is plain data, and says which keys are wanted', () => {
    const template = templateOf(MODEL);
    expect(JSON.parse(JSON.stringify(template))).toEqual(template);
    expect(structuredClone(template)).toEqual(template);
    expect(template.providers).toMatchObject([
      { provider: 'main', issuer: 'https://id.test/', keys: { kind: 'url', url: 'https://id.test/jwks' } },
    ]);
  });

  test('J5: without keys a provider refuses all of its tokens in a way of its own; with them it stands complete', () => {
    const template = templateOf(MODEL);
    const [id = ''] = template.providers.map((provider) => provider.id);
    expect(filterOf([template], () => undefined).providers[id]).toMatchObject({ audiences: ['urn:chancery:keys-unavailable'] });
    const filled = filterOf([template], () => '{"keys":[1]}').providers[id];
    expect(filled).toMatchObject({ local_jwks: { inline_string: '{"keys":[1]}' } });
    expect(filled).not.toHaveProperty('audiences');
  });

  test('C6: names of earlier revisions stay with what they meant', () => {
    const before = templateOf(MODEL);
    const changed = { ...REMOTE, clockSkewSeconds: 5 };
    const after = templateOf({ ...MODEL, auth: { ...AUTH, jwt: [HS, changed] } });
    const { providers, requirement_map } = filterOf([after, before], () => undefined);
    expect(Object.values(providers)).toMatchObject([
      { clock_skew_seconds: expect.any(Number) },
      { clock_skew_seconds: expect.any(Number) },
    ]);
    expect(Object.keys(requirement_map).sort()).toEqual([...before.requirements, ...after.requirements].map(({ name }) => name).sort());
  });
});
