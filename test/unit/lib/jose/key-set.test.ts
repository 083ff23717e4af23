// Key sets as issuers publish them become one canonical text for both forms (authz A19, J3).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keySetText, MAX_KEY_SET_BYTES, parseKeySet, parseKeySetText } from '../../../../src/lib/jose/key-set.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../../../src/lib/jose/signature-algorithm.ts';
import { ASYMMETRIC_ALGORITHMS, testKey } from '../../../support/test-issuer.ts';

type Jwk = Readonly<Record<string, unknown>>;

const RSA = testKey('RS256').jwk;
const EC = testKey('ES256').jwk;

function without(jwk: Jwk, ...names: readonly string[]): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));
}

function parsed(
  keys: readonly unknown[],
  allowed: readonly SignatureAlgorithm[] = ASYMMETRIC_ALGORITHMS,
): Extract<ReturnType<typeof parseKeySet>, { ok: true }>['value'] {
  const verdict = parseKeySet(JSON.stringify({ keys }), allowed);
  if (!verdict.ok) throw new Error(verdict.problem);
  return verdict.value;
}

const names = (keys: readonly { readonly alg: string; readonly kid: string }[]): string[] => keys.map(({ alg, kid }) => `${alg} ${kid}`);

describe('the canonical key set', () => {
  it('has alg, kid and use in each key, and nothing that verifying does not take (authz A19)', () => {
    const { keys } = parsed([{ ...EC, x5c: ['MIIB'], ext: true, nbf: 1 }]);
    expect(keys).toEqual([{ kty: 'EC', crv: EC['crv'], x: EC['x'], y: EC['y'], use: 'sig', alg: 'ES256', kid: EC['kid'] }]);
  });

  it('repeats a key without alg for each allowed algorithm that fits it, in place (authz A19)', () => {
    const { keys } = parsed([without(RSA, 'alg'), EC], ['ES256', 'PS256', 'RS256']);
    expect(names(keys)).toEqual([`PS256 ${RSA['kid']}`, `RS256 ${RSA['kid']}`, `ES256 ${EC['kid']}`]);
  });

  it('names a key without kid by itself: the same in every fetch, wherever it stands and whatever stands beside it (authz A19)', () => {
    const bare = without(EC, 'kid');
    const { keys: first } = parsed([bare]);
    const { keys: second } = parsed([RSA, { ...without(bare, 'alg', 'use'), x5t: 'abc' }], ['ES256', 'RS256']);
    expect(second[1]).toEqual(first[0]);
    expect(first[0]?.kid).toMatch(/^thumbprint:[\w-]{43}$/);
    expect(parsed([without(testKey('ES256', 2).jwk, 'kid')]).keys[0]?.kid).not.toBe(first[0]?.kid);
  });

  it('gives RFC 7638 thumbprints: the example of the RFC', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const { keys } = parsed([{ kty: 'RSA', n, e: 'AQAB', alg: 'RS256' }]);
    expect(keys[0]?.kid).toBe('thumbprint:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('keeps the order of the set and keys of one kid, and passes over others by their place and problem (authz A14, A18)', () => {
    const again = { ...testKey('ES256', 2).jwk, kid: EC['kid'] };
    const { keys, skipped } = parsed([{ kty: 'oct', k: 'AA' }, EC, 'text', again, null, { ...EC, use: 'enc' }, [EC]]);
    expect(names(keys)).toEqual([`ES256 ${EC['kid']}`, `ES256 ${EC['kid']}`]);
    expect(skipped).toEqual([
      { index: 0, problem: 'symmetric' },
      { index: 2, problem: 'kty' },
      { index: 4, problem: 'kty' },
      { index: 5, problem: 'use' },
      { index: 6, problem: 'kty' },
    ]);
  });

  it('may be empty: whoever fetched it decides what that means (authz J8)', () => {
    expect(parseKeySet('{"keys": []}', ['ES256'])).toEqual({ ok: true, value: { keys: [], skipped: [] } });
    expect(parsed([RSA], ['ES256'])).toEqual({ keys: [], skipped: [{ index: 0, problem: 'algorithm' }] });
  });

  it.each([
    ['form', '[]'],
    ['form', '{}'],
    ['form', '{"keys": {}}'],
    ['form', '{"keys": "[]"}'],
    ['form', '{"keys": [], "keys": []}'],
    ['form', '{"keys": [{"kty": "EC", "kty": "RSA"}]}'],
    ['form', '\ufeff{"keys": []}'],
    ['form', '<!doctype html><title>Sign in</title>'],
    ['form', ''],
    ['form', `{"keys": ${'['.repeat(17)}${']'.repeat(17)}}`],
    ['keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => 0) })],
    ['oversized', `{"keys": []}${' '.repeat(MAX_KEY_SET_BYTES - 11)}`],
  ])('is refused as a whole (%s): %.60s (authz A5, J3)', (problem, text) => {
    expect(parseKeySet(text, ['ES256'])).toEqual({ ok: false, problem });
    expect(parseKeySet(Buffer.from(text), ['ES256'])).toEqual({ ok: false, problem });
  });

  it('has at most 100 keys in 512 KiB, bytes and not characters (authz J3)', () => {
    expect(parsed(Array.from({ length: 100 }, () => EC)).keys).toHaveLength(100);
    expect(parseKeySet(`{"keys": []}${' '.repeat(MAX_KEY_SET_BYTES - 12)}`, ['ES256']).ok).toBe(true);
    expect(parseKeySet(`{"keys": [], "x": "${'é'.repeat(MAX_KEY_SET_BYTES / 2)}"}`, ['ES256'])).toEqual({
      ok: false,
      problem: 'oversized',
    });
  });

  it('as text is read back as itself, however large repeating made it (authz A19, J7)', () => {
    const moduli = Array.from({ length: 100 }, (_, index) => Buffer.alloc(1_024, index + 1).toString('base64url'));
    const { keys } = parsed(moduli.map((n) => ({ kty: 'RSA', n: `${n.slice(0, -2)}8Q`, e: 'AQAB' })));
    expect(keys).toHaveLength(600);
    const text = keySetText(keys);
    expect(text.length).toBeGreaterThan(MAX_KEY_SET_BYTES);
    expect(parseKeySetText(text)).toEqual(keys);
  });

  it('is the same for the same keys, and reading is idempotent (authz A19)', () => {
    const jwk = fc.tuple(
      fc.constantFrom(...ASYMMETRIC_ALGORITHMS),
      fc.integer({ min: 1, max: 2 }),
      fc.subarray(['alg', 'kid', 'use'], { minLength: 0 }),
    );
    fc.assert(
      fc.property(fc.array(jwk, { maxLength: 6 }), fc.subarray([...ASYMMETRIC_ALGORITHMS], { minLength: 1 }), (all, allowed) => {
        const { keys } = parsed(
          all.map(([algorithm, serial, left]) => without(testKey(algorithm, serial).jwk, ...left)),
          allowed,
        );
        const again = parseKeySet(keySetText(keys), allowed);
        expect(again).toEqual({ ok: true, value: { keys, skipped: [] } });
        expect(parseKeySetText(keySetText(keys))).toEqual(keys);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('never throws, and never has a key that cannot verify (authz T11)', () => {
    const value = fc.oneof(fc.constantFrom(...Object.values(RSA), ...Object.values(EC), '', 'AQAB', 'sig', null, 1), fc.jsonValue());
    const members = ['kty', 'crv', 'x', 'y', 'n', 'e', 'alg', 'use', 'kid', 'key_ops', 'd', '__proto__'] as const;
    const jwk = fc.record(Object.fromEntries(members.map((name) => [name, value])), { requiredKeys: [] });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            jwk,
            fc.tuple(fc.constantFrom(RSA, EC), jwk).map(([a, b]) => ({ ...a, ...b })),
          ),
        ),
        (keys) => {
          const verdict = parseKeySet(JSON.stringify({ keys }), SIGNATURE_ALGORITHMS);
          if (!verdict.ok) return;
          expect(new Set([...verdict.value.keys].map(({ alg }) => alg)).has('HS256')).toBe(false);
          expect(verdict.value.skipped.length).toBeLessThanOrEqual(keys.length);
        },
      ),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 1) },
    );
  });
});
