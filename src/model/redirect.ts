// Redirects of routes, and those that would send clients in a circle.
import type { RedirectConfig } from '../config/schema/redirect.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report } from './issue.ts';
import { withoutLastSlash } from './match.ts';
import { reportPrefixNeedsPrefix } from './path-rewrite.ts';
import type { RedirectAction, RouteMatch } from './types.ts';

export interface RedirectPlace {
  /** Path of the redirect. */
  readonly path: ConfigPath;
  readonly matches: readonly RouteMatch[];
  readonly hostnames: readonly string[];
  /** The listeners of the route: what they speak and where. */
  readonly listeners: readonly { readonly name: string; readonly port: number; readonly isTls: boolean }[];
}

export function resolveRedirect(config: RedirectConfig, place: RedirectPlace, report: Report): RedirectAction {
  if (config.prefix !== undefined) {
    reportPrefixNeedsPrefix([...place.path, 'prefix'], place.matches, report);
  }
  reportCircle(config, place, report);
  const { scheme, host, port } = config;
  return {
    kind: 'redirect',
    code: config.code ?? defaults.REDIRECT_CODE,
    ...(scheme === undefined ? {} : { scheme }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(config.path === undefined ? {} : { pathRewrite: { kind: 'full', value: config.path } }),
    ...(config.prefix === undefined ? {} : { pathRewrite: { kind: 'prefix', value: withoutLastSlash(config.prefix) } }),
    stripQuery: config.stripQuery ?? false,
  };
}

/** A redirect whose every part is what the request already has, for some request of the route. */
function reportCircle(config: RedirectConfig, place: RedirectPlace, report: Report): void {
  const listener = place.listeners.find((candidate) => staysAt(config, candidate));
  const staysOnHost = config.host === undefined || place.hostnames.includes(config.host.toLowerCase());
  if (listener === undefined || !staysOnHost || !place.matches.some((match) => staysOnPath(config, match))) {
    return;
  }
  const help =
    config.scheme === undefined
      ? 'change the scheme, the host or the path to another one, or take it out of what the route matches'
      : `name the listeners that it is for; by default a route is served by all TLS listeners`;
  report(
    errorAt(place.path, 'CH2410', {
      message: `on listener "${listener.name}" the redirect leads back to the same address`,
      label: 'clients would go in a circle',
      help,
    }),
  );
}

function staysAt(config: RedirectConfig, listener: RedirectPlace['listeners'][number]): boolean {
  const own = listener.isTls ? 'https' : 'http';
  return (config.scheme === undefined || config.scheme === own) && (config.port === undefined || config.port === listener.port);
}

function staysOnPath(config: RedirectConfig, { pathMatch }: RouteMatch): boolean {
  if (config.path !== undefined) {
    return pathMatch?.kind === 'exact' && pathMatch.value === config.path;
  }
  return config.prefix === undefined || withoutLastSlash(config.prefix) === (pathMatch?.kind === 'prefix' ? pathMatch.value : '/');
}
