// The parity table itself: complete, without twins, and a comparison that can fail.
import { describe, expect, it } from 'vitest';
import { AUTH_REASONS } from '../../../src/authz/reason.ts';
import { gatewayText } from '../../../src/prover/gateway-text.ts';
import { createMint } from '../../../src/prover/mint.ts';
import { differences, reasonIn } from '../../../src/prover/outcome.ts';
import { allow, deny, type ParityRow } from '../../../src/prover/parity-row.ts';
import { policyNames } from '../../../src/prover/policies.ts';
import { PARITY_TABLE } from '../../../src/prover/table.ts';

/** What no caller can bring about behind a healthy companion with these policies; proven elsewhere. */
const NOT_OF_CALLERS = [
  'apiKey.missing',
  'apiKey.invalid',
  'token.inactive',
  'cert.missing',
  'cert.notAllowed',
  'policy.missing',
  'jwks.unavailable',
  'introspection.unavailable',
  'policy.unknown',
  'authz.overloaded',
  'authz.deadline',
  'authz.internal',
];

describe('the parity table (authz C8)', () => {
  it('has some hundred rows, each with a name of its own', () => {
    const names = PARITY_TABLE.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(200);
  });

  it('asks every policy', () => {
    const asked = new Set(PARITY_TABLE.map(({ policy }) => policy));
    expect(policyNames().filter((name) => !asked.has(name))).toEqual([]);
  });

  it('expects every reason that both forms can give', () => {
    const expected = new Set(PARITY_TABLE.flatMap(({ expect: { decision, ...rest } }) => ('reason' in rest ? [rest.reason] : [decision])));
    expect(AUTH_REASONS.filter((reason) => !expected.has(reason) && !NOT_OF_CALLERS.includes(reason))).toEqual([]);
  });

  it('names every rule it proves', () => {
    expect(PARITY_TABLE.filter(({ rules }) => rules.length === 0)).toEqual([]);
  });
});

describe('the gateway of the parity table', () => {
  it('has every policy in both forms', () => {
    const text = gatewayText({ port: 1, upstreamPort: 2 }, createMint(1));
    for (const name of policyNames()) {
      expect(text).toContain(`${name}-proxy: `);
      expect(text).toContain(`auth: {policy: ${name}-companion}`);
    }
  });
});

describe('differences', () => {
  const row = (expected: ParityRow['expect']): ParityRow => ({ name: 'x', rules: ['A1'], policy: 'user', expect: expected });

  it('are none where a request was let through as expected', () => {
    expect(differences(row(allow({ 'x-user-id': 'alice' })), { status: 200, upstream: { 'x-user-id': 'alice' } })).toEqual([]);
  });

  it('tell of a request that was let through', () => {
    expect(differences(row(deny('jwt.missing')), { status: 200, upstream: {} })).toEqual(['let through instead of denied by jwt.missing']);
  });

  it('tell of one that was denied', () => {
    expect(differences(row(allow()), { status: 401, reason: 'jwt.key' })).toEqual(['denied with jwt.key (401) instead of let through']);
  });

  it('tell of another status, reason and challenge', () => {
    const expected = deny('scope.insufficient', { challenge: 'scope="a"' });
    expect(differences(row(expected), { status: 401, reason: 'jwt.missing', challenge: 'Bearer' })).toEqual([
      'status 401 instead of status 403',
      'reason jwt.missing instead of scope.insufficient',
      'challenge Bearer instead of scope="a"',
    ]);
  });

  it('tell of a header that the backend should not have', () => {
    expect(
      differences(row(allow({ authorization: undefined })), { status: 200, upstream: { authorization: 'x', 'x-chancery-a': '1' } }),
    ).toEqual(['the backend got authorization: x instead of (none)', 'the backend got x-chancery-a, which is ours']);
  });
});

describe('reasonIn', () => {
  it('reads problem bodies and gRPC messages, and nothing else', () => {
    expect(reasonIn('{"type":"urn:chancery:auth:jwt.expired","title":"x","status":401,"code":"jwt.expired","requestId":"1"}')).toBe(
      'jwt.expired',
    );
    expect(reasonIn('jwt.expired: The token has expired')).toBe('jwt.expired');
    expect(reasonIn('RBAC: access denied')).toBeUndefined();
    expect(reasonIn('')).toBeUndefined();
  });
});
