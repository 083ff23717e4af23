// What the shell answers to a check that never reaches the handler: bytes made once, never empty (authz G2, G4).
import { type Refusal, refusal, unknown } from '../authz/policy/verdict.ts';
import { DenyReply } from '../authz/reply-deny.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { ShellReason } from './bytes-handler.ts';

/** Content types of gRPC callers begin so. */
const GRPC = 'application/grpc';
/** Where it is looked for: no proxy of ours sends more. */
const LOOKED_AT_BYTES = 128 * 1024;

export function shellAnswers(api: EnvoyApi): (reason: ShellReason, request: Uint8Array) => Uint8Array {
  const [http, grpc] = [answersTo(api, false), answersTo(api, true)];
  // Nobody reads a request that there is no time for: whoever writes the word into a path gets the shorter text.
  return (reason, request) => (isFound(request) ? grpc : http)[reason];
}

function answersTo(api: EnvoyApi, isGrpc: boolean): Readonly<Record<ShellReason, Uint8Array>> {
  const bytes = (of: Refusal): Uint8Array =>
    new DenyReply(api, { settings: undefined, refusal: of, isGrpc, metadataUrl: undefined, metadata: { fields: {} } }).bytes('');
  return {
    overloaded: bytes(unknown('authz.overloaded')),
    // What a caller can make so large is a fault of his: an error would pass where failures do (authz T14).
    oversized: bytes(refusal('request.path', 'invalid')),
    failed: bytes(unknown('authz.internal')),
  };
}

function isFound({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, Math.min(byteLength, LOOKED_AT_BYTES)).includes(GRPC);
}
