// Keeps the messages of each Route object, so that an unchanged route gives the same message objects again and the encoder its old bytes
// (P3). Pure to the caller: what is kept is a function of the route and of the part of the context that its messages depend on.
import type { Route } from '../model/types.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import { routeLimitsKey } from './limits/route-limits.ts';
import { memoised } from './memo.ts';
import { redirectTarget } from './redirect.ts';
import { compileRoute, type RouteContext } from './route.ts';
import { routeAuthKey } from './route-auth.ts';

export interface RouteMemo {
  /** One message for each of the route's `matches`, in their order. */
  messagesOf(route: Route, context: RouteContext): readonly RouteMessage[];
}

/** The answer given last, for most routes the only one. */
interface Answer {
  readonly services: RouteContext['services'];
  readonly auth: RouteContext['auth'];
  readonly limits: RouteContext['limits'];
  readonly key: string;
  readonly messages: readonly RouteMessage[];
}

export function createRouteMemo(): RouteMemo {
  const answers = new WeakMap<Route, Answer>();
  const redirects = memoised((_route: Route) => new Map<string, readonly RouteMessage[]>());
  const compile = (route: Route, context: RouteContext): readonly RouteMessage[] =>
    route.matches.map((match) => compileRoute(route, match, context));

  const messagesOfRedirect = (route: Route, context: RouteContext): readonly RouteMessage[] => {
    const key = dependencies(route, context);
    const messages = redirects(route).get(key) ?? compile(route, context);
    redirects(route).set(key, messages);
    return messages;
  };

  return {
    messagesOf(route, context) {
      // A redirect says something else on each listener and hostname; all others are the same everywhere.
      if (route.action.kind === 'redirect') {
        return messagesOfRedirect(route, context);
      }
      const known = answers.get(route);
      if (known?.services === context.services && known.auth === context.auth && known.limits === context.limits) {
        return known.messages;
      }
      const key = dependencies(route, context);
      const messages = known?.key === key ? known.messages : compile(route, context);
      answers.set(route, { services: context.services, auth: context.auth, limits: context.limits, key, messages });
      return messages;
    },
  };
}

/** What of the context reaches the messages, as text. */
function dependencies(route: Route, context: RouteContext): string {
  return `${routeAuthKey(route, context.auth)} ${routeLimitsKey(route, context.limits)} ${actionDependencies(route, context)}`;
}

function actionDependencies({ action }: Route, context: RouteContext): string {
  switch (action.kind) {
    case 'forward':
      return action.backends.map((backend) => context.services.get(backend.service)?.key).join(' ');
    case 'redirect': {
      const { scheme = '', host = '', port = '' } = redirectTarget(action, context.listener, context.hostname);
      return `${scheme} ${host} ${port}`;
    }
    case 'respond':
      return '';
  }
}
