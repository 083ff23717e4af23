// Tokens in a worker: verified with keys that the supervisor sends, never fetched here (J7).
import type { Introspector, JwtVerifier } from '../authz/handler-ports.ts';
import type { Secret } from '../lib/secret.ts';
import type { AuthzToWorker } from './authz-messages.ts';
import type { WorkerServiceContext } from './companion-kind.ts';

export interface Verification {
  readonly jwt: JwtVerifier;
  readonly introspection: Introspector;
  receive(body: AuthzToWorker): void;
}

export function createVerification(_context: WorkerServiceContext, _secret: (name: string) => Secret | undefined): Verification {
  return {
    jwt: { verify: () => ({ kind: 'unknown', reason: 'jwks.unavailable' }), generation: () => 0, checkClaims: () => undefined },
    introspection: {
      introspect: () => Promise.resolve({ kind: 'unknown', reason: 'introspection.unavailable' }),
      checkClaims: () => undefined,
    },
    receive: () => {},
  };
}
