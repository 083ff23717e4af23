// The revisions of a gateway whose endpoints are looked for, and which services of them share a watch. Holds nothing.
import { createHash } from 'node:crypto';
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { FollowedRevision } from './followed-revision.ts';
import type { ServiceWatch } from './service-watch.ts';

export interface Registration {
  readonly revision: FollowedRevision;
  /** By service name. */
  readonly services: ReadonlyMap<string, { readonly service: DiscoveredService; readonly watch: ServiceWatch; readonly key: string }>;
  usedAtMs: number;
}

/** So many newest revisions are always followed: the one in waves, the good one, and one that was overtaken between. */
const ALWAYS_KEPT = 3;
/** An older one that nobody asked for so long is not followed any more. */
export const IDLE_MS = 120_000;

/** Forgets what is old and idle; true when there was such. */
export function expire(registrations: Map<string, Registration>, nowMs: number): boolean {
  const old = [...registrations].slice(0, -ALWAYS_KEPT).filter(([, { usedAtMs }]) => usedAtMs < nowMs - IDLE_MS + 1);
  for (const [revision] of old) registrations.delete(revision);
  return old.length > 0;
}

export function mayExpire({ size }: ReadonlyMap<string, Registration>): boolean {
  return size > ALWAYS_KEPT;
}

/** Keys of all watches that a revision needs. */
export function usedKeys(all: readonly ReadonlyMap<string, Registration>[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const registrations of all) {
    for (const { services } of registrations.values()) for (const { key } of services.values()) keys.add(key);
  }
  return keys;
}

/** The newest stands last; an earlier one that is still in use does not take its place. */
export function register(registrations: Map<string, Registration>, registration: Registration): void {
  const { revision, isEarlier } = registration.revision;
  const last = isEarlier === true ? newest(registrations) : undefined;
  registrations.delete(revision);
  registrations.set(revision, registration);
  if (last === undefined || last.revision.revision === revision) return;
  registrations.delete(last.revision.revision);
  registrations.set(last.revision.revision, last);
}

export function newest(registrations: ReadonlyMap<string, Registration> | undefined): Registration | undefined {
  return [...(registrations?.values() ?? [])].at(-1);
}

const sources = new WeakMap<DiscoveredService, string>();

/** Services whose endpoints come from the same place share a watch, whatever else an edit changed. A hash, because headers are secret (C7). */
export function watchKey(gateway: string, service: DiscoveredService): string {
  const source = sources.get(service) ?? sourceHash(service);
  sources.set(service, source);
  return `${gateway} ${source}`;
}

function sourceHash({ owner, source, endpoints }: DiscoveredService): string {
  const listed = endpoints.map(({ path: _path, ...endpoint }) => endpoint);
  return createHash('sha256')
    .update(JSON.stringify([owner.name, source, listed]))
    .digest('base64url');
}
