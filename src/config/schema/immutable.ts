// The deeply readonly form of a schema's output: what the other layers get, so that a parsed value can be shared and memoised.
import type { Secret } from '../../lib/secret.ts';

export type Immutable<Value> = Value extends Secret | string | number | boolean | null | undefined
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly Immutable<Item>[]
    : { readonly [Key in keyof Value]: Immutable<Value[Key]> };
