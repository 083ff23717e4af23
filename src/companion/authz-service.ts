// The half of the authz companion that lives in a worker: the check handler with its tables, keys that the supervisor sends, counts that it gets.
import { randomUUID } from 'node:crypto';
import { createCheckHandler } from '../authz/handler.ts';
import type { HandlerLog, Introspector, JwtVerifier } from '../authz/handler-ports.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import { createPolicyTable, type PolicyTable } from '../authz/policy/policy-table.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type AuthzCounts, CountBook } from './authz-counts.ts';
import { shellAnswers } from './authz-shell-answers.ts';
import { createVerification } from './authz-verification.ts';
import type { WorkerService, WorkerServiceContext } from './companion-kind.ts';
import type { Shedding } from './loop-delay.ts';

/** How often counts go to the supervisor. */
const COUNTS_MS = 500;

export function createAuthzService(context: WorkerServiceContext): WorkerService {
  const { api, logger, send, nowMs, monotonicMs, shedding } = context;
  const table = createPolicyTable(api);
  const counts = new CountBook();
  const verification = createVerification(context, (name) => table.current().secrets.get(name));
  const onCold = (): void => counts.shed('cold');
  const checks = createCheckHandler({
    api,
    table,
    ports: {
      jwt: sheddingVerifier(verification.jwt, shedding, onCold),
      introspection: sheddingIntrospector(verification.introspection, shedding, onCold),
      clock: { nowMs, monotonicMs },
      metrics: counts,
      log: handlerLog(logger),
      newErrorId: randomUUID,
      subjectKey: context.subjectKey,
    },
  });
  const stopTelling = tellCounts(() => counts.take(checks.cacheSizes()), send);
  return {
    methods: { Check: { handler: (request, call, reply) => checks.handle(request, call, reply), answerTo: shellAnswers(api) } },
    apply: (update) => {
      const outcome = table.apply(update);
      send({ kind: 'owners', owners: remoteOwners(table) });
      return outcome;
    },
    receive: (body) => {
      if (body.kind === 'keys' || body.kind === 'wanted.done') verification.receive(body);
    },
    onShed: (reason, cause) => {
      counts.shed(reason);
      if (cause !== undefined) logger.error({ event: 'authz.failed', err: cause }, 'a check failed');
    },
    stop: stopTelling,
  };
}

/** Gives what ends it, with a last word. */
function tellCounts(take: () => AuthzCounts | undefined, send: WorkerServiceContext['send']): () => void {
  const tell = (): void => {
    const taken = take();
    if (taken !== undefined) send({ kind: 'counts', counts: taken });
  };
  const timer = setInterval(tell, COUNTS_MS).unref();
  return () => {
    clearInterval(timer);
    tell();
  };
}

/** Each provider whose keys are fetched, once. */
function remoteOwners(table: PolicyTable): readonly KeyOwner[] {
  const owners = new Map<string, KeyOwner>();
  for (const { settings } of table.current().policies.values())
    for (const { id, issuer, algorithms, keys } of settings.jwt) if (keys.kind === 'remote') owners.set(id, { issuer, algorithms, keys });
  return [...owners.values()];
}

/** A busy worker verifies nothing new: what is remembered is still answered (authz G12). */
function sheddingVerifier(jwt: JwtVerifier, shedding: () => Shedding, onCold: () => void): JwtVerifier {
  return {
    verify: (token, provider, call) => {
      if (shedding() === 'none') return jwt.verify(token, provider, call);
      onCold();
      return { kind: 'unknown', reason: 'authz.overloaded' };
    },
    generation: (provider) => jwt.generation(provider),
    checkClaims: (claims, provider, nowMs) => jwt.checkClaims(claims, provider, nowMs),
  };
}

function sheddingIntrospector(introspection: Introspector, shedding: () => Shedding, onCold: () => void): Introspector {
  return {
    introspect: (token, provider, call) => {
      if (shedding() === 'none') return introspection.introspect(token, provider, call);
      onCold();
      return Promise.resolve({ kind: 'unknown', reason: 'authz.overloaded' });
    },
    checkClaims: (claims, provider, nowMs) => introspection.checkClaims(claims, provider, nowMs),
  };
}

/** Denials and faults in the log (S4, S5). */
function handlerLog(logger: Logger): HandlerLog {
  return {
    denied: ({ tokenHash, subjectHash, requestId, ...record }) =>
      logger.info(
        {
          event: 'authz.denied',
          ...record,
          ...(tokenHash === undefined ? {} : { token_hash: tokenHash }),
          ...(subjectHash === undefined ? {} : { subject_hash: subjectHash }),
          ...(requestId === undefined ? {} : { request_id: requestId }),
        },
        'denied',
      ),
    failed: ({ errorId, cause }) => logger.error({ event: 'authz.failed', error_id: errorId, err: cause }, 'a check failed'),
  };
}
