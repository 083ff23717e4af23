// Base64url has one spelling for each sequence of bytes, and no other text is any (authz A4).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64url, isCanonicalBase64url } from '../../../../src/lib/jose/base64url.ts';

const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

describe('base64url', () => {
  it('of any bytes is read back as those bytes (authz A4)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeBase64url(Buffer.from(bytes).toString('base64url'))).toEqual(Buffer.from(bytes));
      }),
      RUNS,
    );
  });

  it('is a text exactly where its bytes are written as that text again (authz A4, T10)', () => {
    const characters = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...ALPHABET) },
      fc.constantFrom(...Array.from('=+/ \n\r\t.,é\u0000\u2028')),
    );
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 24 }), (text) => {
        expect(isCanonicalBase64url(text)).toBe(Buffer.from(text, 'base64url').toString('base64url') === text);
      }),
      { ...RUNS, numRuns: RUNS.numRuns * 10 },
    );
  });

  it('has 4, 16 and 64 last characters after 3, 2 and 0 others: no spare bits (authz A4, T10)', () => {
    const lastAfter = (before: string): string[] => ALPHABET.filter((last) => isCanonicalBase64url(before + last));
    expect(['', 'A', 'AA', 'AAA'].map((before) => lastAfter(before).length)).toEqual([0, 4, 16, 64]);
  });

  it.each(['QQ==', 'QQ=', 'QQ\n', '\nQQ', 'QQ\r\n', ' QQ', 'Q+8', 'Q/8', 'QQ\u0000', 'Q', 'QR', 'QUF', 'ＱＱ'])(
    '%j is none (authz A4, T10)',
    (text) => {
      expect(decodeBase64url(text)).toBeUndefined();
    },
  );

  it('of a megabyte is looked at without a stack of its size', () => {
    expect(isCanonicalBase64url('AAAA'.repeat(262_144))).toBe(true);
    expect(isCanonicalBase64url(`${'AAAA'.repeat(262_144)}=`)).toBe(false);
  });
});
