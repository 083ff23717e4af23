// Checks the entries of one section over all files. What did not change since the last time is taken over without being looked at (P2).
import type { z } from 'zod';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { blocksOf } from './config-text.ts';
import { type CheckedFragment, createEntryChecker } from './entry-check.ts';
import { createKeyCount } from './key-count.ts';
import type { Fragment } from './parsed-block.ts';
import type { ReferenceLookup } from './references.ts';
import { kindOf } from './schema/scalar.ts';
import { type PlacedFragment, positionBelow, type SourceFile } from './source.ts';
import type { SourceText } from './source-text.ts';

/** A file with what the check of its fragments needs. */
export interface FileInput {
  readonly file: SourceFile;
  readonly source: SourceText;
  readonly isRoot: boolean;
  readonly lookup: ReferenceLookup;
}

export interface EntriesSection<Output> {
  readonly section: string;
  readonly schema: z.ZodType<Output>;
  /** What the section itself must be. */
  readonly kind: string;
  /** What must be unique. */
  keyOf(fragment: Fragment, index: number): string;
  /** What is wrong with a key, in full. */
  keyIssues(key: string): readonly Issue[];
  pathOf(fragment: Fragment, index: number): ConfigPath;
  /** The issue for a key that is there twice. */
  again(key: string, before: PlacedFragment, again: PlacedFragment): Issue;
}

export interface Keyed<Output> {
  readonly key: string;
  readonly output: Output;
}

export interface EntriesOutcome<Output> {
  /** The entries without errors, in the order of the files. */
  readonly entries: readonly Keyed<Output>[];
  /** Keys of the entries that have errors. */
  readonly broken: readonly string[];
  readonly issues: readonly Issue[];
}

/** An entry as it was checked. */
interface Slot<Output> {
  readonly fragment: Fragment;
  readonly key: string;
  readonly keyIssues: readonly Issue[];
  readonly checked: CheckedFragment<Output>;
  /** Absent where the entry has errors. */
  readonly keyed: Keyed<Output> | undefined;
}

/** Gives the same object while nothing has changed. */
export function createEntriesCheck<Output>(section: EntriesSection<Output>): (inputs: readonly FileInput[]) => EntriesOutcome<Output> {
  const checker = createEntryChecker(section.schema);
  const keys = createKeyCount();
  let slots: readonly Slot<Output>[] = [];
  let outcome: EntriesOutcome<Output> = { entries: [], broken: [], issues: [] };
  const checkSlot = (fragment: Fragment, index: number, { lookup, known }: SlotContext<Output>): Slot<Output> => {
    if (known !== undefined && !fragment.block.hasReferences) return known;
    const key = section.keyOf(fragment, index);
    const checked = checker.check(fragment, key, lookup);
    if (known?.checked === checked) return known;
    const keyed = checked.output === undefined ? undefined : { key, output: checked.output };
    return { fragment, key, keyIssues: section.keyIssues(key), checked, keyed };
  };
  return (inputs) => {
    const found = placedEntries(section.section, inputs);
    const unchanged = findUnchanged(slots, found.entries);
    const next = found.entries.map(({ fragment, lookup }, index) => checkSlot(fragment, index, { lookup, known: slots[unchanged(index)] }));
    const isSame = next.length === slots.length && next.every((slot, index) => slot === slots[index]);
    if (isSame && found.others.length === 0 && outcome.issues.length === 0) return outcome;
    keys.replace(slots, next);
    slots = next;
    checker.forget((key) => keys.has(key), next.length);
    const issues = found.others.flatMap((placed) => notSection(placed, section.kind));
    issues.push(...(keys.hasRepeated() ? slotIssuesByPlace(section, slots, found.entries) : slotIssues(section, slots)));
    outcome = {
      entries: slots.flatMap(({ keyed }) => keyed ?? []),
      broken: slots.flatMap(({ keyed, key }) => (keyed === undefined ? key : [])),
      issues,
    };
    return outcome;
  };
}

interface SlotContext<Output> {
  readonly lookup: ReferenceLookup;
  /** The slot of the same fragment in the last check. */
  readonly known: Slot<Output> | undefined;
}

interface PlacedEntry extends PlacedFragment {
  readonly lookup: ReferenceLookup;
}

interface FoundEntries {
  readonly entries: readonly PlacedEntry[];
  /** Sections without entries. */
  readonly others: readonly PlacedFragment[];
}

function placedEntries(section: string, inputs: readonly FileInput[]): FoundEntries {
  const entries: PlacedEntry[] = [];
  const others: PlacedFragment[] = [];
  for (const { file, source, lookup } of inputs) {
    for (const { block, start } of blocksOf(file.parsed, section)) {
      for (const fragment of block.fragments) {
        if (fragment.section !== section) continue;
        if (fragment.isEntry) entries.push({ fragment, source, start, lookup });
        else others.push({ fragment, source, start });
      }
    }
  }
  return { entries, others };
}

/** For each entry the index of its slot, found from both ends; -1 in between. */
function findUnchanged(slots: readonly { readonly fragment: Fragment }[], entries: readonly PlacedEntry[]): (index: number) => number {
  const most = Math.min(slots.length, entries.length);
  let start = 0;
  while (start < most && slots[start]?.fragment === entries[start]?.fragment) start += 1;
  let end = 0;
  while (end < most - start && slots[slots.length - 1 - end]?.fragment === entries[entries.length - 1 - end]?.fragment) end += 1;
  const shift = slots.length - entries.length;
  return (index) => (index < start ? index : index >= entries.length - end ? index + shift : -1);
}

function slotIssues<Output>(section: EntriesSection<Output>, slots: readonly Slot<Output>[]): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [index, { fragment, keyIssues, checked }] of slots.entries()) {
    if (keyIssues.length > 0) issues.push(...keyIssues);
    if (checked.issues.length > 0) issues.push(...checked.issues.map((issue) => below(section.pathOf(fragment, index), issue)));
  }
  return issues;
}

/** The same with keys that are there twice: a path leads to the first, so what is wrong with the later ones says its place. */
function slotIssuesByPlace<Output>(
  section: EntriesSection<Output>,
  slots: readonly Slot<Output>[],
  entries: readonly PlacedEntry[],
): readonly Issue[] {
  const first = new Map<string, PlacedEntry>();
  const firstSlots: Slot<Output>[] = [];
  const issues: Issue[] = [];
  for (const [index, slot] of slots.entries()) {
    const placed = entries[index];
    const before = first.get(slot.key);
    if (before === undefined || placed === undefined) {
      if (placed !== undefined) first.set(slot.key, placed);
      firstSlots.push(slot);
      continue;
    }
    issues.push(section.again(slot.key, before, placed));
    for (const issue of slot.checked.issues) issues.push({ ...issue, position: positionBelow(placed, issue.path, issue.at) });
  }
  return [...slotIssues(section, firstSlots), ...issues];
}

/** A section that is not of its kind; one without a value is empty. */
function notSection(placed: PlacedFragment, kind: string): readonly Issue[] {
  const { section, value } = placed.fragment;
  const found = kindOf(value);
  if (value === null || found === kind) return [];
  const message = `${section} is ${kind}, found ${found}`;
  return [{ code: 'CH1102', severity: 'error', message, path: [section], position: positionBelow(placed, [], 'key') }];
}

/** An issue of a value, as one of the whole configuration. */
export function below(base: ConfigPath, issue: Issue): Issue {
  const related = issue.related?.map((other) => ({ ...other, path: [...base, ...other.path] }));
  return { ...issue, path: [...base, ...issue.path], ...(related === undefined ? {} : { related }) };
}
