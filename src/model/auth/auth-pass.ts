// The pass over the auth language: providers, lists and policies, each for itself, then together and against routes and listeners.
import type { BrokenNames, GatewayConfig } from '../../config/schema/gateway.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { Report } from '../issue.ts';
import type { Listener, Route, TrustedCa } from '../types.ts';
import { resolveApiKeys } from './api-key-sources.ts';
import { type AuthNames, authNames, checkName, checkPolicyNames } from './auth-names.ts';
import { resolveClientCertificates, resolveIpLists } from './client-certificates.ts';
import { resolveCompanion } from './companion.ts';
import { checkCredentialHeaders, checkRouteHeaders, identityHeadersOf } from './identity-checks.ts';
import { resolveIntrospection } from './introspection-providers.ts';
import { resolveJwtProviders } from './jwt-providers.ts';
import { createPolicyPass } from './policies.ts';
import { checkCertificateListeners, checkConnect, checkSharedPlaces, warnOfFailOpen } from './policy-checks.ts';
import { type AuthBackdrop, defaultPolicyName } from './route-auth.ts';
import type { AuthModel, AuthPolicy } from './types.ts';

const SECTIONS = ['jwt', 'apiKeys', 'introspection', 'clientCertificates', 'ipLists', 'policies'] as const;

/** What silence of a route means; cheap, and asked before routes are resolved. */
export function authBackdrop(config: GatewayConfig, broken: BrokenNames): AuthBackdrop {
  const general = config.defaults?.auth;
  const isUsed =
    general !== undefined ||
    config.authz !== undefined ||
    SECTIONS.some((section) => Object.keys(config[section]).length > 0 || broken[section].length > 0) ||
    config.routes.some(({ auth }) => auth !== undefined && auth !== 'none');
  if (general !== undefined) return { isUsed, general: { policy: defaultPolicyName(general.policy) } };
  return { isUsed, ...(broken.hasBrokenDefaults ? { general: 'unknown' } : {}) };
}

export interface AuthTools {
  readonly nowMs: number;
  readonly trust: (text: string, path: ConfigPath) => TrustedCa | undefined;
  readonly broken: BrokenNames;
  readonly listeners: readonly Listener[];
  readonly routes: readonly Route[];
  readonly report: Report;
}

export interface AuthPass {
  /** Undefined where the file has no auth section at all. */
  resolve(config: GatewayConfig, tools: AuthTools): AuthModel | undefined;
}

export function createAuthPass(): AuthPass {
  const policyPass = createPolicyPass();
  return {
    resolve(config, tools) {
      const { broken, report, trust, nowMs } = tools;
      if (!authBackdrop(config, broken).isUsed) return undefined;
      const names = authNames(config, broken);
      const policies = policyPass.resolve(config, report);
      for (const policy of policies) checkPolicyNames(policy, names, report);
      checkDefaultName(config, names, report);
      const companion = resolveCompanion(config.authz, trust, report);
      const parts = {
        jwt: resolveJwtProviders(config.jwt, trust, report),
        apiKeys: resolveApiKeys(config.apiKeys, nowMs, report),
        introspection: resolveIntrospection(config.introspection, { trust, companionTimeoutMs: companion.timeoutMs }, report),
        clientCertificates: resolveClientCertificates(config.clientCertificates, report),
        ipLists: resolveIpLists(config.ipLists),
      };
      const auth: AuthModel = { ...parts, policies, companion, identityHeaders: identityHeadersOf(parts) };
      checkCredentialHeaders(auth, report);
      for (const policy of policies) checkSharedPlaces(policy, auth, report);
      checkRoutes(auth, { ...tools, names });
      return auth;
    },
  };
}

function checkDefaultName({ defaults }: GatewayConfig, names: AuthNames, report: Report): void {
  const name = defaults?.auth?.policy;
  if (name !== undefined) checkName({ section: 'policies', name, path: ['defaults', 'auth', 'policy'] }, names, report);
}

function checkRoutes(auth: AuthModel, { routes, listeners, names, report }: AuthTools & { readonly names: AuthNames }): void {
  const policies = new Map(auth.policies.map((policy) => [policy.name, policy]));
  const identity = new Set(auth.identityHeaders);
  const byName = new Map(listeners.map((listener) => [listener.name, listener]));
  const users = new Map<AuthPolicy, Route[]>();
  for (const route of routes) {
    checkRouteHeaders(route, identity, report);
    if (route.auth?.kind !== 'policy') continue;
    const policy = policies.get(route.auth.policy);
    if (policy === undefined) {
      if (route.auth.inherited !== true) {
        checkName({ section: 'policies', name: route.auth.policy, path: [...route.auth.path, 'policy'] }, names, report);
      }
      continue;
    }
    checkConnect(route, report);
    checkCertificateListeners(route, { policy, listeners: byName }, report);
    const known = users.get(policy);
    if (known === undefined) users.set(policy, [route]);
    else known.push(route);
  }
  for (const [policy, theirs] of users) warnOfFailOpen(policy, theirs, report);
}
