// How a unary method is served: bytes in, bytes or a refusal out. Knows no messages.
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { ChanceryError } from '../lib/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Access, Peer } from './access.ts';

/** Ends a call with a status other than OK. */
export class CallRefusal extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.name = 'CallRefusal';
    this.code = code;
  }
}

export interface UnaryContext {
  readonly access: Access;
  readonly logger: Logger;
}

/** `answer` may throw a CallRefusal; ERR_DECODE is the client's mistake, all else is ours (T2). */
export function unary(context: UnaryContext, answer: (request: Buffer, peer: Peer) => Buffer): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    try {
      const denial = context.access.admit(call);
      if (denial === undefined) callback(null, answer(call.request, call));
      else callback(denial);
    } catch (error) {
      callback(refusalOf(error, context.logger));
    }
  };
}

/** Code and text that a client may see of an error. */
export function refusalOf(error: unknown, logger: Logger): { readonly code: status; readonly details: string } {
  if (error instanceof CallRefusal) return { code: error.code, details: error.message };
  if (error instanceof ChanceryError && error.code === 'ERR_DECODE') return { code: status.INVALID_ARGUMENT, details: error.message };
  logger.error({ event: 'xds.call_failed', err: error }, 'a call failed');
  return { code: status.INTERNAL, details: 'internal error' };
}
