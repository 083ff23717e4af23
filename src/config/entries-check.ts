// Checks the entries of one section over all files. What did not change since the last time is taken over without being looked at (P2).
import type { z } from 'zod';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { failed } from '../lib/result.ts';
import { blocksOf, type PlacedBlock } from './config-text.ts';
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
  let last: Looked<Output> = { parts: [], slots: [] };
  let outcome: EntriesOutcome<Output> = { entries: [], broken: [], issues: [] };
  const fill = (fragment: Fragment, index: number, lookup: ReferenceLookup): Slot<Output> => {
    const key = section.keyOf(fragment, index);
    const checked = checker.check(fragment, key, lookup);
    const keyed = checked.output === undefined ? undefined : { key, output: checked.output };
    return { fragment, key, keyIssues: section.keyIssues(key), checked, keyed };
  };
  return (inputs) => {
    const parts = inputs.map((input) => ({ input, blocks: blocksOf(input.file.parsed, section.section) }));
    if (isUntouched(parts, last.parts)) return outcome;
    const { fragments, others } = fragmentsIn(section.section, parts);
    const { slots, isSame } = nextSlots(fragments, last.slots, (fragment, index) => fill(fragment, index, lookupAt(parts, fragment)));
    keys.replace(last.slots, slots);
    last = { parts, slots };
    if (isSame && others.length === 0 && outcome.issues.length === 0) return outcome;
    checker.forget((key) => keys.has(key), slots.length);
    const issues = others.flatMap((placed) => notSection(placed, section.kind));
    issues.push(...(keys.hasRepeated() ? slotIssuesByPlace(section, slots, placedIn(parts, section.section)) : slotIssues(section, slots)));
    outcome = { ...keyedOf(slots), issues };
    return outcome;
  };
}

// The loops below run over all entries at every change, so they make nothing that they need not.
function keyedOf<Output>(slots: readonly Slot<Output>[]): Omit<EntriesOutcome<Output>, 'issues'> {
  const entries: Keyed<Output>[] = [];
  const broken: string[] = [];
  for (const { keyed, key } of slots) {
    if (keyed === undefined) broken.push(key);
    else entries.push(keyed);
  }
  return { entries, broken };
}

/** The blocks of a section in one file. */
interface Part {
  readonly input: FileInput;
  readonly blocks: readonly PlacedBlock[];
}

/** What was looked at last. */
interface Looked<Output> {
  readonly parts: readonly Part[];
  readonly slots: readonly Slot<Output>[];
}

/** The very same blocks at the same places, and none whose references could stand for something else now. */
function isUntouched(parts: readonly Part[], last: readonly Part[]): boolean {
  const isSame =
    parts.length === last.length &&
    parts.every(({ blocks, input }, index) => {
      const before = last[index];
      return blocks === before?.blocks && input.file.path === before.input.file.path;
    });
  return isSame && parts.every(({ input }) => input.file.parsed.referencing.length === 0);
}

interface FoundFragments {
  readonly fragments: readonly Fragment[];
  /** Sections without entries. */
  readonly others: readonly PlacedFragment[];
}

function fragmentsIn(section: string, parts: readonly Part[]): FoundFragments {
  const fragments: Fragment[] = [];
  const others: PlacedFragment[] = [];
  for (const { input, blocks } of parts) {
    for (const { block, start } of blocks) {
      for (const fragment of block.fragments) {
        if (fragment.section !== section) continue;
        if (fragment.isEntry) fragments.push(fragment);
        else others.push({ fragment, source: input.source, start });
      }
    }
  }
  return { fragments, others };
}

interface NextSlots<Output> {
  readonly slots: readonly Slot<Output>[];
  /** No entry came, went, moved or changed its meaning. */
  readonly isSame: boolean;
}

/** The slots of the same fragments, found from both ends, and new ones in between. */
function nextSlots<Output>(
  fragments: readonly Fragment[],
  before: readonly Slot<Output>[],
  fill: (fragment: Fragment, index: number) => Slot<Output>,
): NextSlots<Output> {
  const most = Math.min(before.length, fragments.length);
  const shift = before.length - fragments.length;
  let start = 0;
  while (start < most && before[start]?.fragment === fragments[start]) start += 1;
  let end = fragments.length;
  while (end > fragments.length - most + start && before[end - 1 + shift]?.fragment === fragments[end - 1]) end -= 1;
  const slots: Slot<Output>[] = [];
  let isSame = shift === 0;
  for (const fragment of fragments) {
    const index = slots.length;
    const known = index < start ? before[index] : index >= end ? before[index + shift] : undefined;
    const slot = known === undefined || fragment.block.hasReferences ? fill(fragment, index) : known;
    if (slot !== known && slot.checked !== before[index]?.checked) isSame = false;
    slots.push(slot);
  }
  return { slots, isSame };
}

/** The lookup of the file that a fragment is in. */
function lookupAt(parts: readonly Part[], { block }: Fragment): ReferenceLookup {
  const part = parts.length === 1 ? parts[0] : parts.find(({ blocks }) => blocks.some((placed) => placed.block === block));
  return part?.input.lookup ?? (() => failed({ code: 'CH1021', message: 'this reference cannot be followed' }));
}

/** Entries with their places, made only where something is to be said about them. */
function placedIn(parts: readonly Part[], section: string): readonly PlacedFragment[] {
  return parts.flatMap(({ input, blocks }) =>
    blocks.flatMap(({ block, start }) =>
      block.fragments
        .filter((each) => each.section === section && each.isEntry)
        .map((fragment) => ({ fragment, source: input.source, start })),
    ),
  );
}

function slotIssues<Output>(section: EntriesSection<Output>, slots: readonly Slot<Output>[]): readonly Issue[] {
  const issues: Issue[] = [];
  let index = 0;
  for (const { fragment, keyIssues, checked } of slots) {
    if (keyIssues.length > 0) issues.push(...keyIssues);
    if (checked.issues.length > 0) {
      const path = section.pathOf(fragment, index);
      for (const issue of checked.issues) issues.push(below(path, issue));
    }
    index += 1;
  }
  return issues;
}

/** The same with keys that are there twice: a path leads to the first, so what is wrong with the later ones says its place. */
function slotIssuesByPlace<Output>(
  section: EntriesSection<Output>,
  slots: readonly Slot<Output>[],
  entries: readonly PlacedFragment[],
): readonly Issue[] {
  const first = new Map<string, PlacedFragment>();
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
