// The pass over auth: the policies in use, what companions get of them, what fills the filter slots, and what routes must know.
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import type { Listener, Model } from '../model/types.ts';
import type { AuthPolicy as AuthPolicyMessage } from '../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import { API_KEY_AUTH, API_KEY_FILTER } from './auth/api-key-auth.ts';
import { type CompiledPolicy, compileAuthPolicy } from './auth/compiled-policy.ts';
import { type AuthzSlot, compileExtAuthz } from './auth/ext-authz.ts';
import type { PathAllowance } from './auth/hygiene.ts';
import { compileJwtTemplate } from './auth/jwt-template.ts';
import { compileApiKeySet } from './auth/policy-message.ts';
import { leavesOf } from './auth/policy-parts.ts';
import { compileAuthSecrets } from './auth-secrets.ts';
import { compileCompanionAssignment, compileCompanionCluster, compileCompanionSecrets } from './companion-cluster.ts';
import { type JwtTemplate, keyedResources } from './filters/jwt-keys.ts';
import { claimsOf } from './limits/claims.ts';
import { AUTHZ_CLUSTER, nameOfApiKeySet, nameOfFilterSlot, nameOfPolicy } from './names.ts';
import type { AuthFacts } from './route-auth.ts';
import type { LocatedResource } from './source-map.ts';

export interface CompiledAuth {
  /** Undefined for a gateway without auth. */
  readonly facts?: AuthFacts;
  /** By slot. */
  readonly slots: ReadonlyMap<string, LocatedResource>;
  readonly resources: readonly LocatedResource[];
  /** What the keys that are fetched while the gateway runs are put into. */
  readonly jwt?: JwtTemplate;
}

export interface AuthPassOptions {
  readonly systemCaFile: string;
  /** Hash of a policy without its version (authz D2). */
  readonly versionOf: (message: AuthPolicyMessage) => string;
}

const NOTHING: CompiledAuth = { slots: new Map(), resources: [] };

export function createAuthPass(options: AuthPassOptions): (model: Model) => CompiledAuth {
  let lastKey: string | undefined;
  let lastAuth: AuthModel | undefined;
  let last = NOTHING;
  return (model) => {
    const { auth } = model;
    if (auth === undefined) return NOTHING;
    const used = usedPolicies(model);
    const key = JSON.stringify([model.gateway, [...used], [...listenerPaths(model)]]);
    if (auth === lastAuth && key === lastKey) return last;
    last = keepEqual(compileAuth(model, { auth, used, options }), last);
    lastAuth = auth;
    lastKey = key;
    return last;
  };
}

/** Unchanged policies and facts stay the same objects, and with them what was made for routes. */
function keepEqual(next: CompiledAuth, previous: CompiledAuth): CompiledAuth {
  const { facts } = next;
  const before = previous.facts;
  if (facts === undefined || before === undefined || before.gateway !== facts.gateway) return next;
  const policies = new Map(
    [...facts.policies].map(([name, policy]): [string, CompiledPolicy] => {
      const known = before.policies.get(name);
      return [name, known?.key === policy.key ? known : policy];
    }),
  );
  const isSame =
    policies.size === before.policies.size &&
    [...policies].every(([name, policy]) => before.policies.get(name) === policy) &&
    facts.identityHeaders.join(' ') === before.identityHeaders.join(' ') &&
    JSON.stringify([...facts.paths]) === JSON.stringify([...before.paths]);
  return { ...next, facts: isSame ? before : { ...facts, policies } };
}

/** What its routes ask of a policy. */
interface PolicyUse {
  readonly paths: PathAllowance;
  /** Sorted. */
  readonly toldClaims: readonly string[];
}

interface AuthInput {
  readonly auth: AuthModel;
  /** By name, sorted. */
  readonly used: ReadonlyMap<string, PolicyUse>;
  readonly options: AuthPassOptions;
}

function compileAuth(model: Model, { auth, used, options }: AuthInput): CompiledAuth {
  const { gateway } = model;
  const policies = auth.policies.flatMap((policy): readonly CompiledPolicy[] => {
    const use = used.get(policy.name);
    return use === undefined ? [] : [compileAuthPolicy(policy, { auth, gateway, ...use }, options.versionOf)];
  });
  const asking = policies.filter(({ form }) => form === 'companion');
  const jwt = compileJwtTemplate(policies, auth);
  const slots = new Map([...compileJwtSlot(jwt, auth), ...compileApiKeySlot(policies), ...compileAuthzSlots(asking, auth)]);
  return {
    facts: {
      gateway,
      identityHeaders: auth.identityHeaders,
      policies: new Map(policies.map((compiled) => [compiled.policy.name, compiled])),
      paths: listenerPaths(model),
    },
    slots,
    resources:
      asking.length === 0
        ? []
        : [...compilePolicies(asking, gateway), ...compileKeySets(asking, auth, gateway), ...compileCompanions(asking, auth, options)],
    ...(jwt === undefined ? {} : { jwt }),
  };
}

/** Policies of routes that exist, with what the paths of these may hold: the most that any of their listeners allows. */
function usedPolicies({ routes, listeners, limits }: Model): ReadonlyMap<string, PolicyUse> {
  const byName = new Map(listeners.map((listener) => [listener.name, listener]));
  const claims = new Map(limits?.limits.map((limit) => [limit.name, claimsOf(limit)]));
  const used = new Map<string, PolicyUse>();
  for (const { auth, listeners: names, limits: own = [] } of routes) {
    if (auth?.kind !== 'policy') continue;
    const { paths, toldClaims } = used.get(auth.policy) ?? { paths: { escapedSlashes: false, parameters: false }, toldClaims: [] };
    const here = names.flatMap((name) => byName.get(name) ?? []).map(allowanceOf);
    used.set(auth.policy, {
      paths: {
        escapedSlashes: paths.escapedSlashes || here.some(({ escapedSlashes }) => escapedSlashes),
        parameters: paths.parameters || here.some(({ parameters }) => parameters),
      },
      toldClaims: [...new Set([...toldClaims, ...own.flatMap((name) => claims.get(name) ?? [])])].sort(),
    });
  }
  return new Map([...used].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function listenerPaths({ listeners }: Model): ReadonlyMap<string, PathAllowance> {
  return new Map(listeners.map((listener) => [listener.name, allowanceOf(listener)]));
}

function allowanceOf({ paths }: Listener): PathAllowance {
  return { escapedSlashes: paths.escapedSlashes === 'keep', parameters: paths.parameters === 'allow' };
}

function compileJwtSlot(jwt: JwtTemplate | undefined, auth: AuthModel): readonly (readonly [string, LocatedResource])[] {
  if (jwt === undefined) return [];
  const paths = new Map(auth.jwt.map(({ name, path }) => [name, path]));
  const pathOf = (id: string | number | undefined): LocatedResource['resource']['path'] | undefined => {
    const provider = jwt.providers.find((each) => each.id === id);
    return provider === undefined ? undefined : paths.get(provider.provider);
  };
  return keyedResources([jwt], () => undefined).map(({ name, message }) => [
    'jwt',
    {
      resource: { kind: 'TypedExtensionConfig', name, message, path: pathOf(jwt.providers[0]?.id) ?? [] },
      locate: (at) => pathOf(at[at.indexOf('providers') + 1]),
    },
  ]);
}

function compileApiKeySlot(policies: readonly CompiledPolicy[]): readonly (readonly [string, LocatedResource])[] {
  const user = policies.find(({ form, policy }) => form === 'proxy' && leavesOf(policy.rule).some(({ kind }) => kind === 'apiKeys'));
  if (user === undefined) return [];
  return [['api-key', { resource: { kind: 'TypedExtensionConfig', name: API_KEY_FILTER, message: API_KEY_AUTH, path: user.policy.path } }]];
}

function compileAuthzSlots(asking: readonly CompiledPolicy[], auth: AuthModel): readonly (readonly [string, LocatedResource])[] {
  const slots: readonly AuthzSlot[] = ['authz', 'authz-open'];
  return slots.flatMap((slot): readonly (readonly [string, LocatedResource])[] => {
    const policies: readonly AuthPolicy[] = asking.filter((compiled) => compiled.slot === slot).map(({ policy }) => policy);
    const [first] = policies;
    if (first === undefined) return [];
    const message = compileExtAuthz(slot, policies, auth);
    return [[slot, { resource: { kind: 'TypedExtensionConfig', name: nameOfFilterSlot(slot), message, path: auth.companion.path } }]];
  });
}

function compilePolicies(asking: readonly CompiledPolicy[], gateway: string): readonly LocatedResource[] {
  return asking.map(({ policy, version, message }) => ({
    resource: { kind: 'AuthPolicy', name: nameOfPolicy(gateway, policy.name, version), message, path: policy.path },
  }));
}

function compileKeySets(asking: readonly CompiledPolicy[], auth: AuthModel, gateway: string): readonly LocatedResource[] {
  const used = new Set(
    asking.flatMap(({ policy }) => leavesOf(policy.rule)).flatMap((leaf) => (leaf.kind === 'apiKeys' ? [leaf.source] : [])),
  );
  return auth.apiKeys
    .filter(({ name }) => used.has(name))
    .map((source) => ({
      resource: {
        kind: 'ApiKeySet',
        name: nameOfApiKeySet(gateway, source.name),
        message: compileApiKeySet(source, gateway),
        path: source.path,
      },
    }));
}

function compileCompanions(
  asking: readonly CompiledPolicy[],
  auth: AuthModel,
  { systemCaFile }: AuthPassOptions,
): readonly LocatedResource[] {
  const { companion } = auth;
  const { path } = companion;
  const assignment = compileCompanionAssignment(AUTHZ_CLUSTER, companion);
  const secrets = compileCompanionSecrets(AUTHZ_CLUSTER, companion, systemCaFile);
  return [
    { resource: { kind: 'Cluster', name: AUTHZ_CLUSTER, message: compileCompanionCluster(AUTHZ_CLUSTER, companion), path } },
    ...(assignment === undefined
      ? []
      : [{ resource: { kind: 'ClusterLoadAssignment' as const, name: AUTHZ_CLUSTER, message: assignment, path } }]),
    ...secrets.map((message) => ({ resource: { kind: 'Secret' as const, name: message.name ?? '', message, path } })),
    ...compileAuthSecrets(
      asking.map(({ policy }) => policy),
      auth,
    ),
  ];
}
