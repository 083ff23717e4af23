// How a companion's service answers: bytes in, bytes out, free of any transport (P17).
import type { status } from '@grpc/grpc-js';

export interface ServedCall {
  /** Epoch milliseconds after which nobody waits for the answer, less what the way back takes (authz G11). */
  readonly deadlineMs: number;
  /** Aborted when the caller gave up. */
  readonly signal: AbortSignal;
}

/** Ends the call with a status instead of an answer. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
}

export type Answer = Uint8Array | CallFailure;

/** Answers exactly once, on the spot where it can. */
export type BytesHandler = (request: Uint8Array, call: ServedCall, reply: (answer: Answer) => void) => void;

/** Why the shell answers by itself: too much to do, a request larger than any honest one, an exception. */
export type ShellReason = 'overloaded' | 'oversized' | 'failed';

export interface ServedMethod {
  readonly handler: BytesHandler;
  /** How long before the caller's deadline an answer must leave. Default 20 (authz G11). */
  readonly wayBackMs?: number;
  /** The handler itself says what becomes of calls when there is too much to do (ratelimit R807). Default false: the shell refuses them. */
  readonly shedsItself?: boolean;
  /** The shell's own answers: never empty, which could mean yes (authz G2, G4). The request may be any bytes. */
  readonly answerTo: (reason: ShellReason, request: Uint8Array) => Answer;
}
