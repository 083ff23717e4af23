// Which nodes a client-status request means (R31): matchers of ids and metadata, as Envoy's API words them. Pure.
import { RE2JS } from 're2js';
import type { NodeMatcherOutput } from '../proto/generated/envoy/type/matcher/v3/NodeMatcher.ts';
import type { StringMatcherOutput } from '../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import type { StructMatcherOutput } from '../proto/generated/envoy/type/matcher/v3/StructMatcher.ts';
import type { ValueMatcherOutput } from '../proto/generated/envoy/type/matcher/v3/ValueMatcher.ts';
import type { StructOutput } from '../proto/generated/google/protobuf/Struct.ts';
import type { ValueOutput } from '../proto/generated/google/protobuf/Value.ts';

export interface MatchedNode {
  readonly id: string;
  readonly metadata?: StructOutput;
}

/** All parts of the matcher must fit. */
export function matchesNode(matcher: NodeMatcherOutput, node: MatchedNode): boolean {
  const { node_id: id, node_metadatas: metadatas = [] } = matcher;
  if (id !== undefined && id !== null && !matchesText(id, node.id)) return false;
  return metadatas.every((metadata) => matchesStruct(metadata, node.metadata));
}

function matchesStruct({ path = [], value }: StructMatcherOutput, struct: StructOutput | undefined): boolean {
  let found: ValueOutput | undefined = struct === undefined ? undefined : { struct_value: struct };
  for (const { key = '' } of path) {
    const fields: Readonly<Record<string, ValueOutput>> | undefined = found?.struct_value?.fields;
    found = fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
  }
  return found !== undefined && value !== undefined && value !== null && matchesValue(value, found);
}

function matchesValue(matcher: ValueMatcherOutput, value: ValueOutput): boolean {
  const { null_match: isNull, double_match: double, string_match: text, list_match: list, or_match: or } = matcher;
  if (isNull !== undefined && isNull !== null) return value.null_value !== undefined;
  if (double !== undefined && double !== null) return matchesNumber(double, value.number_value);
  if (text !== undefined && text !== null) return value.string_value !== undefined && matchesText(text, value.string_value);
  if (matcher.bool_match !== undefined) return value.bool_value === matcher.bool_match;
  if (matcher.present_match !== undefined) return matcher.present_match;
  const oneOf = list?.one_of;
  if (oneOf !== undefined && oneOf !== null) return (value.list_value?.values ?? []).some((item) => matchesValue(oneOf, item));
  return (or?.value_matchers ?? []).some((inner) => matchesValue(inner, value));
}

type DoubleMatcher = NonNullable<ValueMatcherOutput['double_match']>;

function matchesNumber({ exact, range }: DoubleMatcher, value: number | string | undefined): boolean {
  if (value === undefined) return false;
  const number = Number(value);
  if (range === undefined || range === null) return number === Number(exact);
  return number >= Number(range.start ?? 0) && number < Number(range.end ?? 0);
}

function matchesText(matcher: StringMatcherOutput, text: string): boolean {
  const regex = matcher.safe_regex?.regex;
  if (regex !== undefined) return matchesRegex(regex, text);
  const [given, seen] = [fold(matcher), matcher.ignore_case === true ? text.toLowerCase() : text];
  if (given.exact !== undefined) return seen === given.exact;
  if (given.prefix !== undefined) return seen.startsWith(given.prefix);
  if (given.suffix !== undefined) return seen.endsWith(given.suffix);
  return given.contains !== undefined && seen.includes(given.contains);
}

function fold({ exact, prefix, suffix, contains, ignore_case: ignoresCase }: StringMatcherOutput): Partial<Record<string, string>> {
  const given = { exact, prefix, suffix, contains };
  const present = Object.entries(given).flatMap(([kind, value]) => (value === undefined ? [] : [[kind, value] as const]));
  return Object.fromEntries(present.map(([kind, value]) => [kind, ignoresCase === true ? value.toLowerCase() : value]));
}

function matchesRegex(regex: string, text: string): boolean {
  try {
    return RE2JS.matches(regex, text);
  } catch {
    return false;
  }
}
