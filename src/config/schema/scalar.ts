// The base of every scalar of the language: one parse function that gives the plain value or says what is wrong and how to mend it.
// Messages never contain the text itself but the mark `{value}`, which the loader fills with what the user wrote (never with a secret).
import { z } from 'zod';
import { failed, type Result } from '../../lib/result.ts';
import type { SchemaCode } from './codes.ts';

/** A mistake inside one value; `params` of the Zod issue that carries it. */
export interface ScalarProblem {
  readonly code: SchemaCode;
  /** May hold `{value}`. */
  readonly message: string;
  /** May hold `{value}`, there without quotes. */
  readonly help?: string;
  /** For a value of the wrong type: the type that was expected, with its article. */
  readonly expected?: string;
}

/** What editors are told about the scalar (JSON Schema, draft 7). */
export interface ScalarDescription {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | readonly ('string' | 'number' | 'integer' | 'boolean')[];
  readonly pattern?: string;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly examples?: readonly (string | number)[];
}

export type ScalarOutcome<Output> = Result<Output, ScalarProblem>;

export type Scalar<Output> = z.ZodType<Output, unknown>;

/** `parse` sees any value that YAML can give except an absent one; it must not throw. */
export function scalar<Output>(json: ScalarDescription, parse: (value: unknown) => ScalarOutcome<Output>): Scalar<Output> {
  return z
    .unknown()
    .transform((value, context) => {
      const outcome = parse(value);
      if (outcome.ok) return outcome.value;
      context.issues.push({ code: 'custom', input: value, message: outcome.problem.message, params: { ...outcome.problem } });
      return z.NEVER;
    })
    .meta({ ...json });
}

/** The failed outcome of a scalar. */
export function wrong(code: SchemaCode, message: string, help?: string): { readonly ok: false; readonly problem: ScalarProblem } {
  return failed(help === undefined ? { code, message } : { code, message, help });
}

/** `expected text, found a number`. `kind` carries its article. */
export function wrongType(kind: string, value: unknown, help?: string): { readonly ok: false; readonly problem: ScalarProblem } {
  const outcome = wrong('CH1102', `expected ${kind}, found ${kindOf(value)}`, help);
  return failed({ ...outcome.problem, expected: kind });
}

/** What a value is, in the user's words and with an article. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  return 'text';
}
