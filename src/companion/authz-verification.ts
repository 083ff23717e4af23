// Tokens in a worker: verified with keys that the supervisor sends, never fetched here (J7), or asked about at their issuer.
import type { Introspector, JwtVerifier } from '../authz/handler-ports.ts';
import { createIntrospector } from '../authz/identity/introspector.ts';
import { createJwtVerifier } from '../authz/identity/jwt-verifier.ts';
import { issuerRequest } from '../authz/issuer/issuer-request.ts';
import { KeyMirror } from '../authz/jwks/key-mirror.ts';
import type { WantedAnswer } from '../authz/jwks/key-store.ts';
import type { Secret } from '../lib/secret.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AuthzToWorker } from './authz-messages.ts';
import type { WorkerServiceContext } from './companion-kind.ts';

export interface Verification {
  readonly jwt: JwtVerifier;
  readonly introspection: Introspector;
  receive(body: AuthzToWorker): void;
}

/** `secret`: by `<gateway>/<SDS name>`. */
export function createVerification(
  { nowMs, send, dev, logger }: WorkerServiceContext,
  secret: (name: string) => Secret | undefined,
): Verification {
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
    introspection: createIntrospector({ request: issuerRequest, secrets: secret, nowMs, dev, onFailure: failureLog(logger, nowMs) }),
    receive: (body) => {
      if (body.kind === 'keys') return keys.apply(body.parcel);
      asked.get(body.id)?.(body.answer);
      asked.delete(body.id);
    },
  };
}

/** An issuer that is away is told so often (authz §7). */
const WARN_MS = 60_000;

function failureLog(logger: Logger, nowMs: () => number): (issuer: string, detail: string) => void {
  const told = new Map<string, number>();
  return (issuer, detail) => {
    if (nowMs() - (told.get(issuer) ?? Number.NEGATIVE_INFINITY) < WARN_MS) return;
    told.set(issuer, nowMs());
    logger.warn({ event: 'authz.introspection_failed', issuer, detail }, 'the issuer does not answer about tokens');
  };
}
