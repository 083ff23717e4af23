// One hostname → one Envoy VirtualHost. Envoy itself asks the exact name first, then the longest wildcard, then `*`; it never falls
// through to a wider host, so the routes of wider hostnames stand in the narrower virtual hosts too, after their own.
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import type { VirtualHost } from '../proto/generated/envoy/config/route/v3/VirtualHost.ts';

/** `routes` in the order of precedence. */
export function compileVirtualHost(hostname: string, routes: readonly RouteMessage[]): VirtualHost {
  return { name: hostname, domains: [hostname], routes: [...routes] };
}

/** Hostnames that take all requests of this one too, narrowest first: `a.b.com` → `*.b.com`, `*.com`, `*`. */
export function widerHostnames(hostname: string): readonly string[] {
  if (hostname === '*') {
    return [];
  }
  const labels = hostname.split('.').slice(1);
  const wildcards = labels.map((_, index) => `*.${labels.slice(index).join('.')}`);
  return [...wildcards.filter((wildcard) => wildcard !== hostname), '*'];
}
