// Follows a path through a Zod schema, to tell which keys are known at a place and which alternatives a union has.
import { z } from 'zod';
import type { ConfigPath } from '../lib/issue.ts';

export type KnownSchema = z.core.$ZodType;

export interface SchemaPlace {
  readonly schema: KnownSchema;
  /** The alternatives of a union, in order. */
  readonly arms?: readonly KnownSchema[];
}

/** The schema of the value at `path` below a value of `schema`; where it is a union, that union. Undefined where nothing is known. */
export function schemaAt(schema: KnownSchema, path: ConfigPath): SchemaPlace | undefined {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return inner instanceof z.ZodUnion ? { schema: inner, arms: inner.options } : { schema: inner };
  for (const next of below(inner, step)) {
    const found = schemaAt(next, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys of a map at this place. */
export function keysAt(place: SchemaPlace | undefined): readonly string[] {
  if (place === undefined) return [];
  if (place.schema instanceof z.ZodObject) return Object.keys(place.schema.shape);
  return (place.arms ?? []).flatMap((arm) => keysAt({ schema: unwrap(arm) }));
}

function below(schema: KnownSchema, step: string | number): readonly KnownSchema[] {
  if (schema instanceof z.ZodObject) {
    const field: unknown = schema.shape[step];
    return field instanceof z.ZodType ? [field] : [];
  }
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((arm: KnownSchema) => below(unwrap(arm), step));
  return [];
}

/** Without the layers that only say "may be absent". */
function unwrap(schema: KnownSchema): KnownSchema {
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return unwrap(schema.unwrap());
  if (schema instanceof z.ZodLazy) return unwrap(schema.unwrap());
  return schema;
}
