// Hosts that proxies fetch when they are asked for: a proxy asks only for hosts that none of those it has fits, so no host may lie below
// another one, and any host is none that could be asked for.
import { errorAt, type Report } from './issue.ts';
import type { Listener, Route } from './types.ts';

export function checkOnDemandHosts(listeners: readonly Listener[], routes: readonly Route[], report: Report): void {
  for (const listener of listeners.filter(({ onDemandHosts }) => onDemandHosts === true)) {
    checkListener(
      listener,
      routes.filter((route) => route.listeners.includes(listener.name)),
      report,
    );
  }
}

function checkListener(listener: Listener, routes: readonly Route[], report: Report): void {
  /** The first route of each host. */
  const owners = new Map<string, Route>();
  for (const route of routes) {
    for (const hostname of route.hostnames) {
      if (hostname !== '*' && !owners.has(hostname)) {
        owners.set(hostname, route);
      }
    }
  }
  if (owners.size === 0 && routes.length > 0) {
    const message = `no route of listener "${listener.name}" names a host, so no host could be asked for`;
    report(
      errorAt([...listener.path, 'onDemandHosts'], 'CH2208', { message, help: 'give the routes hostnames, or leave onDemandHosts out' }),
    );
  }
  for (const [hostname, route] of owners) {
    const wildcard = widerWildcards(hostname).find((wider) => owners.has(wider));
    const other = wildcard === undefined ? undefined : owners.get(wildcard);
    if (wildcard !== undefined && other !== undefined) {
      reportBelow(listener, { hostname, route, wildcard, other }, report);
    }
  }
}

/** Without `*`: `a.b.com` → `*.b.com`, `*.com`. */
function widerWildcards(hostname: string): readonly string[] {
  const labels = hostname.replace(/^\*\./, '').split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

interface Overlap {
  readonly hostname: string;
  readonly route: Route;
  readonly wildcard: string;
  readonly other: Route;
}

function reportBelow(listener: Listener, { hostname, route, wildcard, other }: Overlap, report: Report): void {
  report(
    errorAt([...route.path, 'hostnames'], 'CH2207', {
      at: 'key',
      message: `"${hostname}" lies below "${wildcard}", and listener "${listener.name}" has hosts on demand`,
      label: 'a proxy that has the wildcard would never ask for this host',
      help: 'serve one of the two on another listener, name the hosts one by one, or leave onDemandHosts out',
      related: [
        { message: `"${wildcard}" is here`, path: [...other.path, 'hostnames'], at: 'key' },
        { message: 'hosts on demand are here', path: [...listener.path, 'onDemandHosts'], at: 'key' },
      ],
    }),
  );
}
