// The forms that proxies ask of tokens against the rule of the companion, and how long the expressions are that say it.
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { credentialPolicies } from '../../../src/compiler/auth/hygiene.ts';
import { isCanonicalBase64url } from '../../../src/lib/jose/base64url.ts';
import type { Principal } from '../../../src/proto/generated/envoy/config/rbac/v3/Principal.ts';
import { aJwtProvider } from '../../support/auth-model.ts';

const PREFIXES = ['Bearer ', '', 'Token ', 'Authorization-Token: ', 'DPoP.'];

/** As Envoy evaluates what does not ask for more than one header's value. */
function holds({ any, not_id, and_ids, or_ids, header }: Principal, value: string): boolean {
  if (any === true) return true;
  if (not_id) return !holds(not_id, value);
  if (and_ids) return (and_ids.ids ?? []).every((each) => holds(each, value));
  if (or_ids) return (or_ids.ids ?? []).some((each) => holds(each, value));
  if (header?.present_match === true) return true;
  const { prefix, contains, exact, safe_regex: expression } = header?.string_match ?? {};
  if (prefix !== undefined) return value.startsWith(prefix);
  if (contains !== undefined) return value.includes(contains);
  if (exact !== undefined) return value === exact;
  return RE2JS.compile(expression?.regex ?? '').matches(value);
}

function isDenied(value: string, prefix: string): boolean {
  const provider = aJwtProvider({ from: [{ kind: 'header', name: 'authorization', prefix }] });
  const { '09.auth.multiple': several, '11.jwt.malformed': stranger, '13.jwt.malformed': malformed } = credentialPolicies([provider], []);
  return [several, stranger, malformed].some((policy) => policy?.principals?.some((principal) => holds(principal, value)));
}

/** What jwt_authn makes of a header that it was given (Extractor of Envoy), undefined: refused. */
function taken(value: string, prefix: string): readonly string[] | undefined {
  const token = prefix === '' ? value : (/^[\w.-]*/.exec(value.slice(prefix.length))?.[0] ?? '');
  const segments = token.split('.').filter((segment) => segment !== '');
  return segments.length === 3 ? segments : undefined;
}

const characters = fc.constantFrom(...'AQgwEIxyz09_-BCDeRAQgwEIxyz09_-'.split(''), '=', '+', '/', ' ', '.', ',', '~', '\t', 'é', '\u0000');
const plain = fc.string({ unit: fc.constantFrom(...'AQgwEIMUYckos048xyzB9_-'.split('')), maxLength: 9 });
const segment = fc.oneof({ weight: 6, arbitrary: plain }, fc.string({ unit: characters, maxLength: 6 }));
const tokens = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('.'));

describe('the form of tokens', () => {
  test('C3, A4: what passes is three canonical segments or what jwt_authn refuses itself, and all canonical tokens pass', () => {
    fc.assert(
      fc.property(tokens, fc.constantFrom(...PREFIXES), (token, prefix) => {
        const segments = token.split('.');
        const isCanonical = segments.length === 3 && segments.every((each) => each !== '' && isCanonicalBase64url(each));
        const value = `${prefix}${token}`;
        if (isCanonical) expect(isDenied(value, prefix)).toBe(false);
        else if (!isDenied(value, prefix)) expect(taken(value, prefix)).toBeUndefined();
      }),
      { numRuns: 3_000, seed: 20_261_123 },
    );
  });

  test('A2, A4: a bad spelling of a signature is denied whatever stands before the token', () => {
    for (const prefix of PREFIXES) {
      for (const [value, isGood] of [
        ['eyJh.eyJp.AAAA', true],
        ['eyJh.eyJp.AAB', false],
        ['eyJh.eyJp.AAE', true],
        ['eyJh.eyJp.AB', false],
        ['eyJh.eyJp.Ag', true],
        ['eyJh.eyJp.AAAA=', false],
        ['eyJh.eyJp.AAAA ', false],
        ['eyJh.eyJp.AAAA.', false],
        ['eyJh.eyJp.', false],
        ['eyJhB.eyJp.AAAA', false],
        ['eyJh.eyJpB.AAAA', false],
      ] as const)
        expect([prefix, value, isDenied(`${prefix}${value}`, prefix)]).toEqual([prefix, value, !isGood]);
    }
  });

  test('C3: a header with another scheme is denied; an absent one is not', () => {
    expect(isDenied('Basic eyJh.eyJp.AAAA', 'Bearer ')).toBe(true);
    expect(isDenied('bearer eyJh.eyJp.AAAA', 'Bearer ')).toBe(false);
    expect(isDenied('BEARER eyJh.eyJp.AAAA', 'Bearer ')).toBe(true);
  });

  test('T14: two values of `authorization`, which Envoy joins, are denied', () => {
    expect(isDenied('Bearer eyJh.eyJp.AAAA,Bearer eyJh.eyJp.AAAA', 'Bearer ')).toBe(true);
  });
});
