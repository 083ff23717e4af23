// Checks the sections of the merged configuration: a single value of the root file, a map of names over all files, the list of routes over all files.
// Names are told apart here, because only here the files meet (C4).
import type { z } from 'zod';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { blocksOf } from './config-text.ts';
import { below, createEntriesCheck, type EntriesOutcome, type FileInput } from './entries-check.ts';
import { createEntryChecker } from './entry-check.ts';
import { schemaIssues } from './schema-issues.ts';
import { type PlacedFragment, positionBelow } from './source.ts';

export interface SectionOutcome<Output> {
  /** Without the entries that have errors. */
  readonly output: Output;
  /** Names of the entries that have errors. */
  readonly broken: readonly string[];
  readonly issues: readonly Issue[];
}

export interface SectionCheck<Output> {
  /** Takes the files in merge order. */
  check(inputs: readonly FileInput[]): SectionOutcome<Output>;
}

/** A section without entries. Only the root file's counts; an optional one without a value counts as absent. */
export function createSingleCheck<Output>(section: string, schema: z.ZodType<Output>, isOptional = true): SectionCheck<Output | undefined> {
  const checker = createEntryChecker(schema);
  return {
    check(inputs) {
      const input = inputs.find(({ isRoot }) => isRoot);
      const [placed] = input === undefined ? [] : blocksOf(input.file.parsed, section);
      const fragment = placed?.block.fragments.find((each) => each.section === section);
      if (input === undefined || fragment === undefined || (isOptional && fragment.value === null))
        return { output: undefined, broken: [], issues: [] };
      const { output, issues } = checker.check(fragment, section, input.lookup);
      return { output, broken: [], issues: issues.map((issue) => below([section], issue)) };
    },
  };
}

export interface MapSection<Output> {
  readonly section: string;
  /** What an entry is called in messages: `service`. */
  readonly what: string;
  readonly names: z.ZodType<string>;
  readonly entries: z.ZodType<Output>;
}

/** A map of names over all files. The same entries give the same map. */
export function createMapCheck<Output>({
  section,
  what,
  names,
  entries,
}: MapSection<Output>): SectionCheck<Readonly<Record<string, Output>>> {
  const check = createEntriesCheck({
    section,
    schema: entries,
    kind: 'a map',
    keyOf: ({ name }) => name ?? '',
    pathOf: ({ name }) => [section, name ?? ''],
    again: (name, before, again) => repeated({ path: [section, name], what: `${what} "${name}"`, before, again, at: [] }),
    keyIssues: (name) => nameIssues(names, [section, name], name),
  });
  let last: EntriesOutcome<Output> | undefined;
  let output: Readonly<Record<string, Output>> = {};
  return {
    check(inputs) {
      const checked = check(inputs);
      if (!hasSameEntries(checked, last)) output = Object.fromEntries(checked.entries.map((entry) => [entry.key, entry.output]));
      last = checked;
      return { output, broken: checked.broken, issues: checked.issues };
    },
  };
}

/** The list of routes over all files. A path leads to a route by its name, or by its place in the list where it has none. */
export function createRoutesCheck<Output>(entries: z.ZodType<Output>): SectionCheck<readonly Output[]> {
  const check = createEntriesCheck({
    section: 'routes',
    schema: entries,
    kind: 'a list',
    keyOf: ({ name }, index) => name ?? `#${index}`,
    pathOf: ({ name }, index) => ['routes', name ?? index],
    again: (name, before, again) => repeated({ path: ['routes', name], what: `route "${name}"`, before, again, at: ['name'] }),
    keyIssues: () => [],
  });
  let last: EntriesOutcome<Output> | undefined;
  let output: readonly Output[] = [];
  return {
    check(inputs) {
      const checked = check(inputs);
      if (!hasSameEntries(checked, last)) output = checked.entries.map((entry) => entry.output);
      last = checked;
      return { output, broken: checked.broken, issues: checked.issues };
    },
  };
}

function hasSameEntries<Output>(now: EntriesOutcome<Output>, last: EntriesOutcome<Output> | undefined): boolean {
  if (now === last || now.entries.length !== last?.entries.length) return now === last;
  const { entries } = last;
  return now.entries.every(({ key, output }, index) => key === entries[index]?.key && output === entries[index].output);
}

function nameIssues(names: z.ZodType<string>, path: ConfigPath, name: string): readonly Issue[] {
  const outcome = names.safeParse(name);
  if (outcome.success) return [];
  const issues = schemaIssues(outcome.error.issues, { schema: names, value: name, writtenAt: () => name });
  return issues.map((issue) => ({ ...issue, path, at: 'key' }));
}

interface Repetition {
  readonly path: ConfigPath;
  readonly what: string;
  readonly before: PlacedFragment;
  readonly again: PlacedFragment;
  /** Steps below the entry to what names it. */
  readonly at: ConfigPath;
}

function repeated({ path, what, before, again, at }: Repetition): Issue {
  const kind = at.length === 0 ? 'key' : 'value';
  return {
    code: 'CH1006',
    severity: 'error',
    message: `the ${what} is there twice`,
    path: [...path, ...at],
    at: kind,
    position: positionBelow(again, at, kind),
    label: 'here again',
    related: [{ message: 'first here', path: [...path, ...at], at: kind, position: positionBelow(before, at, kind) }],
  };
}
