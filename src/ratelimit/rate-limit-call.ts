// How the limiter is called: bytes in, bytes out, free of any transport (P17). Types only.

export interface RateLimitCall {
  /** When the caller stops waiting, in milliseconds of the store's monotonic clock; infinite where it told none (R808). */
  readonly deadlineMs: number;
}

/** Why a call has no decision: a gRPC status and a message that holds nothing of the request. */
export interface CallRefusal {
  readonly status: 'INVALID_ARGUMENT' | 'RESOURCE_EXHAUSTED' | 'UNAVAILABLE' | 'INTERNAL';
  readonly message: string;
}

/** Called exactly once: with the bytes of a RateLimitResponse, or with the reason why there is none. */
export type RateLimitAnswer = (answer: Uint8Array | CallRefusal) => void;

/** ShouldRateLimit. Answers on the spot where the store does; keeps nothing of `request` after it returned. */
export type RateLimitHandler = (request: Uint8Array, call: RateLimitCall, answer: RateLimitAnswer) => void;
