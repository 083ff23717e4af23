// Configuration → model: defaulted, cross-referenced, deeply readonly; or every reason why not, at once (C3, C11). Pure but for what it
// remembers: entries that are the same objects give the same services and routes, so that an edit costs what it changes.
import type { BrokenNames, GatewayConfig } from '../config/schema/gateway.ts';
import type { Issue } from '../lib/issue.ts';
import { authBackdrop, createAuthPass } from './auth/auth-pass.ts';
import { checkCoverage } from './certificate-coverage.ts';
import { createCertificatePass } from './certificate-pass.ts';
import { PATH_HANDLING, STRICT_PATH_HANDLING } from './defaults.ts';
import { hasErrors } from './issue.ts';
import { resolveLimitsModel } from './limits/limits-pass.ts';
import { createListenerTlsResolver } from './listener-tls.ts';
import { createListenerPass } from './listeners.ts';
import { checkOnDemandHosts } from './on-demand-hosts.ts';
import { checkReferences } from './references.ts';
import type { ResolveContext } from './resolve-context.ts';
import { resolveRollout } from './rollout.ts';
import { createRoutePass } from './route-pass.ts';
import { resolveRuntime } from './runtime.ts';
import { createServicePass } from './service-pass.ts';
import { checkShadows } from './shadows.ts';
import { checkTies } from './ties.ts';
import { createTrustResolver } from './trust.ts';
import type { AccessLog, Certificate, Model, Route, Service } from './types.ts';

const NONE_BROKEN: BrokenNames = {
  listeners: [],
  certificates: [],
  services: [],
  jwt: [],
  apiKeys: [],
  introspection: [],
  clientCertificates: [],
  ipLists: [],
  policies: [],
  rateLimits: [],
  hasBrokenDefaults: false,
};

export interface ResolveOutcome {
  readonly issues: readonly Issue[];
  /** Absent when an issue is an error. */
  readonly model?: Model;
}

export interface Resolver {
  resolve(config: GatewayConfig, context: ResolveContext): ResolveOutcome;
}

export function createResolver(): Resolver {
  const certificatePass = createCertificatePass();
  const listenerPass = createListenerPass();
  const servicePass = createServicePass();
  const routePass = createRoutePass();
  const authPass = createAuthPass();
  const trust = createTrustResolver();
  return {
    resolve(config, context) {
      const issues = createIssueList();
      const { report } = issues;
      const { nowMs, broken = NONE_BROKEN } = context;
      const trustAt = (text: string, path: Issue['path']): ReturnType<typeof trust.resolve> => trust.resolve(text, { path, nowMs }, report);

      const certificates = certificatePass.resolve(config, context, report);
      const resolveTls = createListenerTlsResolver({ ...certificates, trust: trustAt, isServing: context.serving !== undefined, report });
      const backdrop = authBackdrop(config, broken);
      const paths = backdrop.isUsed ? STRICT_PATH_HANDLING : PATH_HANDLING;
      const listeners = listenerPass.resolve(config.listeners, { resolveTls, paths }, report);
      const tools = { trust: trustAt, certificates: certificates.named, broken: broken.services, report };
      const services = servicePass.resolve(config, tools);
      const places = routePass.resolve(config, { brokenListeners: broken.listeners, auth: backdrop }, report);
      const routes = places.map((place) => place.route);

      const auth = authPass.resolve(config, { nowMs, trust: trustAt, broken, listeners, routes, report });
      const limits = resolveLimitsModel(config, { trust: trustAt, broken, routes, auth, report });
      checkReferences(routes, services, report);
      checkCoverage(places, { listeners, namesOf: certificates.namesOf }, report);
      checkTies(routes, report);
      checkShadows(routes, report);
      checkOnDemandHosts(listeners, routes, report);

      const sections = { ...given({ auth, limits }), ...resolveSections(config, report) };
      if (hasErrors(issues.all())) {
        return { issues: issues.all() };
      }
      const named = { services: services.resolved.values(), certificates: certificates.named.values() };
      return { issues: issues.all(), model: { gateway: config.gateway, listeners, ...sections, ...sortedParts(routes, named) } };
    },
  };
}

function given({ auth, limits }: { readonly auth: Model['auth']; readonly limits: Model['limits'] }): Pick<Model, 'auth' | 'limits'> {
  return { ...(auth === undefined ? {} : { auth }), ...(limits === undefined ? {} : { limits }) };
}

interface NamedParts {
  readonly services: Iterable<Service>;
  readonly certificates: Iterable<Certificate | undefined>;
}

function sortedParts(
  routes: readonly Route[],
  { services, certificates }: NamedParts,
): Pick<Model, 'services' | 'routes' | 'certificates'> {
  return {
    services: [...services].sort(byName),
    routes: routes.toSorted(byName),
    certificates: [...certificates].filter((certificate) => certificate !== undefined).sort(byName),
  };
}

interface IssueList {
  readonly report: (issue: Issue) => void;
  readonly all: () => readonly Issue[];
}

/** Each issue once: what `defaults` or `like` got wrong would otherwise be told for every route or service that takes it. */
function createIssueList(): IssueList {
  const issues = new Map<string, Issue>();
  return {
    report: (issue) => {
      const key = JSON.stringify([issue.code, issue.path, issue.at, issue.message]);
      if (!issues.has(key)) {
        issues.set(key, issue);
      }
    },
    all: () => [...issues.values()],
  };
}

/** What stands in the root file alone and concerns no entry. */
function resolveSections(
  config: GatewayConfig,
  report: IssueList['report'],
): Pick<Model, 'accessLog' | 'runtime' | 'rollout' | 'allowLargeRemoval'> {
  const runtime = resolveRuntime(config.runtime, report);
  return {
    ...resolveAccessLog(config),
    ...(runtime === undefined ? {} : { runtime }),
    ...(config.rollout === undefined ? {} : { rollout: resolveRollout(config.rollout) }),
    ...(config.allowLargeRemoval === true ? { allowLargeRemoval: true } : {}),
  };
}

function resolveAccessLog({ accessLog }: GatewayConfig): { readonly accessLog?: AccessLog } {
  if (accessLog === undefined) {
    return {};
  }
  const target = accessLog.json;
  const file = target === 'stdout' || target === 'stderr' ? `/dev/${target}` : target;
  return { accessLog: { path: ['accessLog'], file } };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
