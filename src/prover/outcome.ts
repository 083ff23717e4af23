// What came of one request, and how it differs from what a row expects. Pure.
import { type AuthReason, grpcCallerStatus, isAuthReason, reasonFacts } from '../authz/reason.ts';
import type { Allowed, Denied, ParityRow } from './parity-row.ts';

export interface Outcome {
  readonly status: number;
  /** Of a gRPC answer. */
  readonly grpcStatus?: number;
  /** As the answer names it. */
  readonly reason?: AuthReason;
  readonly challenge?: string;
  /** What the backend got, by lower-case name; absent where nothing reached it. */
  readonly upstream?: Readonly<Record<string, string>>;
}

/** As Envoy maps the status of an answer to a gRPC caller (authz G7). */
const GRPC_STATUS = { 401: 16, 403: 7, 503: 14 } as const;

/** Of `code` in a problem body or the beginning of a grpc-message. */
export function reasonIn(text: string): AuthReason | undefined {
  const [, code = ''] = /^(?:.*"code":")?([a-zA-Z]+\.[a-zA-Z]+)/s.exec(text) ?? [];
  return isAuthReason(code) ? code : undefined;
}

/** Every way in which the outcome is not what the row says; empty: none. */
export function differences({ expect, request }: ParityRow, outcome: Outcome): readonly string[] {
  return expect.decision === 'allow' ? notAllowed(expect, outcome) : notDenied(expect, outcome, request?.isGrpc === true);
}

function notAllowed({ upstream = {} }: Allowed, outcome: Outcome): readonly string[] {
  const { upstream: got } = outcome;
  if (got === undefined) return [`denied with ${shown(outcome)} instead of let through`];
  const wrong = Object.entries(upstream).filter(([name, value]) => got[name] !== value);
  const ours = Object.keys(got).filter((name) => name.startsWith('x-chancery-'));
  return [
    ...wrong.map(([name, value]) => `the backend got ${name}: ${got[name] ?? '(none)'} instead of ${value ?? '(none)'}`),
    ...ours.map((name) => `the backend got ${name}, which is ours`),
  ];
}

function notDenied({ reason, status, challenge }: Denied, outcome: Outcome, isGrpc: boolean): readonly string[] {
  if (outcome.upstream !== undefined) return [`let through instead of denied by ${reason}`];
  const expected = isGrpc ? `grpc-status ${GRPC_STATUS[grpcCallerStatus(reason)]}` : `status ${status ?? reasonFacts(reason).status}`;
  const found = outcome.grpcStatus === undefined ? `status ${outcome.status}` : `grpc-status ${outcome.grpcStatus}`;
  // Envoy refuses some paths itself, in its own words.
  const isOwnWord = status !== undefined && outcome.reason === undefined;
  return [
    ...(expected === found ? [] : [`${found} instead of ${expected}`]),
    ...(outcome.reason === reason || isOwnWord ? [] : [`reason ${outcome.reason ?? '(none)'} instead of ${reason}`]),
    ...(isChallengeFit(challenge, outcome.challenge)
      ? []
      : [`challenge ${outcome.challenge ?? '(none)'} instead of ${challenge ?? '(none)'}`]),
  ];
}

function isChallengeFit(expected: Denied['challenge'], found: string | undefined): boolean {
  if (expected === undefined) return true;
  return expected === null ? found === undefined : found?.includes(expected) === true;
}

function shown({ status, grpcStatus, reason }: Outcome): string {
  return `${reason ?? 'no reason'} (${grpcStatus === undefined ? status : `grpc-status ${grpcStatus}`})`;
}
