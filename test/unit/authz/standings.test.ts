// What strangers and callers can make the handler remember: never more than the bounds, however many come (authz S1, S2, I3, P27).
import { beforeEach, expect, it } from 'vitest';
import type { CacheName, HandlerPorts, IntrospectionOutcome, JwtOutcome } from '../../../src/authz/handler-ports.ts';
import type { CredentialLocation } from '../../../src/authz/policy/credential-locations.ts';
import type { Credential } from '../../../src/authz/presented-credentials.ts';
import { Standings } from '../../../src/authz/standings.ts';
import { NOW_MS, valid } from '../../support/check-handling.ts';

const HEADER = { at: 'header', name: 'authorization' } as CredentialLocation;
const SETTINGS = { id: 'main', name: 'main', from: [{ kind: 'header', name: 'authorization' }], maxTokenBytes: 8192, clockSkewSeconds: 0 };
const POLICY = {
  jwt: [{ ...SETTINGS, scopeClaim: ['scope'], forwardClaims: [] }],
  introspection: [{ ...SETTINGS, denyForMs: 1_000, cacheForMs: 60_000, scopeClaim: ['scope'], forwardClaims: [] }],
};

const counts = { hit: 0, miss: 0, evicted: 0 };
let outcome: JwtOutcome;
let introspected: IntrospectionOutcome;
let standings: Standings;

beforeEach(() => {
  Object.assign(counts, { hit: 0, miss: 0, evicted: 0 });
  introspected = { kind: 'inactive' };
  const ports = {
    jwt: { verify: () => outcome, generation: () => 1, checkClaims: () => undefined },
    introspection: { introspect: async () => introspected, checkClaims: () => undefined },
    metrics: { cache: (_: CacheName, result: keyof typeof counts) => counts[result]++ },
  };
  standings = new Standings(ports as unknown as HandlerPorts);
});

function credential(text: string): Credential {
  const bytes = Buffer.from(text);
  return { bytes, start: 0, end: bytes.length, location: HEADER, digest: undefined };
}

const call = { policy: POLICY, nowMs: NOW_MS, deadlineMs: NOW_MS + 1_000 } as unknown as Parameters<Standings['jwt']>[1];

it('tokens by their number: ten times as many as are kept (P27)', () => {
  outcome = valid({ sub: 'a' });
  for (let index = 0; index < 500_000; index += 1) void standings.jwt(credential(`e.e.${index}`), call);
  const { entries, bytes } = standings.sizes().token;
  expect([entries, counts.evicted, bytes <= 64 * 1024 * 1024]).toEqual([50_000, 450_000, true]);
  expect(standings.jwt(credential('e.e.499999'), call)).toMatchObject({ identity: {} });
  expect(counts.hit).toBe(1);
}, 60_000);

it('tokens by their bytes: ten times as many as are kept (P27)', () => {
  outcome = valid({ sub: 'a' });
  const long = 'x'.repeat(8_000);
  const most = (64 * 1024 * 1024) / (512 + 3 * 8_000);
  for (let index = 0; index < 10 * most; index += 1) void standings.jwt(credential(`e.${long}.${index}`), call);
  const { entries, bytes } = standings.sizes().token;
  expect(bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
  expect(entries).toBeGreaterThan(0.9 * most);
  expect(counts.evicted).toBeGreaterThan(8 * most);
});

it('forged tokens, which never push out good ones (S2, P27)', () => {
  outcome = valid({ sub: 'a' });
  void standings.jwt(credential('e.e.good'), call);
  outcome = { kind: 'refused', reason: 'jwt.signature' };
  for (let index = 0; index < 41_000; index += 1) void standings.jwt(credential(`e.e.${index}`), call);
  expect(standings.sizes().token_refused.entries).toBe(4_096);
  expect(standings.sizes().token.entries).toBe(1);
  expect(standings.jwt(credential('e.e.good'), call)).toMatchObject({ identity: {} });
});

it('answers of issuers, and certificates (I3, P27)', async () => {
  for (let index = 0; index < 100_000; index += 1) await standings.token(credential(`opaque-${index}`), call);
  for (let index = 0; index < 10_240; index += 1) standings.certificate(`no certificate ${index}`, NOW_MS);
  const { introspection, certificate } = standings.sizes();
  expect([introspection.entries, certificate.entries]).toEqual([10_000, 1_024]);
}, 60_000);

it('answers of issuers and certificates by their bytes: large ones of few callers take no more than small ones of many (I3, P27)', async () => {
  introspected = { kind: 'active', claims: { active: true }, bytes: 64 * 1024 };
  for (let index = 0; index < 500; index += 1) await standings.token(credential(`opaque-${index}`), call);
  for (let index = 0; index < 500; index += 1) standings.certificate(`${index} ${'x'.repeat(100_000)}`, NOW_MS);
  const { introspection, certificate } = standings.sizes();
  for (const { entries, bytes } of [introspection, certificate]) {
    expect(bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(entries).toBeLessThan(200);
  }
});
