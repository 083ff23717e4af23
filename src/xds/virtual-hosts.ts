// What a client sees of the virtual hosts (VHDS): those of the route configurations it asked for, and those that answer the hosts it asked
// for on demand, each under its own name with the asked ones as aliases (R20, R21). Everything else of the protocol works on that view.

import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { VersionedMap } from '../snapshot/versioned-map.ts';
import { aliasedResource } from '../snapshot/view.ts';
import type { NameSet } from './name-map.ts';

interface Hosts {
  /** Virtual hosts of a route configuration. */
  readonly members: SnapshotResource[];
  readonly byHost: Map<string, SnapshotResource>;
  /** Domains with a star, the longest first; the lone star last. */
  readonly patterns: { readonly domain: string; readonly resource: SnapshotResource }[];
}

const NO_BODY = Buffer.alloc(0);
const indexes = new WeakMap<TypeView, ReadonlyMap<string, Hosts>>();
const askedViews = new WeakMap<TypeView, WeakMap<NameSet, TypeView>>();
/** What was made last of a view: the next client, or the next name of the same one, mostly asks for little more. */
const latest = new WeakMap<TypeView, { readonly names: NameSet; readonly seen: TypeView }>();
/** View made here → the view that it was made of. */
const origins = new WeakMap<TypeView, TypeView>();
/** More new names than this are looked up all together. */
const FEW_NAMES = 64;

/** `view` as a client sees it that asked for these names; a view made here stays as it is. The version stays that of `view` (X72). */
export function askedHosts(view: TypeView, names: NameSet): TypeView {
  if (origins.has(view)) return view;
  const byNames = askedViews.get(view) ?? new WeakMap<NameSet, TypeView>();
  askedViews.set(view, byNames);
  const known = byNames.get(names) ?? extend(view, names) ?? seenView(view, resolve(view, names.keys()));
  byNames.set(names, known);
  latest.set(view, { names, seen: known });
  return known;
}

/** The resources of a view made here that answer what was asked. */
export function answersTo(view: TypeView, asked: string): readonly string[] {
  const origin = origins.get(view);
  if (origin === undefined) return [asked];
  const { members, answer } = lookUp(origin, asked);
  return (members ?? [answer]).flatMap((resource) => resource?.name ?? asked);
}

/** A host that no virtual host answers: sent without a body, so that the request that waits for it is answered 404. */
export function isUnknownHost({ any, aliases }: SnapshotResource): boolean {
  return any.length === 0 && aliases !== undefined;
}

/** The route configuration of `<route configuration>/<virtual host or host>`. */
export function routeConfigurationOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

/** By what names a client may ask for one virtual host: its own and its domains. */
export function namesOf(view: TypeView, asked: string): readonly string[] {
  const found = view.resources.get(asked) ?? answering(indexOf(view), asked);
  return found === undefined ? [asked] : [asked, found.name, ...(found.aliases ?? [])];
}

/** From what was made last, where that lacks a few names and has no others: unknown hosts come one by one, and there may be many. */
function extend(view: TypeView, names: NameSet): TypeView | undefined {
  const before = latest.get(view);
  if (before === undefined || names.size < before.names.size || names.size > before.names.size + FEW_NAMES) return undefined;
  const added = [...names.keys()].filter((name) => !before.names.has(name));
  if (added.length !== names.size - before.names.size) return undefined;
  const { resources } = before.seen;
  const changed = resolve(view, added).map((resource) => {
    const aliases = resources.get(resource.name)?.aliases ?? [];
    return aliases.length === 0 ? resource : aliasedResource(resource, [...new Set([...aliases, ...(resource.aliases ?? [])])].sort());
  });
  // Aliases are no part of the version, by which an edit decides whether anything changed.
  const without = resources.edit(
    [],
    changed.map(({ name }) => name),
  );
  return seenView(view, without.edit(changed));
}

function seenView(view: TypeView, resources: readonly SnapshotResource[] | VersionedMap<SnapshotResource>): TypeView {
  const seen = Object.freeze({ ...view, resources: resources instanceof VersionedMap ? resources : VersionedMap.of(resources) });
  origins.set(seen, view);
  return seen;
}

interface Answer {
  /** Of a route configuration, or the one virtual host of that name. */
  readonly members?: readonly SnapshotResource[];
  readonly answer?: SnapshotResource;
}

function lookUp(view: TypeView, asked: string): Answer {
  const own = view.resources.get(asked);
  const index = indexOf(view);
  const members = own === undefined ? index.get(asked)?.members : [own];
  if (members !== undefined) return { members };
  const answer = answering(index, asked);
  return answer === undefined ? {} : { answer };
}

/** What answers the names: each virtual host with those that are aliases of it, and a resource without a body for each unknown host. */
function resolve(view: TypeView, names: Iterable<string>): readonly SnapshotResource[] {
  const aliases = new Map<SnapshotResource, string[]>();
  const unknown: SnapshotResource[] = [];
  for (const asked of names) {
    const { members, answer } = lookUp(view, asked);
    for (const resource of members ?? []) aliases.set(resource, aliases.get(resource) ?? []);
    if (answer !== undefined) aliases.set(answer, [...(aliases.get(answer) ?? []), asked]);
    if (members === undefined && answer === undefined) unknown.push(unknownHost(view, asked));
  }
  return [...[...aliases].map(([resource, asked]) => aliasedResource(resource, asked.sort())), ...unknown];
}

function unknownHost({ typeUrl }: TypeView, name: string): SnapshotResource {
  return { typeUrl, name, version: 'unknown', any: NO_BODY, aliases: [name] };
}

function indexOf(view: TypeView): ReadonlyMap<string, Hosts> {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const index = new Map<string, Hosts>();
  for (const resource of view.resources.values()) {
    const owner = routeConfigurationOf(resource.name);
    const hosts = index.get(owner) ?? { members: [], byHost: new Map<string, SnapshotResource>(), patterns: [] };
    index.set(owner, hosts);
    hosts.members.push(resource);
    for (const alias of [resource.name, ...(resource.aliases ?? [])]) {
      const domain = hostOf(alias);
      if (domain.includes('*')) hosts.patterns.push({ domain, resource });
      else hosts.byHost.set(domain, resource);
    }
  }
  for (const { patterns } of index.values()) patterns.sort((left, right) => right.domain.length - left.domain.length);
  indexes.set(view, index);
  return index;
}

/** As Envoy picks: the exact domain, else the longest one with a star in front, then behind, then the lone star. */
function answering(index: ReadonlyMap<string, Hosts>, asked: string): SnapshotResource | undefined {
  const hosts = index.get(routeConfigurationOf(asked));
  if (hosts === undefined) return undefined;
  // Envoy asks for what stands in the Host header, and need not look at its port.
  const host = hostOf(asked).replace(/:[0-9]+$/, '');
  const matching = (fits: (domain: string) => boolean): SnapshotResource | undefined =>
    hosts.patterns.find(({ domain }) => fits(domain))?.resource;
  return (
    hosts.byHost.get(hostOf(asked)) ??
    hosts.byHost.get(host) ??
    matching((domain) => domain.startsWith('*') && domain.length > 1 && host.length >= domain.length && host.endsWith(domain.slice(1))) ??
    matching(
      (domain) => domain.endsWith('*') && domain.length > 1 && host.length >= domain.length && host.startsWith(domain.slice(0, -1)),
    ) ??
    matching((domain) => domain === '*')
  );
}

function hostOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase();
}
