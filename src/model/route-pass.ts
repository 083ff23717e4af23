// The pass over routes: each for itself, in the order in which they were written.
import type { GatewayConfig } from '../config/schema/gateway.ts';
import type { AuthBackdrop } from './auth/route-auth.ts';
import type { RoutePlace } from './certificate-coverage.ts';
import { createEqualKeeper } from './equal-keeper.ts';
import { errorAt, type Report } from './issue.ts';
import { defaultListeners, listenerFacts } from './route-listeners.ts';
import { createRouteResolver, type RouteContext } from './routes.ts';

export interface RouteSurroundings {
  /** Names of listeners that have errors which are told already. */
  readonly brokenListeners: readonly string[];
  readonly auth: AuthBackdrop;
}

export interface RoutePass {
  resolve(config: GatewayConfig, surroundings: RouteSurroundings, report: Report): readonly RoutePlace[];
}

export function createRoutePass(): RoutePass {
  const resolver = createRouteResolver();
  const keep = createEqualKeeper<RouteContext>();
  return {
    resolve(config, { brokenListeners, auth }, report) {
      const { timeout, retry, cors } = config.defaults ?? {};
      const context = keep({
        defaults: {
          ...(timeout === undefined ? {} : { timeout }),
          ...(retry === undefined ? {} : { retry }),
          ...(cors === undefined ? {} : { cors }),
        },
        listeners: listenerFacts(config.listeners),
        brokenListeners,
        auth,
      });
      reportNoListener(config, context, report);
      return config.routes.map((entry) => ({ entry, route: resolver.resolve(entry, context, report) }));
    },
  };
}

/** C17 gives such a route no listener at all. */
function reportNoListener({ routes }: GatewayConfig, { listeners, brokenListeners }: RouteContext, report: Report): void {
  const homeless = routes.find((route) => route.listeners === undefined);
  if (homeless === undefined || brokenListeners.length > 0 || defaultListeners(listeners).length > 0) {
    return;
  }
  const reason = listeners.length === 0 ? 'there is no listener' : 'every listener redirects';
  report(
    errorAt(['routes', homeless.name, 'name'], 'CH2106', {
      message: `route "${homeless.name}" is served by no listener: ${reason}`,
      help: 'add one: listeners: {http: {port: 10000}}',
    }),
  );
}
