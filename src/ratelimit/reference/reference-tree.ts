// Finds the limit of a descriptor as the reference does (R321): level by level, exact key and value, then patterns in the order of the file,
// then the bare key, without ever going back. Keys and values are compared apart, so that (a_b, c) and (a, b_c) differ (R326). Pure.
import { type StarPattern, starPattern } from '../../lib/star-pattern.ts';
import type { ReferenceDescriptor } from './reference-table.ts';

export interface ReferenceEntry {
  readonly key: string;
  readonly value: string;
}

/** How an entry was found. */
export interface ReferenceStep {
  readonly entry: ReferenceEntry;
  readonly descriptor: ReferenceDescriptor;
  readonly by: 'value' | 'pattern' | 'bareKey';
}

export interface ReferenceMatch {
  /** One for each entry; the last one's descriptor has the limit. */
  readonly steps: readonly ReferenceStep[];
}

export interface ReferenceTree {
  /** Undefined where no limit applies: an entry leads nowhere, or the last one's descriptor has no limit. */
  match(entries: readonly ReferenceEntry[]): ReferenceMatch | undefined;
  /** The steps as far as they go, for `explain`. */
  walk(entries: readonly ReferenceEntry[]): readonly ReferenceStep[];
}

interface Level {
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, Node>>;
  readonly bare: ReadonlyMap<string, Node>;
  readonly patterns: readonly Pattern[];
}

interface Node {
  readonly descriptor: ReferenceDescriptor;
  readonly below: Level;
}

interface Pattern {
  readonly node: Node;
  readonly fits: (entry: ReferenceEntry) => boolean;
}

export function referenceTree(descriptors: readonly ReferenceDescriptor[]): ReferenceTree {
  const top = levelOf(descriptors);
  const walk = (entries: readonly ReferenceEntry[]): readonly ReferenceStep[] => {
    const steps: ReferenceStep[] = [];
    let level = top;
    for (const entry of entries) {
      const found = findIn(level, entry);
      if (found === undefined) return steps;
      steps.push({ entry, descriptor: found.node.descriptor, by: found.by });
      level = found.node.below;
    }
    return steps;
  };
  return {
    walk,
    match(entries) {
      const steps = walk(entries);
      const isWhole = steps.length === entries.length && steps.at(-1)?.descriptor.limit !== undefined;
      return isWhole ? { steps } : undefined;
    },
  };
}

function levelOf(descriptors: readonly ReferenceDescriptor[]): Level {
  const exact = new Map<string, Map<string, Node>>();
  const bare = new Map<string, Node>();
  const patterns: Pattern[] = [];
  for (const descriptor of descriptors) {
    const { key, value } = descriptor;
    const node = { descriptor, below: levelOf(descriptor.descriptors) };
    if (value === undefined) bare.set(key, node);
    else exact.set(key, (exact.get(key) ?? new Map<string, Node>()).set(value, node));
    const pattern = patternOf(descriptor);
    if (pattern !== undefined) patterns.push({ node, fits: pattern });
  }
  return { exact, bare, patterns };
}

/** R326: a star in the key works too; it then fits the key and the value, joined as the reference joins them. */
function patternOf({ key, value }: ReferenceDescriptor): ((entry: ReferenceEntry) => boolean) | undefined {
  if (key.includes('*')) {
    const joined: StarPattern = starPattern(value === undefined ? key : `${key}_${value}`);
    return (entry) => joined.fits(`${entry.key}_${entry.value}`);
  }
  if (value === undefined || !value.includes('*')) return undefined;
  const pattern = starPattern(value);
  return (entry) => entry.key === key && pattern.fits(entry.value);
}

function findIn(
  { exact, bare, patterns }: Level,
  entry: ReferenceEntry,
): { readonly node: Node; readonly by: ReferenceStep['by'] } | undefined {
  const same = exact.get(entry.key)?.get(entry.value);
  if (same !== undefined) return { node: same, by: 'value' };
  const pattern = patterns.find(({ fits }) => fits(entry));
  if (pattern !== undefined) return { node: pattern.node, by: 'pattern' };
  const node = bare.get(entry.key);
  return node === undefined ? undefined : { node, by: 'bareKey' };
}
