// How the model's passes tell of mistakes: an Issue with one of our codes, handed to a collector so that all of them are told at once (C3).
import type { ConfigPath, Issue } from '../lib/issue.ts';
import type { ModelIssueCode } from './issue-codes.ts';

export type IssueDetails = Pick<Issue, 'message' | 'label' | 'help' | 'at' | 'related'>;

/** Takes one issue; the pass goes on. */
export type Report = (issue: Issue) => void;

/** A mistake: there will be no model. */
export function errorAt(path: ConfigPath, code: ModelIssueCode, details: IssueDetails): Issue {
  return { code, severity: 'error', path, ...details };
}

/** Something that works but was hardly meant. */
export function warningAt(path: ConfigPath, code: ModelIssueCode, details: IssueDetails): Issue {
  return { code, severity: 'warning', path, ...details };
}

export function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === 'error');
}
