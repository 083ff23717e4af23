// Which routes name which hostname, kept up to date: after an edit only the hostnames of the routes that changed are grouped again.
import type { Route } from '../model/types.ts';

export interface HostGroups {
  readonly routes: readonly Route[];
  /** In no particular order. */
  readonly byHostname: ReadonlyMap<string, readonly Route[]>;
  /** Hostnames whose group is not that of the groups before. */
  readonly touched: ReadonlySet<string>;
}

const NO_GROUPS: HostGroups = { routes: [], byHostname: new Map(), touched: new Set() };

/** The groups are a function of `routes` alone; untouched ones are the same objects as in `previous`. */
export function groupByHostname(routes: readonly Route[], previous: HostGroups = NO_GROUPS): HostGroups {
  const current = new Set(routes);
  const before = new Set(previous.routes);
  const added = routes.filter((route) => !before.has(route));
  const removed = previous.routes.filter((route) => !current.has(route));
  const addedTo = collect(added);
  const touched = new Set([...addedTo.keys(), ...removed.flatMap((route) => route.hostnames)]);
  const byHostname = new Map(previous.byHostname);
  for (const hostname of touched) {
    const kept = (byHostname.get(hostname) ?? []).filter((route) => current.has(route));
    const group = kept.concat(addedTo.get(hostname) ?? []);
    if (group.length === 0) {
      byHostname.delete(hostname);
    } else {
      byHostname.set(hostname, group);
    }
  }
  return { routes, byHostname, touched };
}

function collect(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    for (const hostname of route.hostnames) {
      const group = groups.get(hostname);
      if (group === undefined) {
        groups.set(hostname, [route]);
      } else {
        group.push(route);
      }
    }
  }
  return groups;
}
