// Tokens in a worker: verified with keys that the supervisor sends, never fetched here (J7).
import type { Introspector, JwtVerifier } from '../authz/handler-ports.ts';
import { createJwtVerifier } from '../authz/identity/jwt-verifier.ts';
import { KeyMirror } from '../authz/jwks/key-mirror.ts';
import type { WantedAnswer } from '../authz/jwks/key-store.ts';
import type { Secret } from '../lib/secret.ts';
import type { AuthzToWorker } from './authz-messages.ts';
import type { WorkerServiceContext } from './companion-kind.ts';

export interface Verification {
  readonly jwt: JwtVerifier;
  readonly introspection: Introspector;
  receive(body: AuthzToWorker): void;
}

/** `secret`: by `<gateway>/<SDS name>`. */
export function createVerification({ nowMs, send }: WorkerServiceContext, secret: (name: string) => Secret | undefined): Verification {
  const asked = new Map<number, (answer: WantedAnswer) => void>();
  let lastId = 0;
  const keys = new KeyMirror({
    nowMs,
    wanted: (owner, kid) =>
      new Promise((resolve) => {
        lastId += 1;
        asked.set(lastId, resolve);
        send({ kind: 'wanted', id: lastId, owner: { issuer: owner.issuer, algorithms: owner.algorithms, keys: owner.keys }, kid });
      }),
  });
  return {
    jwt: createJwtVerifier({ keys, secrets: secret }),
    introspection: {
      introspect: () => Promise.resolve({ kind: 'unknown', reason: 'introspection.unavailable' }),
      checkClaims: () => undefined,
    },
    receive: (body) => {
      if (body.kind === 'keys') return keys.apply(body.parcel);
      asked.get(body.id)?.(body.answer);
      asked.delete(body.id);
    },
  };
}
