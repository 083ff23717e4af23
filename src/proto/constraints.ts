// Envoy's field constraints (`validate.rules`) as checks of a field, so that what Envoy would refuse by them is refused before it is
// published. Which rules there are stands in constraint-rules.ts.
import { type Check, checkOf, type Rules } from './constraint-rules.ts';

export interface FieldChecks {
  /** Of a single value, or of a list or map as a whole. */
  readonly whole: Check | undefined;
  /** Of each element of a list or value of a map. */
  readonly each: Check | undefined;
  /** Of each key of a map. */
  readonly key: Check | undefined;
  /** The rules inside the message, or inside each, do not count. */
  readonly isSkipped: boolean;
}

/** One `validate.rules` option in JSON form: kind of rules → rule → argument. */
export type FieldRules = Readonly<Record<string, Rules>>;

export interface MessageRules {
  readonly fields: Readonly<Record<string, FieldRules>>;
  /** Oneofs of which one arm must be set. */
  readonly oneofs?: readonly string[];
}

const ZERO_VALUES: Readonly<Record<string, unknown>> = { string: '', bytes: new Uint8Array(0), bool: false, repeated: [], map: {} };
const KINDS_OF_MESSAGES: ReadonlySet<string> = new Set(['message', 'duration', 'timestamp', 'any']);

/** `isScalar` tells a string field from a StringValue field, which have the same rules. */
export function fieldChecks(rules: FieldRules, isScalar: boolean): FieldChecks | undefined {
  const list = rules['repeated'];
  const map = rules['map'];
  const checks: FieldChecks = {
    whole: valueCheck(rules, isScalar),
    each: valueCheck(nested(list?.['items'] ?? map?.['values']), isScalar),
    key: valueCheck(nested(map?.['keys']), true),
    isSkipped: rules['message']?.['skip'] === true,
  };
  const restricts = checks.whole !== undefined || checks.each !== undefined || checks.key !== undefined || checks.isSkipped;
  return restricts ? checks : undefined;
}

/** What is wrong when the field, which is no arm of a oneof, is not set: a proto3 scalar then has its zero value. */
export function absenceProblem(rules: FieldRules, isScalar: boolean): string | undefined {
  for (const [kind, ofKind] of Object.entries(rules)) {
    if (KINDS_OF_MESSAGES.has(kind)) {
      if (ofKind['required'] === true) return 'must be set';
      continue;
    }
    const hasZeroValue = isScalar || kind === 'enum' || kind === 'repeated' || kind === 'map';
    const problem = hasZeroValue ? checkOf(kind, ofKind)?.(zeroValue(kind)) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function valueCheck(rules: FieldRules | undefined, isScalar: boolean): Check | undefined {
  for (const [kind, ofKind] of Object.entries(rules ?? {})) {
    const check = checkOf(kind, ofKind);
    if (check === undefined) continue;
    const isWrapped = !isScalar && !KINDS_OF_MESSAGES.has(kind) && kind !== 'enum' && kind !== 'repeated' && kind !== 'map';
    return isWrapped ? (wrapper) => check((wrapper as Rules)['value'] ?? zeroValue(kind)) : check;
  }
  return undefined;
}

function zeroValue(kind: string): unknown {
  return ZERO_VALUES[kind] ?? 0;
}

function nested(rules: unknown): FieldRules | undefined {
  return rules as FieldRules | undefined;
}
