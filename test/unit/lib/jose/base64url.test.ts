import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCanonicalBase64url } from '../../../../src/lib/jose/base64url.ts';

const isSpeltOnce = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text;
const text = fc.string({ unit: fc.constantFrom(...'AQgwEIMcU048bz9-_=+/\n. é'), maxLength: 12 });

describe('base64url', () => {
  it('is canonical exactly where the bytes are written that way again (authz A4)', () => {
    fc.assert(
      fc.property(text, (value) => expect(isCanonicalBase64url(value)).toBe(isSpeltOnce(value))),
      { numRuns: 5_000 },
    );
  });

  it('knows each last character of a text that ends within a group (authz A4)', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet)
      for (const before of ['', 'A', 'A_', 'A_-', 'A_-9'])
        expect(isCanonicalBase64url(before + last), before + last).toBe(isSpeltOnce(before + last));
  });

  it('is not canonical with a line feed at its end (authz A4)', () => {
    expect(isCanonicalBase64url('QUJD\n')).toBe(false);
  });
});
