// The codes of mistakes that `resolve` finds: CH2xxx, stable for ever (O5). docs/errors.md lists them; a test compares both.

import { AUTH_CODES } from './codes/auth.ts';
import { AUTH_COVERAGE_CODES } from './codes/auth-coverage.ts';
import { CERTIFICATE_CODES } from './codes/certificates.ts';
import { LIMIT_CODES } from './codes/limits.ts';
import { LISTENER_CODES } from './codes/listeners.ts';
import { PRECEDENCE_CODES } from './codes/precedence.ts';
import { REFERENCE_CODES } from './codes/references.ts';
import { ROUTE_CODES } from './codes/routes.ts';
import { RUNTIME_CODES } from './codes/runtime.ts';
import { SERVICE_CODES } from './codes/services.ts';

export interface ModelIssueCodeDescription {
  /** One line: what is wrong. */
  readonly title: string;
  /** Why it is refused, or warned of. */
  readonly cause: string;
  /** A piece of a file that has the mistake. */
  readonly example: string;
  /** The same piece without it, or what to do. */
  readonly cure: string;
}

export const MODEL_ISSUE_CODES = {
  ...REFERENCE_CODES,
  ...LISTENER_CODES,
  ...CERTIFICATE_CODES,
  ...ROUTE_CODES,
  ...PRECEDENCE_CODES,
  ...SERVICE_CODES,
  ...RUNTIME_CODES,
  ...AUTH_CODES,
  ...AUTH_COVERAGE_CODES,
  ...LIMIT_CODES,
} as const satisfies Readonly<Record<string, ModelIssueCodeDescription>>;

export type ModelIssueCode = keyof typeof MODEL_ISSUE_CODES;
