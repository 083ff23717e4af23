// The single rules of protoc-gen-validate as functions: rule name and argument → what is wrong with a value. Knows no fields or types.
// Follows https://github.com/bufbuild/protoc-gen-validate (README, "Constraint Rules").
import { formatDuration } from './duration.ts';

/** What is wrong with a value, or undefined. The value has the right JS type already. */
export type Check = (value: unknown) => string | undefined;

/** One kind of rules in JSON form, such as `{"min_len": 1}`. */
export type Rules = Readonly<Record<string, unknown>>;

type RuleMaker = (argument: unknown, rules: Rules) => Check | undefined;
type RuleTable = Readonly<Record<string, RuleMaker>>;

/** Rules that say when or how other rules apply, not what a value must be. */
const modifier: RuleMaker = () => undefined;

const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;
/** May be empty: an unset field passes, as in the real Envoy. */
const LENIENT_HEADER_NAME = /^[^\u0000\u000A\u000D]*$/;
const LENIENT_HEADER_VALUE = /^[^\u0000\u000A\u000D]*$/;

const NUMBER_RULES: RuleTable = {
  const: (wanted) => (value) => unless(value === wanted, `must be ${String(wanted)}`),
  gt: (bound) => (value) => unless(Number(value) > Number(bound), `must be greater than ${String(bound)}`),
  gte: (bound) => (value) => unless(Number(value) >= Number(bound), `must be at least ${String(bound)}`),
  lt: (bound) => (value) => unless(Number(value) < Number(bound), `must be less than ${String(bound)}`),
  lte: (bound) => (value) => unless(Number(value) <= Number(bound), `must be at most ${String(bound)}`),
  in: (allowed) => oneOf(allowed),
  not_in: (refused) => noneOf(refused),
  ignore_empty: modifier,
};

const STRING_RULES: RuleTable = {
  const: (wanted) => (value) => unless(value === wanted, `must be ${quoted(wanted)}`),
  len: (count) => (value) => unless(characters(value) === Number(count), `must have exactly ${plural(count, 'character')}`),
  min_len: (count) => (value) => unless(characters(value) >= Number(count), atLeast(count, 'character')),
  max_len: (count) => (value) => unless(characters(value) <= Number(count), `must have at most ${plural(count, 'character')}`),
  len_bytes: (count) => (value) => unless(bytes(value) === Number(count), `must have exactly ${plural(count, 'byte')}`),
  min_bytes: (count) => (value) => unless(bytes(value) >= Number(count), atLeast(count, 'byte')),
  max_bytes: (count) => (value) => unless(bytes(value) <= Number(count), `must have at most ${plural(count, 'byte')}`),
  pattern: (pattern) => matches(new RegExp(String(pattern)), `must match ${String(pattern)}`),
  prefix: (text) => (value) => unless(String(value).startsWith(String(text)), `must begin with ${quoted(text)}`),
  suffix: (text) => (value) => unless(String(value).endsWith(String(text)), `must end with ${quoted(text)}`),
  contains: (text) => (value) => unless(String(value).includes(String(text)), `must contain ${quoted(text)}`),
  not_contains: (text) => (value) => unless(!String(value).includes(String(text)), `must not contain ${quoted(text)}`),
  in: (allowed) => oneOf(allowed),
  not_in: (refused) => noneOf(refused),
  well_known_regex: (name, rules) => wellKnown(String(name), rules['strict'] !== false),
  strict: modifier,
  ignore_empty: modifier,
};

const BYTES_RULES: RuleTable = {
  len: (count) => (value) => unless(bytes(value) === Number(count), `must have exactly ${plural(count, 'byte')}`),
  min_len: (count) => (value) => unless(bytes(value) >= Number(count), atLeast(count, 'byte')),
  max_len: (count) => (value) => unless(bytes(value) <= Number(count), `must have at most ${plural(count, 'byte')}`),
  ignore_empty: modifier,
};

const DURATION_RULES: RuleTable = {
  const: (wanted) => (value) => unless(compareDurations(value, wanted) === 0, `must be ${durationText(wanted)}`),
  gt: (bound) => (value) => unless(compareDurations(value, bound) > 0, `must be greater than ${durationText(bound)}`),
  gte: (bound) => (value) => unless(compareDurations(value, bound) >= 0, `must be at least ${durationText(bound)}`),
  lt: (bound) => (value) => unless(compareDurations(value, bound) < 0, `must be less than ${durationText(bound)}`),
  lte: (bound) => (value) => unless(compareDurations(value, bound) <= 0, `must be at most ${durationText(bound)}`),
  required: modifier,
};

const LIST_RULES: RuleTable = {
  min_items: (count) => (value) => unless(size(value) >= Number(count), atLeast(count, 'entry')),
  max_items: (count) => (value) => unless(size(value) <= Number(count), `must have at most ${plural(count, 'entry')}`),
  unique: (isWanted) => (isWanted === true ? noDuplicates : undefined),
  items: modifier,
  ignore_empty: modifier,
};

const MAP_RULES: RuleTable = {
  min_pairs: (count) => (value) => unless(size(value) >= Number(count), atLeast(count, 'entry')),
  max_pairs: (count) => (value) => unless(size(value) <= Number(count), `must have at most ${plural(count, 'entry')}`),
  keys: modifier,
  values: modifier,
  ignore_empty: modifier,
};

const RULES: Readonly<Record<string, RuleTable>> = {
  float: NUMBER_RULES,
  double: NUMBER_RULES,
  int32: NUMBER_RULES,
  int64: NUMBER_RULES,
  uint32: NUMBER_RULES,
  uint64: NUMBER_RULES,
  sint32: NUMBER_RULES,
  sint64: NUMBER_RULES,
  fixed32: NUMBER_RULES,
  fixed64: NUMBER_RULES,
  sfixed32: NUMBER_RULES,
  sfixed64: NUMBER_RULES,
  bool: { const: NUMBER_RULES['const'] ?? modifier },
  string: STRING_RULES,
  bytes: BYTES_RULES,
  // The codec takes defined enum values only, whatever `defined_only` says.
  enum: { const: NUMBER_RULES['const'] ?? modifier, in: oneOf, not_in: noneOf, defined_only: modifier },
  repeated: LIST_RULES,
  map: MAP_RULES,
  duration: DURATION_RULES,
  any: { in: (allowed) => (value) => oneOf(allowed)(typeUrl(value)), required: modifier },
  message: { skip: modifier, required: modifier },
};

/** One check out of all rules of a kind; undefined when none restricts a value. Rules unknown here restrict nothing: Envoy has the last word. */
export function checkOf(kind: string, rules: Rules): Check | undefined {
  const checks = Object.entries(rules).flatMap(([rule, argument]) => RULES[kind]?.[rule]?.(argument, rules) ?? []);
  if (checks.length === 0) return undefined;
  const all: Check = (value) => {
    for (const check of checks) {
      const problem = check(value);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return rules['ignore_empty'] === true ? (value) => (isEmpty(value) ? undefined : all(value)) : all;
}

/** Whether a rule is understood; the pinned API must have no other (a test sees to it). */
export function isKnownRule(kind: string, rule: string): boolean {
  return RULES[kind]?.[rule] !== undefined;
}

function unless(holds: boolean, problem: string): string | undefined {
  return holds ? undefined : problem;
}

function matches(pattern: RegExp, problem: string): Check {
  return (value) => unless(pattern.test(String(value)), problem);
}

function wellKnown(name: string, isStrict: boolean): Check | undefined {
  if (name === 'HTTP_HEADER_NAME') return matches(isStrict ? HEADER_NAME : LENIENT_HEADER_NAME, 'must be a valid header name');
  if (name === 'HTTP_HEADER_VALUE') return matches(isStrict ? HEADER_VALUE : LENIENT_HEADER_VALUE, 'must be a valid header value');
  return undefined;
}

function oneOf(allowed: unknown): Check {
  const values: readonly unknown[] = Array.isArray(allowed) ? allowed : [];
  return (value) => unless(values.includes(value), `must be one of ${values.map(quoted).join(', ')}`);
}

function noneOf(refused: unknown): Check {
  const values: readonly unknown[] = Array.isArray(refused) ? refused : [];
  return (value) => unless(!values.includes(value), `must not be ${values.map(quoted).join(' or ')}`);
}

function noDuplicates(value: unknown): string | undefined {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  return unless(new Set(entries).size === entries.length, 'must not have an entry twice');
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return size(value) === 0;
  return value === '' || value === 0 || value === 0n || value === false;
}

function size(value: unknown): number {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

/** Length in Unicode code points, as protoc-gen-validate counts. */
function characters(value: unknown): number {
  return typeof value === 'string' ? [...value].length : 0;
}

function bytes(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : size(value);
}

function compareDurations(left: unknown, right: unknown): number {
  return part(left, 'seconds') - part(right, 'seconds') || part(left, 'nanos') - part(right, 'nanos');
}

function durationText(value: unknown): string {
  return formatDuration(part(value, 'seconds'), part(value, 'nanos'));
}

function part(value: unknown, name: 'seconds' | 'nanos'): number {
  return Number((value as Rules)[name] ?? 0);
}

function typeUrl(value: unknown): unknown {
  return (value as Rules)['@type'] ?? (value as Rules)['type_url'] ?? '';
}

function quoted(value: unknown): string {
  return JSON.stringify(value);
}

function atLeast(count: unknown, noun: string): string {
  return Number(count) === 1 ? 'must not be empty' : `must have at least ${plural(count, noun)}`;
}

function plural(count: unknown, noun: string): string {
  if (Number(count) === 1) return `1 ${noun}`;
  return `${String(count)} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
