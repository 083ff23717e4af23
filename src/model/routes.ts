// Routes, each for itself: listeners, hosts, matches, action, headers. Unchanged entries give the same objects as before;
// services that they name are asked for in references.ts, so that a change of a service makes no new route.
import type { DefaultsConfig } from '../config/schema/defaults.ts';
import type { RouteConfig } from '../config/schema/route.ts';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { type AuthBackdrop, resolveRouteAuth } from './auth/route-auth.ts';
import { resolveCors } from './cors.ts';
import * as defaults from './defaults.ts';
import { resolveFault } from './faults.ts';
import { resolveForward } from './forward.ts';
import { resolveHeaderChanges } from './header-changes.ts';
import { resolveHostnames } from './hostnames.ts';
import { errorAt, type Report } from './issue.ts';
import { matchEverything, resolveMatch } from './match.ts';
import { withPreflights } from './preflight.ts';
import { resolveRedirect } from './redirect.ts';
import { resolveRespond } from './respond.ts';
import { type KnownListeners, type ListenerFacts, resolveRouteListeners } from './route-listeners.ts';
import type { Route, RouteAction, RouteMatch } from './types.ts';

/** What routes are made of besides themselves; the same object as long as its content is the same. */
export interface RouteContext extends KnownListeners {
  readonly defaults: Pick<DefaultsConfig, 'timeout' | 'retry' | 'cors'>;
  readonly auth: AuthBackdrop;
}

export interface RouteResolver {
  resolve(entry: RouteConfig, context: RouteContext, report: Report): Route;
}

interface Kept {
  readonly context: RouteContext;
  readonly route: Route;
  readonly issues: readonly Issue[];
}

export function createRouteResolver(): RouteResolver {
  const kept = new WeakMap<RouteConfig, Kept>();
  return {
    resolve(entry, context, report) {
      const old = kept.get(entry);
      const current = old?.context === context ? old : make(entry, context);
      if (current !== old) {
        kept.set(entry, current);
      }
      current.issues.forEach(report);
      return current.route;
    },
  };
}

function make(entry: RouteConfig, context: RouteContext): Kept {
  const issues: Issue[] = [];
  const route = resolveRoute(entry, context, (issue) => issues.push(issue));
  return { context, route, issues };
}

function resolveRoute(entry: RouteConfig, context: RouteContext, report: Report): Route {
  const path: ConfigPath = ['routes', entry.name];
  const listeners = resolveRouteListeners(entry.listeners, { path, ...context }, report);
  const hostnames = resolveHostnames(entry.hostnames);
  const written = resolveMatches(entry, path, report);
  const cors = hasBackends(entry) ? resolveCors(entry.cors, { path, general: context.defaults.cors }, report) : undefined;
  const auth = resolveRouteAuth(entry, context.auth, report);
  const matches = cors === undefined ? written : withPreflights(written);
  return {
    name: entry.name,
    path,
    listeners: listeners.map((listener) => listener.name),
    hostnames,
    matches,
    priority: entry.priority ?? defaults.ROUTE_PRIORITY,
    action: resolveAction(entry, { path, matches, hostnames, listeners, defaults: context.defaults }, report),
    requestHeaders: resolveHeaderChanges(entry.requestHeaders, [...path, 'requestHeaders'], report),
    responseHeaders: resolveHeaderChanges(entry.responseHeaders, [...path, 'responseHeaders'], report),
    ...(cors === undefined ? {} : { cors }),
    ...(auth === undefined ? {} : { auth }),
    ...(entry.rateLimits === undefined ? {} : { limits: entry.rateLimits }),
    ...(entry.fault === undefined ? {} : { fault: resolveFault(entry.fault) }),
  };
}

/** Envoy's CORS filter leaves its own answers alone. */
function hasBackends({ redirect, respond }: RouteConfig): boolean {
  return redirect === undefined && respond === undefined;
}

function resolveMatches({ matches }: RouteConfig, path: ConfigPath, report: Report): readonly RouteMatch[] {
  return matches === undefined
    ? [matchEverything(path)]
    : matches.map((match, index) => resolveMatch(match, [...path, 'matches', index], report));
}

interface ActionPlace {
  readonly path: ConfigPath;
  readonly matches: readonly RouteMatch[];
  readonly hostnames: readonly string[];
  readonly listeners: readonly ListenerFacts[];
  readonly defaults: RouteContext['defaults'];
}

function resolveAction(entry: RouteConfig, place: ActionPlace, report: Report): RouteAction {
  const { path } = place;
  if (entry.redirect !== undefined) {
    reportMeaningless(entry, { path, action: 'redirect' }, report);
    return resolveRedirect(entry.redirect, { ...place, path: [...path, 'redirect'] }, report);
  }
  if (entry.respond !== undefined) {
    reportMeaningless(entry, { path, action: 'respond' }, report);
    return resolveRespond(entry.respond, [...path, 'respond'], report);
  }
  return resolveForward(entry, place, report);
}

/** Keys that speak of backends. */
const FOR_BACKENDS = ['mirror', 'rewrite', 'retry', 'timeout', 'idleTimeout', 'requestHeaders', 'cors', 'rateLimits'] as const;

/** B22: nothing is sent to a backend, so such a key would promise what does not happen. */
function reportMeaningless(
  entry: RouteConfig,
  { path, action }: { readonly path: ConfigPath; readonly action: 'redirect' | 'respond' },
  report: Report,
): void {
  for (const key of FOR_BACKENDS.filter((candidate) => entry[candidate] !== undefined)) {
    report(
      errorAt([...path, key], 'CH2409', {
        message: `${key} has no meaning beside ${action}: no request reaches a backend${key === 'cors' ? ', and Envoy answers alike to every page' : ''}`,
        at: 'key',
        help: `remove it, or replace ${action} by backends`,
        related: [{ message: `${action} is here`, path: [...path, action], at: 'key' }],
      }),
    );
  }
}
