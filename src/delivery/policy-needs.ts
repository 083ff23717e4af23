// What a revision needs of companions before its routes may name it: policies of authz (authz D5), limits of the rate limiter (ratelimit R208). Pure.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';

export const COMPANION_ROLES: readonly CompanionRole[] = ['authz', 'ratelimit'];

/** The type whose resources say what a companion of the role can answer. */
export const NEEDED_TYPES: Readonly<Record<CompanionRole, TypeUrl>> = {
  authz: TYPE_URLS.AuthPolicy,
  ratelimit: TYPE_URLS.RateLimitTable,
};

/** A policy's name holds its version; a table has one name for all of its versions, and is needed as it is in this snapshot. */
export function neededOf(snapshot: Snapshot, role: CompanionRole): readonly string[] {
  const resources = [...(snapshot.views.get(NEEDED_TYPES[role])?.resources.values() ?? [])];
  return resources.map(({ name, version }) => (role === 'authz' ? name : versionedName(name, version)));
}

/** What a companion must have to be sent requests at all: any version of a table will do. */
export function servedNames(snapshot: Snapshot, role: CompanionRole): readonly string[] {
  return [...(snapshot.views.get(NEEDED_TYPES[role])?.resources.keys() ?? [])];
}

export function versionedName(name: string, version: string): string {
  return `${name}@${version}`;
}
