// Asks the issuer of a token that only he can read whether it is active (RFC 7662; authz I1, I2). Remembers nothing: who asks caches the answers.
import { type JsonObject, parseStrictJson } from '../../lib/jose/strict-json.ts';
import type { Secret } from '../../lib/secret.ts';
import type { CallTimes, IntrospectionOutcome, Introspector } from '../handler-ports.ts';
import type { IssuerAnswer, IssuerRequest } from '../issuer/issuer-request.ts';
import type { Claims, IntrospectionSettings } from '../policy/settings.ts';
import type { AuthReason } from '../reason.ts';
import { audienceProblem } from './token-claims.ts';

export interface IntrospectorParts {
  readonly request: (request: IssuerRequest) => Promise<IssuerAnswer>;
  /** By `<gateway>/<SDS name>`; undefined: not here yet. */
  readonly secrets: (name: string) => Secret | undefined;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  readonly dev: boolean;
  /** `detail` holds no credential. */
  readonly onFailure?: (issuer: string, detail: string) => void;
}

const MOST_AT_ONCE = 64;
const MAX_ANSWER_BYTES = 64 * 1_024;
const LIMITS = { depth: 16, members: 256 };
const UNAVAILABLE: IntrospectionOutcome = { kind: 'unknown', reason: 'introspection.unavailable' };
const OVERLOADED: IntrospectionOutcome = { kind: 'unknown', reason: 'authz.overloaded' };
const INACTIVE: IntrospectionOutcome = { kind: 'inactive' };

export function createIntrospector(parts: IntrospectorParts): Introspector {
  let inFlight = 0;
  return {
    introspect: async (token, settings, call) => {
      const secret = parts.secrets(settings.clientSecretName);
      if (secret === undefined) {
        parts.onFailure?.(settings.issuer, 'the secret of the client is not here');
        return UNAVAILABLE;
      }
      if (inFlight >= MOST_AT_ONCE) return OVERLOADED;
      inFlight += 1;
      try {
        return await asked({ token, secret, settings }, call, parts);
      } finally {
        inFlight -= 1;
      }
    },
    checkClaims: answerProblem,
  };
}

interface Question {
  readonly token: string;
  readonly secret: Secret;
  readonly settings: IntrospectionSettings;
}

async function asked({ token, secret, settings }: Question, call: CallTimes, parts: IntrospectorParts): Promise<IntrospectionOutcome> {
  // Timers take whole milliseconds only, deadlines do not come in them.
  const timeoutMs = Math.floor(Math.min(settings.timeoutMs, call.deadlineMs - parts.nowMs()));
  if (timeoutMs <= 0) return UNAVAILABLE;
  try {
    const { body } = await parts.request({
      url: settings.url,
      method: 'POST',
      headers: { authorization: basic(settings.clientId, secret), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      ca: settings.ca,
      dev: parts.dev,
      signal: AbortSignal.timeout(timeoutMs),
      maxBytes: MAX_ANSWER_BYTES,
    });
    const outcome = outcomeOf(parseStrictJson(body, LIMITS), body.length, settings);
    if (outcome.kind === 'unknown') parts.onFailure?.(settings.issuer, 'the answer does not say whether the token is active');
    return outcome;
  } catch (error) {
    parts.onFailure?.(settings.issuer, error instanceof Error ? error.message : 'unknown');
    return UNAVAILABLE;
  }
}

/** RFC 6749 §2.3.1: both halves are form-encoded first. */
function basic(id: string, secret: Secret): string {
  const encoded = [id, secret.reveal()].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}

/** I2: anything but a clear answer is none. */
function outcomeOf(answer: JsonObject | undefined, bytes: number, { issuer }: IntrospectionSettings): IntrospectionOutcome {
  if (answer === undefined || typeof answer['active'] !== 'boolean') return UNAVAILABLE;
  if (!answer['active']) return INACTIVE;
  const { iss } = answer;
  return iss === undefined || iss === issuer ? { kind: 'active', claims: answer, bytes } : INACTIVE;
}

/** I4: what of an active answer does not hold now; pure. */
function answerProblem(claims: Claims, settings: IntrospectionSettings, nowMs: number): AuthReason | undefined {
  const { exp, nbf, sub, scope } = claims;
  const now = Math.floor(nowMs / 1_000);
  const moments = [exp, nbf].every(
    (moment) => moment === undefined || (typeof moment === 'number' && moment >= 0 && Number.isFinite(moment)),
  );
  const isScope =
    scope === undefined || typeof scope === 'string' || (Array.isArray(scope) && scope.every((item) => typeof item === 'string'));
  if (!moments || !isScope || (sub !== undefined && typeof sub !== 'string')) return 'jwt.claims';
  if (typeof exp === 'number' && now > Math.floor(exp)) return 'token.inactive';
  if (typeof nbf === 'number' && now < Math.floor(nbf)) return 'token.inactive';
  return audienceProblem(claims, settings);
}
