// Which host names of routes no certificate of their listener is for: clients would refuse the connection. A warning, because a
// listener may stand behind something that has the right ones.
import type { RouteConfig } from '../config/schema/route.ts';
import { canonicalHostname } from './hostnames.ts';
import { type Report, warningAt } from './issue.ts';
import type { Certificate, Listener, Route } from './types.ts';

export interface RoutePlace {
  readonly entry: RouteConfig;
  readonly route: Route;
}

/** `namesOf` gives nothing for a certificate whose names are not known. Each name is told once for each listener. */
export function checkCoverage(
  places: readonly RoutePlace[],
  { listeners, namesOf }: { readonly listeners: readonly Listener[]; readonly namesOf: (certificate: Certificate) => readonly string[] },
  report: Report,
): void {
  const covers = new Map(listeners.map((listener) => [listener.name, coverageOf(listener, namesOf)]));
  if ([...covers.values()].every((isCovered) => isCovered === undefined)) {
    return;
  }
  for (const { entry, route } of places) {
    for (const listener of route.listeners) {
      const isCovered = covers.get(listener);
      const index = isCovered === undefined ? -1 : (entry.hostnames ?? []).findIndex((name) => !isCovered(canonicalHostname(name)));
      if (index !== -1) {
        reportUncovered(entry, { listener, index }, report);
      }
    }
  }
}

/** Undefined: nothing can be said of the listener. A name that was asked for once is taken for covered from then on. */
function coverageOf(listener: Listener, namesOf: (certificate: Certificate) => readonly string[]): ((name: string) => boolean) | undefined {
  const lists = listener.tls?.certificates.map(namesOf) ?? [];
  if (lists.length === 0 || lists.some((names) => names.length === 0)) {
    return undefined;
  }
  const known = new Set(lists.flat());
  return (name) => {
    const wildcard = name.replace(/^[^.]+/, '*');
    if (name === '*' || name.startsWith('[') || known.has(name) || (!name.startsWith('*.') && known.has(wildcard))) {
      return true;
    }
    known.add(name);
    return false;
  };
}

function reportUncovered(
  entry: RouteConfig,
  { listener, index }: { readonly listener: string; readonly index: number },
  report: Report,
): void {
  report(
    warningAt(['routes', entry.name, 'hostnames', index], 'CH2312', {
      message: `no certificate of listener "${listener}" is for ${entry.hostnames?.[index] ?? ''}`,
      label: 'clients will refuse the connection',
      help: 'add a certificate with this name to the listener',
      related: [{ message: 'its certificates are here', path: ['listeners', listener, 'tls', 'certificates'], at: 'key' }],
    }),
  );
}
