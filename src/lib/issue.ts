// One problem in what the user wrote (C3). Issues are values: every stage returns all of them and nothing throws.

/** Steps from the root of the merged configuration to a value: keys of maps and indexes of lists. */
export type ConfigPath = readonly (string | number)[];

export type Severity = 'error' | 'warning';

/** A place in a source file. `line` and `column` count from 1; `length` is in characters and at least 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface Issue {
  /** Stable code `CH####`, listed in docs/errors.md (O5). */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence without a final stop; the header of the printed diagnostic. */
  readonly message: string;
  /** Where: a path into the merged configuration; `position` wins where a path cannot say it (syntax errors, duplicate keys). */
  readonly path: ConfigPath;
  /** Whether the place meant is the key at `path` or its value. Default: value. */
  readonly at?: 'key' | 'value';
  readonly position?: SourcePosition;
  /** Short text beside the caret. */
  readonly label?: string;
  /** The remedy, one sentence: `did you mean "orders-v1"?`. */
  readonly help?: string;
  /** Other places that belong to the problem, such as the first of two duplicates. */
  readonly related?: readonly {
    readonly message: string;
    readonly path: ConfigPath;
    readonly at?: 'key' | 'value';
    readonly position?: SourcePosition;
  }[];
}
