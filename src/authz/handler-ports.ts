// What the handler needs from around it, as interfaces: tokens, keys, clocks, places to count and to log. Types only.
import type { Secret } from '../lib/secret.ts';
import type { Claims, IntrospectionSettings, JwtSettings } from './policy/settings.ts';
import type { AuthReason } from './reason.ts';

export interface CallTimes {
  readonly nowMs: number;
  /** Epoch milliseconds after which nobody waits for the answer. */
  readonly deadlineMs: number;
}

export type JwtOutcome =
  /** `generation` of the key set that verified it: another one ends what was remembered (J10). */
  | { readonly kind: 'valid'; readonly claims: Claims; readonly kid: string | undefined; readonly generation: number }
  | { readonly kind: 'refused'; readonly reason: AuthReason }
  | { readonly kind: 'unknown'; readonly reason: 'jwks.unavailable' | 'authz.overloaded' };

/** A1-A16 for one credential text. Never throws for what a token holds; a rejection is `authz.internal`. */
export interface JwtVerifier {
  verify(token: string, provider: JwtSettings, call: CallTimes): JwtOutcome | Promise<JwtOutcome>;
  /** The generation of the provider's usable keys now; asked on every cache hit (J10). */
  generation(provider: JwtSettings): number;
  /** A17: what of A10-A13 and A16 the claims break now; pure. */
  checkClaims(claims: Claims, provider: JwtSettings, nowMs: number): AuthReason | undefined;
}

export type IntrospectionOutcome =
  /** `bytes`: of the issuer's answer, for whoever remembers it. */
  | { readonly kind: 'active'; readonly claims: Claims; readonly bytes: number }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'unknown'; readonly reason: 'introspection.unavailable' | 'authz.overloaded' };

/** I1, I2. What it answers is cached by the handler (I3-I5). */
export interface Introspector {
  introspect(token: string, provider: IntrospectionSettings, call: CallTimes): Promise<IntrospectionOutcome>;
  /** A17 of an active answer. */
  checkClaims(claims: Claims, provider: IntrospectionSettings, nowMs: number): AuthReason | undefined;
}

export interface HandlerClock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back, for durations. */
  monotonicMs(): number;
}

export type Decision = 'allow' | 'deny' | 'unknown';
export type CacheName = 'token' | 'token_refused' | 'introspection' | 'certificate';

export interface CacheSize {
  readonly entries: number;
  readonly bytes: number;
}

/** Where decisions are counted; called on every check, so it must not build labels anew. */
export interface HandlerMetrics {
  decided(record: {
    readonly route: string;
    readonly decision: Decision;
    readonly reason: AuthReason | 'ok';
    readonly mode: 'enforce' | 'shadow';
    readonly durationMs: number;
  }): void;
  cache(name: CacheName, result: 'hit' | 'miss' | 'evicted'): void;
}

/** A denial for the log (S4, S5): at most 100 a second for each reason; holds no credential and no claim. */
export interface DenialRecord {
  readonly gateway: string;
  readonly policy: string;
  readonly version: string;
  /** Versions of the policy that are here, where the one that was asked for is not. */
  readonly held?: readonly string[];
  readonly route: string;
  readonly decision: 'deny' | 'unknown';
  readonly reason: AuthReason;
  readonly mode: 'enforce' | 'shadow';
  /** First 8 hexadecimal digits of the credential's SHA-256. */
  readonly tokenHash?: string;
  /** 16 hexadecimal digits of an HMAC: the same caller, the same digits. */
  readonly subjectHash?: string;
  readonly requestId?: string;
}

export interface HandlerLog {
  denied(record: DenialRecord): void;
  /** A bug or a fault of ours (`authz.internal`); the id stands in the caller's answer too. */
  failed(fault: { readonly errorId: string; readonly cause: unknown }): void;
}

export interface HandlerPorts {
  readonly jwt: JwtVerifier;
  readonly introspection: Introspector;
  readonly clock: HandlerClock;
  readonly metrics: HandlerMetrics;
  readonly log: HandlerLog;
  /** A new id for a fault. */
  readonly newErrorId: () => string;
  /** Keys the HMAC of `subject_hash`. */
  readonly subjectKey: Secret;
}

export interface CheckCall {
  /** Epoch milliseconds after which Envoy no longer waits, less what the way back takes (G11). */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Answers exactly once, on the spot where everything needed is at hand. `reply` gets bytes of a CheckResponse that are never empty. */
export type CheckHandler = (request: Uint8Array, call: CheckCall, reply: (bytes: Uint8Array) => void) => void;
