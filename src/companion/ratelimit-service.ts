// ShouldRateLimit inside the shell: the limiter's refusals become gRPC statuses, its waits the store's clock. Decides nothing.
import { status } from '@grpc/grpc-js';
import type { CallRefusal, RateLimitHandler } from '../ratelimit/rate-limit-call.ts';
import type { Answer, CallFailure, ServedMethod, ShellReason } from './bytes-handler.ts';

export interface RatelimitServiceOptions {
  readonly handler: RateLimitHandler;
  readonly nowMs: () => number;
  /** The clock of the store. */
  readonly monotonicMs: () => number;
  /** A call ended with a status. */
  readonly onRefused: (status: CallRefusal['status']) => void;
}

const CODES: Readonly<Record<CallRefusal['status'], status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
};

/** What the shell answers by itself: the filter's `failure_mode_deny` then decides (R801). */
const SHELL_ANSWERS: Readonly<Record<ShellReason, CallFailure>> = {
  overloaded: { code: status.UNAVAILABLE, details: 'the limiter has too much to do' },
  oversized: { code: status.RESOURCE_EXHAUSTED, details: 'the request is too large' },
  failed: { code: status.INTERNAL, details: 'the limiter failed; its log says why' },
};

/** By name. */
export function ratelimitMethods(options: RatelimitServiceOptions): Readonly<Record<string, ServedMethod>> {
  const { handler, nowMs, monotonicMs, onRefused } = options;
  const shouldRateLimit: ServedMethod = {
    // The store keeps its own 3 ms (R808): more would use up the whole of a filter's 20 ms.
    wayBackMs: 0,
    // Memory answers on the spot, and Redis has its own bound: a refusal would cost the same, and decide by onFailure what onStoreFailure is for (R807).
    shedsItself: true,
    handler: (request, call, reply) => {
      const deadlineMs = call.deadlineMs - nowMs() + monotonicMs();
      handler(request, { deadlineMs }, (answer) => reply(answer instanceof Uint8Array ? answer : refused(answer, onRefused)));
    },
    answerTo: (reason) => SHELL_ANSWERS[reason],
  };
  return { ShouldRateLimit: shouldRateLimit };
}

function refused({ status: name, message }: CallRefusal, onRefused: RatelimitServiceOptions['onRefused']): Answer {
  onRefused(name);
  return { code: CODES[name], details: message };
}
