// Conditions of a match on texts, headers and query parameters.

export type StringMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'suffix'; readonly value: string }
  | { readonly kind: 'contains'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: string };

export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly condition: StringMatch | { readonly kind: 'present' } | { readonly kind: 'range'; readonly from: number; readonly to: number };
  readonly ignoreCase: boolean;
  /** The condition must not hold; an absent header then matches. */
  readonly not: boolean;
}

export interface QueryMatch {
  readonly name: string;
  readonly condition: StringMatch | { readonly kind: 'present' };
  readonly ignoreCase: boolean;
  readonly not: boolean;
}
