// What the schema finds wrong, in the user's words: each Zod issue becomes one Issue with a path below the checked value.
import { z } from 'zod';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { meantKey } from './other-words.ts';
import type { SchemaCode } from './schema/codes.ts';
import { kindOf } from './schema/scalar.ts';
import { SCALAR_HELP } from './schema/shape.ts';
import { type KnownSchema, keysAt, type SchemaPlace, schemaAt } from './schema-walk.ts';
import { type ArmChoice, chooseArm } from './union-arm.ts';

export interface CheckedInput {
  readonly schema: KnownSchema;
  /** What was checked, references replaced. */
  readonly value: unknown;
  /** The text at a path as the user wrote it: `"${env:PORT}"` stays that, a number keeps its digits. Undefined where it must not be shown. */
  readonly writtenAt: (path: ConfigPath) => string | undefined;
}

/** Issues have paths below the value. */
export function schemaIssues(issues: readonly z.core.$ZodIssue[], input: CheckedInput): readonly Issue[] {
  const found = issues.flatMap((issue) => translate({ issue, base: [], schema: input.schema, input }));
  return withoutConsequences(found).map(({ issue }) => issue);
}

interface Step {
  readonly issue: z.core.$ZodIssue;
  /** Path to the value that `schema` describes. */
  readonly base: ConfigPath;
  readonly schema: KnownSchema;
  readonly input: CheckedInput;
}

interface Found {
  readonly issue: Issue;
  /** The known key that an unknown one was meant to be. */
  readonly meant?: string;
  /** Keys of which one is missing. */
  readonly missing?: readonly string[];
}

function translate(step: Step): readonly Found[] {
  const { issue, base, input } = step;
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') return unknownKeys(step, path, issue.keys);
  const value = valueAt(input.value, path);
  const key = path.at(-1);
  if (value === undefined && typeof key === 'string') {
    return [{ issue: issueAt(path, 'CH1103', { message: `the key "${key}" is missing` }), missing: [key] }];
  }
  if (value === null && issue.code !== 'invalid_key') return [{ issue: emptyValue(path) }];
  switch (issue.code) {
    case 'invalid_union':
      return unionIssues(step, path, chooseArm(issue.errors, value));
    case 'invalid_key':
      return issue.issues.flatMap((inner) => (inner.code === 'custom' ? [{ issue: customIssue(inner, path, { input, at: 'key' }) }] : []));
    case 'custom':
      return [{ issue: customIssue(issue, path, { input }), missing: stringList(issue.params?.['missing']) }];
    case 'invalid_type':
      return [{ issue: wrongContainer(step, path, issue.expected) }];
    case 'too_small':
      return [
        { issue: issueAt(path, 'CH1118', { message: 'this list needs at least one item', help: 'leave the key out for the default' }) },
      ];
    case 'invalid_format':
    case 'invalid_value':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'too_big':
      return [{ issue: issueAt(path, 'CH1102', { message: 'this value is not possible here' }) }];
    default:
      return issue satisfies never;
  }
}

function unknownKeys({ schema, base, input }: Step, path: ConfigPath, unknown: readonly string[]): readonly Found[] {
  const known = keysAt(schemaAt(schema, path.slice(base.length)));
  const here = valueAt(input.value, path);
  const free = known.filter((key) => !(typeof here === 'object' && here !== null && key in here));
  return unknown.map((key) => {
    const meant = meantKey(key, free) ?? meantKey(key, known);
    const shown = known.length <= 20 ? `known keys are ${known.join(', ')}` : undefined;
    const help = meant === undefined ? shown : `did you mean "${meant}"?`;
    const details = { message: `unknown key "${key}"`, at: 'key', ...(help === undefined ? {} : { help }) } as const;
    return { issue: issueAt([...path, key], 'CH1101', details), ...(meant === undefined ? {} : { meant }) };
  });
}

function unionIssues({ schema, base, input }: Step, path: ConfigPath, choice: ArmChoice): readonly Found[] {
  if (choice.kind === 'none') {
    const issue = wrongType(path, choice.expected.join(' or '), valueAt(input.value, path));
    const help = choice.help === undefined ? undefined : filledHelp(choice.help, input.writtenAt(path));
    return [{ issue: help === undefined ? issue : { ...issue, help } }];
  }
  const union = schemaAt(schema, path.slice(base.length));
  const arm = union?.arms?.[choice.index] ?? schema;
  return choice.issues.flatMap((issue) => translate({ issue, base: path, schema: arm, input }));
}

function customIssue(
  issue: z.core.$ZodIssueCustom | z.core.$ZodIssue,
  path: ConfigPath,
  { input, at }: { readonly input: CheckedInput; readonly at?: 'key' },
): Issue {
  const params: Readonly<Record<string, unknown>> = ('params' in issue ? issue.params : undefined) ?? {};
  const written = at === 'key' ? String(path.at(-1)) : input.writtenAt(path);
  const help = typeof params['help'] === 'string' ? filledHelp(params['help'], written) : undefined;
  const where = at ?? (params['at'] === 'key' ? 'key' : undefined);
  const own = Array.isArray(params['path']) ? params['path'].length : 0;
  const related = relatedOf(params['related'], path.slice(0, path.length - own));
  return {
    code: typeof params['code'] === 'string' ? params['code'] : 'CH1102',
    severity: 'error',
    message: issue.message.replaceAll('{value}', () => quoted(written, valueAt(input.value, path))),
    path,
    ...(where === undefined ? {} : { at: where }),
    ...(help === undefined ? {} : { help }),
    ...(related.length === 0 ? {} : { related }),
  };
}

function relatedOf(value: unknown, base: ConfigPath): NonNullable<Issue['related']> {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('message' in item) || !('path' in item)) return [];
    const steps = stringList(item.path);
    return typeof item.message === 'string' ? [{ message: item.message, path: [...base, ...steps], at: 'key' as const }] : [];
  });
}

function issueAt(path: ConfigPath, code: SchemaCode, details: Pick<Issue, 'message' | 'help' | 'at'>): Issue {
  return { code, severity: 'error', path, ...details };
}

function wrongType(path: ConfigPath, expected: string, value: unknown): Issue {
  return issueAt(path, 'CH1102', { message: `expected ${expected}, found ${kindOf(value)}` });
}

function emptyValue(path: ConfigPath): Issue {
  const key = path.at(-1);
  const message = typeof key === 'string' ? `"${key}" has no value` : 'this item has no value';
  return issueAt(path, 'CH1104', {
    message,
    help: typeof key === 'string' ? 'give it a value or take the key out' : 'give it a value or take it out',
  });
}

/** A scalar where a map or list is expected, or one of these for the other. */
function wrongContainer({ schema, base, input }: Step, path: ConfigPath, expected: string): Issue {
  const value = valueAt(input.value, path);
  const issue = wrongType(path, expectedBy(expected), value);
  const place = schemaAt(schema, path.slice(base.length));
  const help = place === undefined ? undefined : containerHelp(place, value);
  const filled = help === undefined ? undefined : filledHelp(help, input.writtenAt(path));
  return filled === undefined ? issue : { ...issue, help: filled };
}

function containerHelp({ schema }: SchemaPlace, value: unknown): string | undefined {
  if (schema instanceof z.ZodArray) return typeof value === 'object' ? 'begin each item with "- "' : 'put it in brackets: [{value}]';
  return typeof value === 'object' ? undefined : SCALAR_HELP.get(schema)?.help;
}

function expectedBy(type: string): string {
  if (type === 'array') return 'a list';
  return type === 'object' || type === 'record' ? 'a map' : `a ${type}`;
}

/** A mistyped key that leaves its right form missing is one mistake, told once. */
function withoutConsequences(found: readonly Found[]): readonly Found[] {
  const meant = new Set(found.flatMap(({ issue, meant: key }) => (key === undefined ? [] : [placeOf([...issue.path.slice(0, -1), key])])));
  return found.filter(({ issue, missing }) => {
    const map = issue.code === 'CH1103' ? issue.path.slice(0, -1) : issue.path;
    return missing === undefined || !missing.some((key) => meant.has(placeOf([...map, key])));
  });
}

function placeOf(path: ConfigPath): string {
  return JSON.stringify(path);
}

function stringList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function quoted(written: string | undefined, value: unknown): string {
  if (written === undefined) return 'this value';
  return typeof value === 'number' || typeof value === 'boolean' ? written : JSON.stringify(written);
}

/** A proposal made of the value's own parts is left out where a reference gave the value: what it stands for is not printed (C7). */
function filledHelp(help: string, written: string | undefined): string | undefined {
  if (written?.includes('${') === true && help.startsWith('did you mean') && !help.includes('{value}')) return undefined;
  return help.replaceAll('{value}', () => written ?? '…');
}

export function valueAt(value: unknown, path: ConfigPath): unknown {
  let found: unknown = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}
