// Keeps the messages of each Route object, so that an unchanged route gives the same message objects again and the encoder its old bytes
// (P3). Pure to the caller: what is kept is a function of the route and of the part of the context that its messages depend on.
import type { Route } from '../model/types.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import { redirectTarget } from './redirect.ts';
import { compileRoute, type RouteContext } from './route.ts';

export interface RouteMemo {
  /** One message for each of the route's `matches`, in their order. */
  messagesOf(route: Route, context: RouteContext): readonly RouteMessage[];
}

export function createRouteMemo(): RouteMemo {
  const memo = new WeakMap<Route, Map<string, readonly RouteMessage[]>>();
  return {
    messagesOf(route, context) {
      const variants = memo.get(route) ?? new Map<string, readonly RouteMessage[]>();
      memo.set(route, variants);
      const key = dependencies(route, context);
      const known = variants.get(key);
      if (known !== undefined) {
        return known;
      }
      const messages = route.matches.map((match) => compileRoute(route, match, context));
      variants.set(key, messages);
      return messages;
    },
  };
}

/** What of the context reaches the messages, as text. */
function dependencies({ action }: Route, context: RouteContext): string {
  switch (action.kind) {
    case 'forward':
      return action.backends.length === 1
        ? (context.services.get(action.backends[0]?.service ?? '')?.key ?? '')
        : action.backends.map((backend) => context.services.get(backend.service)?.key ?? '').join(' ');
    case 'redirect': {
      const { scheme = '', host = '', port = '' } = redirectTarget(action, context.listener, context.hostname);
      return `${scheme} ${host} ${port}`;
    }
    case 'respond':
      return '';
  }
}
