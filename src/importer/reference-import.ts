// Limits of the reference rate-limit service → limits of ours that answer the same (ratelimit R320-R326, R1005). What cannot be kept is told at its
// place. Pure: who calls has read the files.
import type { ReferenceDescriptor, ReferenceDomain } from '../config/reference-limits.ts';
import type { Issue } from '../lib/issue.ts';
import { patternCovers } from '../lib/star-pattern.ts';
import { fragmentText, type NamedLimit } from './fragment-text.ts';
import { type GroupLimit, groupLimits } from './group-limits.ts';
import { ImportIssues, type PlaceOf } from './import-issues.ts';
import { type KeyMeaning, keyMeaning } from './key-meanings.ts';
import { type LimitGroup, limitGroups } from './limit-groups.ts';
import { limitNames } from './limit-names.ts';

export interface ReferenceImportInput {
  readonly domains: readonly ReferenceDomain[];
  /** As told to people. */
  readonly directory: string;
  /** With it, the text is a gateway file of its own. */
  readonly gateway?: string | undefined;
  /** What keys are: a part of requests, or `constant`. */
  readonly map: ReadonlyMap<string, string>;
  readonly place: PlaceOf;
}

export interface ReferenceImport {
  /** Absent where a key is unknown. */
  readonly text: string | undefined;
  readonly limits: readonly NamedLimit[];
  /** In the order of the files; those without limits, too. */
  readonly groups: readonly LimitGroup[];
  readonly issues: readonly Issue[];
  /** All keys of the files, sorted. */
  readonly keys: readonly string[];
}

export function importReference({ domains, directory, gateway, map, place }: ReferenceImportInput): ReferenceImport {
  const issues = new ImportIssues(place);
  const keys = keysOf(domains);
  const meanings = new Map<string, KeyMeaning>();
  for (const [key, { first, values }] of keys) {
    const meaning = key.includes('*') ? undefined : keyMeaning(key, values, map);
    if (meaning === undefined) issues.unknownKey(first);
    else if (!meaning.isSure) issues.guessed(first, meaning);
    if (meaning !== undefined) meanings.set(key, meaning);
  }
  const found = domains.map((domain) => domainLimits(domain, meanings, issues));
  const groups = found.flatMap((each) => each.groups);
  const limits = found.flatMap((each) => each.limits);
  const names = limitNames(limits, domains.length === 1);
  const named = limits.map((limit, index) => ({
    name: names[index] ?? '',
    limit,
    replaces: replacedNames(limit, { limits, names }, issues),
  }));
  const isGood = issues.all.every(({ severity }) => severity !== 'error');
  const text = isGood
    ? fragmentText({
        directory,
        gateway,
        keys: [...meanings].map(([key, meaning]) => ({ key, meaning })),
        groups,
        limits: named,
      })
    : undefined;
  return { text, limits: named, groups, issues: issues.all, keys: [...keys.keys()].sort() };
}

interface KeyUse {
  readonly first: ReferenceDescriptor;
  readonly values: string[];
}

/** In the order of the files. */
function keysOf(domains: readonly ReferenceDomain[]): ReadonlyMap<string, KeyUse> {
  const keys = new Map<string, KeyUse>();
  for (const descriptor of domains.flatMap(({ descriptors }) => withNested(descriptors))) {
    const use = keys.get(descriptor.key) ?? { first: descriptor, values: [] };
    keys.set(descriptor.key, use);
    if (descriptor.value !== undefined) use.values.push(descriptor.value);
  }
  return keys;
}

function withNested(descriptors: readonly ReferenceDescriptor[]): readonly ReferenceDescriptor[] {
  return descriptors.flatMap((each) => [each, ...withNested(each.descriptors)]);
}

interface DomainLimits {
  readonly groups: readonly LimitGroup[];
  readonly limits: readonly GroupLimit[];
}

function domainLimits(domain: ReferenceDomain, meanings: ReadonlyMap<string, KeyMeaning>, issues: ImportIssues): DomainLimits {
  const all = withNested(domain.descriptors);
  const given = new Set(all.flatMap(({ limit }) => (limit === undefined || limit.name === '' ? [] : [limit.name])));
  const replaced = new Set(all.flatMap(({ limit }) => limit?.replaces ?? []));
  for (const descriptor of all) {
    issues.notCarried(descriptor);
    if (descriptor.quotaMode && descriptor.limit !== undefined) issues.quota(descriptor);
    for (const name of descriptor.limit?.replaces ?? []) if (!given.has(name)) issues.replacesNothing(descriptor, name);
  }
  const groups = limitGroups(domain, (key) => meanings.get(key));
  for (const descriptor of new Set(groups.flatMap(otherConstants))) issues.otherConstants(descriptor);
  const limits = groups.flatMap((group) => {
    checkParts(group, issues);
    const { limits: own, losses } = groupLimits(group, replaced);
    for (const loss of losses) issues.loss(loss);
    return own;
  });
  return { groups, limits };
}

/** Descriptors of constants that no list holds, which are counted by route. */
function otherConstants({ entries, rules }: LimitGroup): readonly ReferenceDescriptor[] {
  return entries.flatMap(({ meaning, constant, isShared }, level) => {
    const isListed = constant !== undefined && !constant.includes('*');
    return meaning.kind !== 'constant' || isListed || isShared === true ? [] : rules.flatMap(({ steps }) => steps[level] ?? []);
  });
}

function checkParts({ entries, rules }: LimitGroup, issues: ImportIssues): void {
  const parts = entries.flatMap(({ meaning }) => (meaning.kind === 'part' ? [meaning.part] : []));
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  const descriptor = rules.find(({ limited }) => limited !== undefined)?.limited;
  if (twice !== undefined && descriptor !== undefined) issues.twoKeys(descriptor, twice);
}

interface NamedLimits {
  readonly limits: readonly GroupLimit[];
  /** Parallel. */
  readonly names: readonly string[];
}

function replacedNames(limit: GroupLimit, { limits, names }: NamedLimits, issues: ImportIssues): readonly string[] {
  const [first] = limit.rules;
  if (limit.replaces.length === 0 || first?.limited === undefined) return [];
  const descriptor = first.limited;
  const isAlone = limits.every((each) => each === limit || each.group !== limit.group);
  return limits.flatMap((other, index): readonly string[] => {
    if (other.group.domain !== limit.group.domain || !limit.replaces.includes(other.replacedAs)) return [];
    if (other.group === limit.group) {
      issues.replacesSibling(descriptor, other.replacedAs);
      return [];
    }
    if (!limit.isForAll && !(isAlone && holdsWherever(limit, other))) issues.replacesMore(descriptor, other);
    return [names[index] ?? ''];
  });
}

/** Whether each request that the other limit counts meets a rule of this one, by the parts that both count by. */
function holdsWherever({ rules }: GroupLimit, other: GroupLimit): boolean {
  return other.rules.every((theirs) =>
    rules.some(({ match }) =>
      match.every(({ part, value }) => {
        const own = theirs.match.find((each) => each.part === part);
        return own !== undefined && patternCovers(value, own.value);
      }),
    ),
  );
}
