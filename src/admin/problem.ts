// Errors of the admin API in the form of RFC 9457 (application/problem+json). Shows no stack and no cause: those are logged.
import { STATUS_CODES } from 'node:http';

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** Thrown by a handler to answer with a problem; `detail` is for the caller's eyes. */
export class AdminProblem extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'AdminProblem';
    this.status = status;
  }
}

/** `about:blank` says that the status itself is the kind of problem (RFC 9457 §4.2.1). */
export function problemDetails(status: number, detail: string): ProblemDetails {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
}
