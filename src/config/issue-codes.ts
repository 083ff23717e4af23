// The codes of mistakes in files, YAML and single values: CH1xxx, stable for ever (O5). docs/errors.md lists them; a test compares both.
import { FILE_CODES } from './codes/file-codes.ts';
import { REFERENCE_CODES } from './codes/reference-codes.ts';
import { VALUE_CODES } from './codes/value-codes.ts';
import type { SchemaCode } from './schema/codes.ts';

export interface IssueCodeDescription {
  /** One line: what is wrong. */
  readonly title: string;
  /** Why it is refused. */
  readonly cause: string;
  /** A piece of a file that has the mistake. */
  readonly example: string;
  /** The same piece without it, or what to do. */
  readonly cure: string;
}

export const FILE_ISSUE_CODES = { ...FILE_CODES, ...VALUE_CODES, ...REFERENCE_CODES } as const satisfies Readonly<
  Record<SchemaCode, IssueCodeDescription>
>;

export type FileIssueCode = keyof typeof FILE_ISSUE_CODES;
