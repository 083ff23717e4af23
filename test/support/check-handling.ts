// A check handler with a clock, tokens and records that tests hold in their hands.
import { type CheckHandling, createCheckHandler } from '../../src/authz/handler.ts';
import type { DenialRecord, HandlerMetrics, HandlerPorts, IntrospectionOutcome, JwtOutcome } from '../../src/authz/handler-ports.ts';
import { createPolicyTable, type PolicyTable } from '../../src/authz/policy/policy-table.ts';
import type { Claims } from '../../src/authz/policy/settings.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { EnvoyApi } from '../../src/proto/api.ts';
import type { CheckResponseOutput } from '../../src/proto/generated/envoy/service/auth/v3/CheckResponse.ts';

export const NOW_MS = 1_800_000_000_000;

type Decided = Parameters<HandlerMetrics['decided']>[0];

export interface TestHandling {
  readonly table: PolicyTable;
  readonly handling: CheckHandling;
  /** What a token's text becomes; others are `jwt.signature`. */
  readonly jwts: Map<string, JwtOutcome | Promise<JwtOutcome>>;
  readonly introspections: Map<string, IntrospectionOutcome>;
  readonly verified: string[];
  readonly introspected: string[];
  readonly decided: Decided[];
  readonly denied: DenialRecord[];
  readonly failed: { readonly errorId: string; readonly cause: unknown }[];
  clock: { nowMs: number; generation: number };
  raw(request: Uint8Array): Promise<Uint8Array>;
  check(request: Uint8Array): Promise<CheckResponseOutput>;
}

export function valid(claims: Readonly<Record<string, unknown>>): JwtOutcome {
  return { kind: 'valid', claims: bare({ iss: 'https://id.example.com/', exp: NOW_MS / 1000 + 3600, ...claims }), kid: 'k', generation: 1 };
}

/** Objects without prototype all the way down, as the verifier gives them. */
export function bare(value: Readonly<Record<string, unknown>>): Claims {
  const entries = Object.entries(value).map(([name, member]) => [name, isRecord(member) ? bare(member) : member] as const);
  const made = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of entries) made[name] = member;
  return made;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function testHandling(api: EnvoyApi, changes: Partial<HandlerPorts> = {}): TestHandling {
  const table = createPolicyTable(api);
  const clock = { nowMs: NOW_MS, generation: 1 };
  const records = { decided: [] as Decided[], denied: [] as DenialRecord[], failed: [] as { errorId: string; cause: unknown }[] };
  const jwts = new Map<string, JwtOutcome | Promise<JwtOutcome>>();
  const introspections = new Map<string, IntrospectionOutcome>();
  const verified: string[] = [];
  const introspected: string[] = [];
  const expired = (claims: Claims, skew: number) =>
    typeof claims['exp'] === 'number' && clock.nowMs / 1000 > claims['exp'] + skew ? 'jwt.expired' : undefined;
  const handling = createCheckHandler({
    api,
    table,
    ports: {
      jwt: {
        verify: (token) => {
          verified.push(token);
          return jwts.get(token) ?? { kind: 'refused', reason: 'jwt.signature' };
        },
        generation: () => clock.generation,
        checkClaims: (claims, { clockSkewSeconds }) => expired(claims, clockSkewSeconds),
      },
      introspection: {
        introspect: async (token) => {
          introspected.push(token);
          return introspections.get(token) ?? { kind: 'inactive' };
        },
        checkClaims: (claims) => expired(claims, 0),
      },
      clock: { nowMs: () => clock.nowMs, monotonicMs: () => clock.nowMs },
      metrics: { decided: (record) => records.decided.push(record), cache: () => undefined },
      log: { denied: (record) => records.denied.push(record), failed: (fault) => records.failed.push(fault) },
      newErrorId: () => 'error-1',
      subjectKey: new Secret('key of subjects'),
      ...changes,
    },
  });
  const raw = (request: Uint8Array) =>
    new Promise<Uint8Array>((resolve) => {
      handling.handle(request, { deadlineMs: NOW_MS + 1_000_000_000, signal: new AbortController().signal }, resolve);
    });
  const check = async (request: Uint8Array) => api.decode('envoy.service.auth.v3.CheckResponse', await raw(request));
  return { table, handling, jwts, introspections, verified, introspected, ...records, clock, raw, check };
}
