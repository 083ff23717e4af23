// The descriptors of a domain by what Envoy sends them with: one group for each sequence of keys and each choice of constants. Within a group the
// rules stand in the order in which the reference looks for them (ratelimit R321). Pure.
import type { ReferenceDescriptor } from '../config/reference-limits.ts';
import type { PartMatch } from '../lib/match-rank.ts';
import { patternCovers } from '../lib/star-pattern.ts';
import type { KeyMeaning } from './key-meanings.ts';

export interface GroupEntry {
  readonly key: string;
  readonly meaning: KeyMeaning;
  /** Of a constant: its text, with stars where it is a pattern. Absent: of all others, and of keys that are no constants. */
  readonly constant?: string;
  /** Of a constant that is a pattern: all that fit share a counter. */
  readonly isShared?: true;
}

export interface GroupRule {
  readonly match: readonly PartMatch[];
  /** Parts whose pattern stands for the value in the counter's key (R323). */
  readonly sharedParts: readonly string[];
  /** The descriptors from the top down; the last one's limit holds. */
  readonly steps: readonly ReferenceDescriptor[];
  /** Absent: what fits has no limit, though rules that come later may fit, for the reference never goes back. */
  readonly limited: ReferenceDescriptor | undefined;
}

export interface LimitGroup {
  readonly domain: string;
  readonly entries: readonly GroupEntry[];
  /** Each once. */
  readonly parts: readonly string[];
  readonly rules: readonly GroupRule[];
}

export type MeaningOf = (key: string) => KeyMeaning | undefined;

export interface GroupedDomain {
  readonly domain: string;
  readonly descriptors: readonly ReferenceDescriptor[];
}

/**
 * In the order of the file, those too that have no limits but whose constants the file names: routes that send them must not be taken for any
 * other. Descriptors below keys without a meaning are left out.
 */
export function limitGroups({ domain, descriptors }: GroupedDomain, meaningOf: MeaningOf): readonly LimitGroup[] {
  const constants = new Map<string, GroupEntry[]>();
  const signatures = new Map<string, readonly GroupEntry[]>();
  collect(descriptors, [], { meaningOf, constants, signatures });
  for (const entries of signatures.values()) {
    for (const other of withOtherConstants(entries, constants)) if (!signatures.has(textOf(other))) signatures.set(textOf(other), other);
  }
  return [...signatures.values()].map((entries) => {
    const parts = [...new Set(entries.flatMap((entry) => partOf(entry) ?? []))];
    return { domain, entries, parts, rules: rulesOf(descriptors, { entries, at: 0, match: [], sharedParts: [], steps: [] }) };
  });
}

interface Collected {
  readonly meaningOf: MeaningOf;
  /** By the entries before them and their key. */
  readonly constants: Map<string, GroupEntry[]>;
  readonly signatures: Map<string, readonly GroupEntry[]>;
}

function collect(level: readonly ReferenceDescriptor[], above: readonly GroupEntry[], collected: Collected): void {
  const { meaningOf, constants, signatures } = collected;
  for (const descriptor of level) {
    const entry = entryOf(descriptor, meaningOf);
    if (entry === undefined) continue;
    const entries = [...above, entry];
    if (entry.constant !== undefined) {
      const place = placeOf(above, entry);
      constants.set(place, [...(constants.get(place) ?? []), entry]);
    }
    if (descriptor.limit !== undefined && !signatures.has(textOf(entries))) signatures.set(textOf(entries), entries);
    collect(descriptor.descriptors, entries, collected);
  }
}

/** Where any other constant, or one that fits a pattern, has a limit: the same with each constant that the file names there. */
function withOtherConstants(
  entries: readonly GroupEntry[],
  constants: ReadonlyMap<string, readonly GroupEntry[]>,
): readonly (readonly GroupEntry[])[] {
  return entries.flatMap((entry, at) => {
    const isExact = entry.constant !== undefined && !entry.constant.includes('*');
    if (entry.meaning.kind === 'part' || isExact) return [];
    return (constants.get(placeOf(entries.slice(0, at), entry)) ?? []).map((other) => entries.with(at, other));
  });
}

function placeOf(above: readonly GroupEntry[], { key }: GroupEntry): string {
  return `${textOf(above)} ${key}`;
}

function textOf(entries: readonly GroupEntry[]): string {
  return JSON.stringify(entries.map(({ key, constant, isShared }) => [key, constant, isShared]));
}

function entryOf({ key, value, shareThreshold }: ReferenceDescriptor, meaningOf: MeaningOf): GroupEntry | undefined {
  const meaning = meaningOf(key);
  if (meaning === undefined) return undefined;
  if (meaning.kind === 'part' || value === undefined) return { key, meaning };
  return { key, meaning, constant: value, ...(value.includes('*') && shareThreshold ? { isShared: true } : {}) };
}

/**
 * The part that an entry is counted by. Constants that the file does not name have counters of their own, and so have constants that fit a
 * pattern, unless they share one: they are told apart by their routes.
 */
function partOf({ meaning, constant, isShared }: GroupEntry): string | undefined {
  if (meaning.kind === 'part') return meaning.part;
  return (constant === undefined || constant.includes('*')) && isShared !== true ? 'route' : undefined;
}

interface Walk {
  readonly entries: readonly GroupEntry[];
  readonly at: number;
  readonly match: readonly PartMatch[];
  readonly sharedParts: readonly string[];
  readonly steps: readonly ReferenceDescriptor[];
}

function rulesOf(level: readonly ReferenceDescriptor[], { entries, at, match, sharedParts, steps }: Walk): readonly GroupRule[] {
  const entry = entries[at];
  if (entry === undefined) return [];
  const isLast = at === entries.length - 1;
  return nodesOf(level, entry).flatMap((each): readonly GroupRule[] => {
    const own = matchOf(each, entry);
    const shared = each.shareThreshold ? own.filter(({ value }) => value.includes('*')).map(({ part }) => part) : [];
    const here = { match: [...match, ...own], sharedParts: [...sharedParts, ...shared], steps: [...steps, each] };
    if (isLast) return [{ ...here, limited: each.limit === undefined ? undefined : each }];
    return [...rulesOf(each.descriptors, { entries, at: at + 1, ...here }), { ...here, limited: undefined }];
  });
}

function nodesOf(level: readonly ReferenceDescriptor[], entry: GroupEntry): readonly ReferenceDescriptor[] {
  const nodes = inOrder(level.filter(({ key }) => key === entry.key));
  const { meaning, constant, isShared = false } = entry;
  if (meaning.kind === 'part') return nodes;
  // The one that the reference finds for this constant.
  const found = nodes.find(({ value }) => value === constant) ?? nodes.find(({ value }) => isFallback(value, constant));
  if (found === undefined) return [];
  const isOther = found.value === constant && isShared !== (constant?.includes('*') === true && found.shareThreshold);
  return isOther ? [] : [found];
}

function isFallback(value: string | undefined, constant: string | undefined): boolean {
  return value === undefined || (constant !== undefined && value.includes('*') && patternCovers(value, constant));
}

function matchOf({ value }: ReferenceDescriptor, { meaning }: GroupEntry): readonly PartMatch[] {
  return meaning.kind === 'part' && value !== undefined ? [{ part: meaning.part, value }] : [];
}

/** R321: exact values, patterns in the order of the file, the bare key. */
function inOrder(level: readonly ReferenceDescriptor[]): readonly ReferenceDescriptor[] {
  const rank = ({ value }: ReferenceDescriptor): number => (value === undefined ? 2 : value.includes('*') ? 1 : 0);
  return level.toSorted((left, right) => rank(left) - rank(right));
}
