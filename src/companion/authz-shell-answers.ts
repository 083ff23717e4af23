// What the shell answers to a check that never reaches the handler: bytes made once, never empty (authz G2, G4).
import { type Refusal, refusal, unknown } from '../authz/policy/verdict.ts';
import { DenyReply } from '../authz/reply-deny.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { ShellReason } from './bytes-handler.ts';

export function shellAnswers(api: EnvoyApi): Readonly<Record<ShellReason, Uint8Array>> {
  const bytes = (of: Refusal): Uint8Array =>
    new DenyReply(api, { settings: undefined, refusal: of, isGrpc: false, metadataUrl: undefined, metadata: { fields: {} } }).bytes('');
  return {
    overloaded: bytes(unknown('authz.overloaded')),
    // What a caller can make so large is a fault of his: an error would pass where failures do (authz T14).
    oversized: bytes(refusal('request.path', 'invalid')),
    failed: bytes(unknown('authz.internal')),
  };
}
