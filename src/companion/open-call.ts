// A call as its handler sees it. What most handlers never ask for is made when they do.
import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { ServedCall } from './bytes-handler.ts';

/** What the way back to the proxy takes, with room (authz G11): where a method says nothing else. */
export const WAY_BACK_MS = 20;
/** Where the caller says nothing. */
const DEFAULT_MS = 1_000;

export interface CallClock {
  readonly nowMs: () => number;
  readonly wayBackMs: number;
}

export class OpenCall implements ServedCall {
  readonly deadlineMs: number;
  readonly #call: Pick<ServerUnaryCall<Buffer, Buffer>, 'on' | 'cancelled'>;
  #signal: AbortSignal | undefined;

  constructor(call: Pick<ServerUnaryCall<Buffer, Buffer>, 'on' | 'cancelled' | 'getDeadline'>, { nowMs, wayBackMs }: CallClock) {
    this.#call = call;
    const deadline = Number(call.getDeadline());
    this.deadlineMs = (Number.isFinite(deadline) ? deadline : nowMs() + DEFAULT_MS) - wayBackMs;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#follow();
    return this.#signal;
  }

  #follow(): AbortSignal {
    const controller = new AbortController();
    if (this.#call.cancelled) controller.abort();
    else this.#call.on('cancelled', () => controller.abort());
    return controller.signal;
  }
}
