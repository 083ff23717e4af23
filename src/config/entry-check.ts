// Checks the entries of one section against their schema, each once (P2). An unchanged entry keeps its checked value, and an entry that was written
// anew with the same meaning gets the value it had: what follows is memoised by identity (C15).
import type { z } from 'zod';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { Secret } from '../lib/secret.ts';
import type { Fragment } from './parsed-block.ts';
import { type ReferenceLookup, type ReferencingText, replaceReferences } from './references.ts';
import { schemaIssues, valueAt } from './schema-issues.ts';
import { sourceAt } from './source.ts';
import { parseYaml } from './yaml-document.ts';

export interface CheckedFragment<Output> {
  /** Absent where an issue is an error. */
  readonly output?: Output;
  /** Paths below the fragment. */
  readonly issues: readonly Issue[];
}

export interface EntryChecker<Output> {
  /** `key` names the entry among those of its section, so that the same meaning is found again. */
  check(fragment: Fragment, key: string, lookup: ReferenceLookup): CheckedFragment<Output>;
  /** Forgets entries that `isCurrent` does not know, once they are many. */
  forget(isCurrent: (key: string) => boolean, count: number): void;
}

interface Remembered<Output> {
  /** What the references stood for. */
  readonly replaced: readonly string[];
  readonly checked: CheckedFragment<Output>;
}

export function createEntryChecker<Output>(schema: z.ZodType<Output>): EntryChecker<Output> {
  const memo = new WeakMap<Fragment, Remembered<Output>>();
  /** The value that each entry had last. */
  const values = new Map<string, Output>();
  return {
    check(fragment, key, lookup) {
      const known = memo.get(fragment);
      if (known !== undefined && fragment.references.length === 0) return known.checked;
      const { replaced, issues } = lookUpAll(fragment.references, lookup);
      if (issues.length > 0) return withOtherIssues(issues, parse(schema, fragment, lookup));
      if (known?.replaced.every((text, index) => text === replaced[index]) === true) return known.checked;
      const checked = withKnownIdentity(parse(schema, fragment, lookup), values.get(key));
      memo.set(fragment, { replaced, checked });
      if (checked.output !== undefined) values.set(key, checked.output);
      return checked;
    },
    forget(isCurrent, count) {
      if (values.size <= 2 * count + 100) return;
      for (const key of values.keys()) if (!isCurrent(key)) values.delete(key);
    },
  };
}

/** What is wrong besides references; what is said about their own places would only repeat it. */
function withOtherIssues<Output>(issues: readonly Issue[], checked: CheckedFragment<Output>): CheckedFragment<Output> {
  const places = new Set(issues.map(({ path }) => JSON.stringify(path)));
  return { issues: [...issues, ...checked.issues.filter(({ path }) => !places.has(JSON.stringify(path)))] };
}

function withKnownIdentity<Output>(checked: CheckedFragment<Output>, before: Output | undefined): CheckedFragment<Output> {
  return before !== undefined && isSameValue(checked.output, before) ? { ...checked, output: before } : checked;
}

function lookUpAll(
  texts: readonly ReferencingText[],
  lookup: ReferenceLookup,
): { readonly replaced: readonly string[]; readonly issues: readonly Issue[] } {
  const replaced: string[] = [];
  const issues: Issue[] = [];
  for (const { path, parts } of texts) {
    if (!parts.ok) issues.push({ severity: 'error', path, ...parts.problem });
    for (const part of parts.ok ? parts.value : []) {
      if (typeof part === 'string') continue;
      const value = lookup(part);
      if (value.ok) replaced.push(value.value);
      else issues.push({ severity: 'error', path, ...value.problem });
    }
  }
  return { replaced, issues };
}

function parse<Output>(schema: z.ZodType<Output>, fragment: Fragment, lookup: ReferenceLookup): CheckedFragment<Output> {
  if (fragment.value === null) return { issues: [emptyEntry(fragment)] };
  const value = fragment.references.length === 0 ? fragment.value : replaceReferences(fragment.value, lookup);
  const outcome = schema.safeParse(value);
  if (outcome.success) return { output: outcome.data, issues: [] };
  const writtenAt = (path: ConfigPath) => writtenText(fragment, path);
  return { issues: schemaIssues(outcome.error.issues, { schema, value, writtenAt }) };
}

function emptyEntry({ name, section, isEntry }: Fragment): Issue {
  const key = isEntry ? name : section;
  const message = key === undefined ? 'this item has no value' : `"${key}" has no value`;
  return { code: 'CH1104', severity: 'error', message, path: [], help: 'give it a value or take it out' };
}

/** The user's own text, short and never of a key. Made only where there is something to say about it. */
function writtenText(fragment: Fragment, path: ConfigPath): string | undefined {
  const value = valueAt(fragment.value, path);
  if (typeof value === 'number') return sourceAt(parseYaml(fragment.block.text).root, [...fragment.nodePath, ...path]) ?? String(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.includes('-----BEGIN')) return undefined;
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}

/** Equal in meaning; the order of keys does not count. */
export function isSameValue(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Secret || right instanceof Secret) {
    return left instanceof Secret && right instanceof Secret && left.reveal() === right.reveal();
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item: unknown, index) => isSameValue(item, right[index]));
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(left);
  if (entries.length !== Object.keys(right).length) return false;
  return entries.every(([key, value]) => Object.hasOwn(right, key) && isSameValue(value, Reflect.get(right, key)));
}
