// Verifies JSON Web Tokens: every rule of authz §3 in its order, the cheap ones first. Remembers no token; keys and secrets are handed in.
import { isSignatureAlgorithm, type SignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import type { Secret } from '../../lib/secret.ts';
import type { CallTimes, JwtOutcome, JwtVerifier } from '../handler-ports.ts';
import type { KeyAnswer, KeySource } from '../jwks/key-source.ts';
import type { JwtSettings } from '../policy/settings.ts';
import type { AuthReason } from '../reason.ts';
import { KnownHeaders } from './known-headers.ts';
import { SecretKeys } from './secret-keys.ts';
import { nodeSignatureVerifier, type SignatureVerifier } from './signature-verifier.ts';
import { audienceProblem, claimsProblem, purposeProblem, standingProblem } from './token-claims.ts';
import { TOKEN_LIMITS, type TokenForm, tokenForm } from './token-form.ts';
import { type TokenHeader, tokenHeader } from './token-header.ts';
import type { VerificationKey } from './verification-key.ts';
import { VerificationTurns } from './verification-turns.ts';

export interface JwtVerifierParts {
  readonly keys: KeySource;
  /** By `<gateway>/<SDS name>`; undefined: not here yet. */
  readonly secrets: (name: string) => Secret | undefined;
  /** Default: `node:crypto`. */
  readonly signatures?: SignatureVerifier;
}

/** One per thread. */
export function createJwtVerifier(parts: JwtVerifierParts): JwtVerifier {
  const verification = new Verification(parts);
  return {
    verify: (token, provider, call) => verification.verify(token, provider, call),
    generation: (provider) => verification.generation(provider),
    checkClaims: claimsProblem,
  };
}

/** A token whose form, header and claims are sound; only its signature is not known yet. */
interface SoundToken {
  readonly form: TokenForm;
  readonly algorithm: SignatureAlgorithm;
  readonly kid: string | undefined;
  readonly settings: JwtSettings;
}

interface Candidates {
  readonly keys: readonly VerificationKey[];
  readonly generation: number;
}

const NO_KEYS: JwtOutcome = { kind: 'unknown', reason: 'jwks.unavailable' };
const OVERLOADED: JwtOutcome = { kind: 'unknown', reason: 'authz.overloaded' };
/** Where there are no keys: no remembered token has it. */
const NO_GENERATION = -1;

class Verification {
  readonly #keys: KeySource;
  readonly #secrets: SecretKeys;
  readonly #turns: VerificationTurns;
  readonly #headers = new KnownHeaders(TOKEN_LIMITS);

  constructor({ keys, secrets, signatures = nodeSignatureVerifier }: JwtVerifierParts) {
    this.#keys = keys;
    this.#secrets = new SecretKeys(secrets);
    this.#turns = new VerificationTurns(signatures);
  }

  generation(settings: JwtSettings): number {
    if (settings.keys.kind === 'secret') return this.#secrets.generation(settings.keys.secretName);
    // The settings themselves, which key sources know again: a part made of them would be hashed on every hit.
    const answer = this.#keys.keysOf(settings);
    return answer.kind === 'keys' ? answer.keys.generation : NO_GENERATION;
  }

  verify(token: string, settings: JwtSettings, call: CallTimes): JwtOutcome | Promise<JwtOutcome> {
    const form = tokenForm(token, settings, this.#headers);
    if (typeof form === 'string') return refused(form);
    const header = tokenHeader(form.header, settings);
    if (typeof header === 'string') return refused(header);
    const problem = purposeProblem(form.claims) ?? standingProblem(form.claims, settings, call.nowMs);
    if (problem !== undefined) return refused(problem);
    return this.#withKeys(form, header, settings);
  }

  #withKeys(form: TokenForm, { algorithm, kid }: TokenHeader, settings: JwtSettings): JwtOutcome | Promise<JwtOutcome> {
    if (!isSignatureAlgorithm(algorithm)) return refused('jwt.algorithm');
    const token = { form, algorithm, kid, settings };
    if (settings.keys.kind === 'secret') {
      const found = this.#secrets.keyOf(settings.keys.secretName, algorithm);
      return found === undefined ? NO_KEYS : this.#tried(token, { keys: [found.key], generation: found.generation });
    }
    const answer = this.#keys.keysOf(settings);
    if (answer.kind === 'unavailable') return NO_KEYS;
    const known = candidates(answer, token);
    if (known !== undefined) return this.#tried(token, known);
    // Without a kid there is nothing to look for; the issuer has no key of this algorithm.
    if (kid === undefined) return refused('jwt.key');
    const wanted = this.#keys.wanted(settings, kid);
    return wanted instanceof Promise ? wanted.then((found) => this.#afterFetch(token, found)) : this.#afterFetch(token, wanted);
  }

  #afterFetch(token: SoundToken, answer: KeyAnswer): JwtOutcome | Promise<JwtOutcome> {
    if (answer.kind === 'unavailable') return NO_KEYS;
    const found = candidates(answer, token);
    return found === undefined ? refused('jwt.key') : this.#tried(token, found);
  }

  /** A14: at most four keys, one after the other. */
  #tried(token: SoundToken, { keys, generation }: Candidates): JwtOutcome | Promise<JwtOutcome> {
    const [key, ...others] = keys;
    if (key === undefined) return refused('jwt.signature');
    const isGood = this.#turns.verify(key, token.form);
    if (isGood === 'overloaded') return OVERLOADED;
    const next = (good: boolean): JwtOutcome | Promise<JwtOutcome> =>
      good ? verified(token, generation) : this.#tried(token, { keys: others, generation });
    return isGood instanceof Promise ? isGood.then(next) : next(isGood);
  }
}

function candidates(answer: Extract<KeyAnswer, { readonly kind: 'keys' }>, { algorithm, kid }: SoundToken): Candidates | undefined {
  const keys = answer.keys.candidates(algorithm, kid);
  return keys.length === 0 ? undefined : { keys, generation: answer.keys.generation };
}

function verified({ form: { claims }, kid, settings }: SoundToken, generation: number): JwtOutcome {
  const problem = audienceProblem(claims, settings);
  return problem === undefined ? { kind: 'valid', claims, kid, generation } : refused(problem);
}

function refused(reason: AuthReason): JwtOutcome {
  return { kind: 'refused', reason };
}
