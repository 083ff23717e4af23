// Which things of the user's a change touched, by their names: for one line of text and for the log. Compares two models; pure.
import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../lib/secret.ts';
import type { Model } from '../model/types.ts';

export interface ModelChanges {
  /** `route orders`, `limit per-user`, …; each list in the order of `kindsOf`, sections without names (`runtime`) last. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

type Named = { readonly name: string };

/** Without `before` everything is added. A thing whose place in the file moved has not changed (C15). */
export function modelChanges(before: Model | undefined, after: Model): ModelChanges {
  const [old, now] = [before === undefined ? [] : kindsOf(before), kindsOf(after)];
  const changes = now.map(([kind, things], index) => changesOfKind(kind, old[index]?.[1] ?? [], things));
  const sections = before === undefined ? [] : changedSections(before, after);
  return {
    added: changes.flatMap(({ added }) => added),
    changed: [...changes.flatMap(({ changed }) => changed), ...sections],
    removed: changes.flatMap(({ removed }) => removed),
  };
}

function kindsOf({ listeners, services, routes, certificates, auth, limits }: Model): readonly (readonly [string, readonly Named[]])[] {
  return [
    ['listener', listeners],
    ['service', services],
    ['route', routes],
    ['certificate', certificates],
    ['policy', auth?.policies ?? []],
    ['jwt provider', auth?.jwt ?? []],
    ['api keys', auth?.apiKeys ?? []],
    ['introspection', auth?.introspection ?? []],
    ['client certificate', auth?.clientCertificates ?? []],
    ['ip list', auth?.ipLists ?? []],
    ['limit', limits?.limits ?? []],
  ];
}

/** A section that the user never wrote comes with the first thing that needs it: that is no change of its own. */
function changedSections(before: Model, after: Model): readonly string[] {
  const sections: readonly (readonly [string, unknown, unknown])[] = [
    ['authz', before.auth?.companion, after.auth?.companion],
    ['rateLimitService', before.limits?.service, after.limits?.service],
    ['accessLog', before.accessLog, after.accessLog],
    ['runtime', before.runtime, after.runtime],
  ];
  return sections.flatMap(([name, old, now]) => {
    if (old === now || ((old === undefined || now === undefined) && name !== 'accessLog' && name !== 'runtime')) return [];
    return isDeepStrictEqual(withoutPlaces(old), withoutPlaces(now)) ? [] : [name];
  });
}

function changesOfKind(kind: string, allBefore: readonly Named[], allAfter: readonly Named[]): ModelChanges {
  const [before, after] = withoutCommonEnds(allBefore, allAfter);
  const old = new Map(before.map((thing) => [thing.name, thing]));
  const kept = new Set(after.map(({ name }) => name));
  const label = ({ name }: Named): string => `${kind} ${name}`;
  return {
    added: after.filter(({ name }) => !old.has(name)).map(label),
    changed: after.filter((thing) => isChanged(old.get(thing.name), thing)).map(label),
    removed: before.filter(({ name }) => !kept.has(name)).map(label),
  };
}

/** One change among thousands leaves the others the same objects, which need no further look. */
function withoutCommonEnds(before: readonly Named[], after: readonly Named[]): readonly [readonly Named[], readonly Named[]] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

function isChanged(before: Named | undefined, after: Named): boolean {
  if (before === undefined || before === after) return false;
  return !isDeepStrictEqual(withoutPlaces(before), withoutPlaces(after));
}

/** The value as plain data, without the places in the files; secrets are their fingerprints, by which they are still told apart (C7). */
export function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (value instanceof Secret) return value.fingerprint();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'path' || !Array.isArray(inner));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPlaces(inner)]));
}
