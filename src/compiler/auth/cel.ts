// Expressions of CEL as syntax trees, which RBAC wants in place of text. Only what is needed: sizes and contents of headers.
import type { Expr } from '../../proto/generated/google/api/expr/v1alpha1/Expr.ts';

/** All values of the header, joined by commas. Asking for one that is not there is an error, and then the policy does not match. */
export function headerValue(name: string): Expr {
  return call('_[_]', headers(), text(name));
}

export function hasHeader(name: string): Expr {
  return call('@in', text(name), headers());
}

export function holdsText(value: Expr, part: string): Expr {
  return call('contains', value, text(part));
}

export function isLonger(value: Expr, length: number): Expr {
  return isGreater(sizeOf(value), length);
}

/** Of none: does not hold. An error counts as false where another holds. */
export function either(conditions: readonly Expr[]): Expr {
  const [first, ...rest] = conditions;
  return rest.reduce((left, right) => call('_||_', left, right), first ?? { const_expr: { bool_value: false } });
}

/** Sizes of those of the headers that are there, together. */
export function areLonger(names: readonly string[], length: number): Expr {
  const sizes = names.map((name) => call('_?_:_', hasHeader(name), sizeOf(headerValue(name)), number(0)));
  return isGreater(
    sizes.reduce((sum, size) => call('_+_', sum, size), number(0)),
    length,
  );
}

function isGreater(value: Expr, limit: number): Expr {
  return call('_>_', value, number(limit));
}

function sizeOf(value: Expr): Expr {
  return call('size', value);
}

function headers(): Expr {
  return { select_expr: { operand: { ident_expr: { name: 'request' } }, field: 'headers' } };
}

function call(name: string, ...args: Expr[]): Expr {
  return { call_expr: { function: name, args } };
}

function text(value: string): Expr {
  return { const_expr: { string_value: value } };
}

function number(value: number): Expr {
  return { const_expr: { int64_value: value } };
}
