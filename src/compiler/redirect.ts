// A redirect → Envoy's RedirectAction. Envoy keeps the port of the client's Host unless told otherwise, which would send `https` to the
// port of the plain listener; what is told is decided here (B18).
import type { Listener, RedirectAction, RedirectCode, RouteMatch } from '../model/types.ts';
import type {
  RedirectAction as RedirectMessage,
  _envoy_config_route_v3_RedirectAction_RedirectResponseCode as ResponseCode,
} from '../proto/generated/envoy/config/route/v3/RedirectAction.ts';
import { compilePathRedirect } from './path-rewrite.ts';

/** Where a redirect leads to; what is absent stays as the client sent it. */
export interface RedirectTarget {
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly port?: number;
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

const RESPONSE_CODES = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
} as const satisfies Record<RedirectCode, ResponseCode>;

/**
 * Without a port: a redirect to a scheme goes to that scheme's port; one to a host only, to the port of the listener that answers; one to
 * a path only stays where it is. `hostname` is the virtual host's: where it is one exact name, a port can be dropped by naming the host.
 */
export function redirectTarget(action: RedirectAction, listener: Listener, hostname: string): RedirectTarget {
  const scheme = action.scheme ?? (listener.tls === undefined ? 'http' : 'https');
  const port = action.port ?? portFor(action, listener);
  const written = {
    ...(action.scheme === undefined ? {} : { scheme: action.scheme }),
    ...(action.host === undefined ? {} : { host: action.host }),
  };
  if (port === undefined) {
    return written;
  }
  const host = action.host ?? (hostname.includes('*') ? undefined : hostname);
  return port === DEFAULT_PORTS[scheme] && host !== undefined ? { ...written, host } : { ...written, port };
}

function portFor(action: RedirectAction, listener: Listener): number | undefined {
  if (action.scheme !== undefined) {
    return DEFAULT_PORTS[action.scheme];
  }
  return action.host === undefined ? undefined : listener.port;
}

export function compileRedirect(action: RedirectAction, match: RouteMatch, target: RedirectTarget): RedirectMessage {
  return {
    ...compileTarget(target),
    response_code: RESPONSE_CODES[action.code],
    ...compilePathRedirect(action.pathRewrite, match.pathMatch),
    ...(action.stripQuery ? { strip_query: true } : {}),
  };
}

/** The redirect of a whole listener, whose connection manager has stripped the port from the Host already. */
export function compileListenerRedirect(redirect: NonNullable<Listener['redirect']>): RedirectMessage {
  const { scheme, port, code } = redirect;
  const isDefault = port === undefined || port === DEFAULT_PORTS[scheme];
  return { ...compileTarget({ scheme, ...(isDefault ? {} : { port }) }), response_code: RESPONSE_CODES[code] };
}

function compileTarget({ scheme, host, port }: RedirectTarget): RedirectMessage {
  return {
    ...(scheme === undefined ? {} : { scheme_redirect: scheme }),
    ...(host === undefined ? {} : { host_redirect: host }),
    ...(port === undefined ? {} : { port_redirect: port }),
  };
}
