// Maps with fixed keys, and the rules between their keys. Rules run even where a value inside is wrong, so that all mistakes are told at once (C3).
import { z } from 'zod';
import type { SchemaCode } from './codes.ts';

type Fields = Readonly<Record<string, z.ZodType>>;

export interface ShapeProblem {
  readonly code: SchemaCode;
  readonly message: string;
  readonly help?: string;
  /** Steps below the map; default: the map itself. */
  readonly path?: readonly (string | number)[];
  /** Whether the key at `path` is meant, or its value. Default: key. */
  readonly at?: 'key' | 'value';
  /** Keys of which one was expected and none is there. */
  readonly missing?: readonly string[];
  /** Other keys that belong to the problem. */
  readonly related?: readonly { readonly message: string; readonly path: readonly (string | number)[] }[];
}

/** Gets the keys that the user wrote with their parsed values (a wrong value is undefined). */
export type ShapeRule = (value: Readonly<Record<string, unknown>>) => readonly ShapeProblem[];

export interface ShapeOptions {
  readonly rules?: readonly ShapeRule[];
  /** What to write where the user put a scalar in place of the map; may hold `{value}`. */
  readonly insteadOfScalar?: string;
}

/** A map that refuses unknown keys (C2) and breaks none of the rules. */
export function shape<const Shape extends Fields>(fields: Shape, { rules = [], insteadOfScalar }: ShapeOptions = {}): Strict<Shape> {
  const strict: Strict<Shape> = rules.length === 0 ? z.strictObject(fields) : withRules(z.strictObject(fields), rules);
  return insteadOfScalar === undefined ? strict : strict.register(SCALAR_HELP, { help: insteadOfScalar });
}

type Strict<Shape extends Fields> = z.ZodObject<Shape, z.core.$strict>;

/** For maps: what to write instead of a scalar. */
export const SCALAR_HELP = z.registry<{ readonly help: string }>();

function withRules<Shape extends Fields>(strict: Strict<Shape>, rules: readonly ShapeRule[]): Strict<Shape> {
  return strict.superRefine(
    (value, context) => {
      for (const problem of rules.flatMap((rule) => rule(value))) {
        context.issues.push({
          code: 'custom',
          input: value,
          message: problem.message,
          path: [...(problem.path ?? [])],
          params: { at: 'key', ...problem },
        });
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  );
}

/** Exactly one of `keys` must be there. `what` names the map: `a route`. */
export function exactlyOne(what: string, keys: readonly string[]): ShapeRule {
  return (value) => {
    const [first, ...others] = keys.filter((key) => key in value);
    const choice = `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`;
    if (first === undefined) return [{ code: 'CH1105', message: `${what} needs one of ${choice}`, at: 'value', missing: keys }];
    return others.map((other) => ({
      code: 'CH1105',
      message: `${what} has either ${first} or ${other}, not both`,
      path: [other],
      related: [{ message: `${first} is here`, path: [first] }],
    }));
  };
}

/** At least one of `keys` must be there. */
export function atLeastOne(what: string, keys: readonly string[]): ShapeRule {
  return (value) =>
    keys.some((key) => key in value)
      ? []
      : [
          {
            code: 'CH1105',
            message: `${what} needs at least one of ${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`,
            at: 'value',
            missing: keys,
          },
        ];
}

/** At most one of `keys` may be there. */
export function atMostOne(what: string, keys: readonly string[]): ShapeRule {
  const rule = exactlyOne(what, keys);
  return (value) => (keys.some((key) => key in value) ? rule(value) : []);
}

/** None of `others` may stand beside `key`; `why` completes the sentence. */
export function excludes(key: string, others: readonly string[], why: string): ShapeRule {
  return (value) =>
    key in value
      ? others
          .filter((other) => other in value)
          .map((other) => ({
            code: 'CH1105',
            message: `${other} cannot stand beside ${key}: ${why}`,
            path: [other],
            related: [{ message: `${key} is here`, path: [key] }],
          }))
      : [];
}
