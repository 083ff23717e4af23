import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteIndex, bytesHash, TextBytes, wordsOf } from '../../../src/lib/byte-index.ts';
import { textHash } from '../../../src/lib/text-hash.ts';

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 40 });

/** The text in the middle of other bytes, at any alignment. */
function placed(text: string, offset: number) {
  const bytes = Buffer.concat([Buffer.alloc(offset, 'x'), Buffer.from(text), Buffer.from('yyyyy')]);
  return { words: wordsOf(bytes), span: { start: offset, end: offset + Buffer.byteLength(text) } };
}

test('P11: the hash of bytes is that of their text, at any place of a buffer', () => {
  fc.assert(
    fc.property(ascii, fc.nat(9), (text, offset) => {
      const { words, span } = placed(text, offset);
      expect(bytesHash(words, span.start, span.end)).toBe(textHash(text));
    }),
  );
});

test('P11: bytes that are not ASCII have no hash', () => {
  fc.assert(
    fc.property(ascii, fc.constantFrom('ü', '日', '😀'), ascii, (before, strange, after) => {
      const { words, span } = placed(`${before}${strange}${after}`, 1);
      expect(bytesHash(words, span.start, span.end)).toBe(-1);
    }),
  );
});

test('P11: every text is found by its bytes, and no other', () => {
  fc.assert(
    fc.property(fc.uniqueArray(ascii), ascii, fc.nat(9), (texts, other, offset) => {
      const index = new ByteIndex(texts);
      for (const text of [...texts, other]) {
        const { words, span } = placed(text, offset);
        expect(index.find(bytesHash(words, span.start, span.end), words, span)).toBe(texts.indexOf(text));
      }
    }),
  );
});

test('P11: bytes equal a text only when all of them do', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), fc.nat(9), (texts, other, offset) => {
      const all = new TextBytes(texts);
      for (const [place, text] of texts.entries()) {
        const own = placed(text, offset);
        expect(all.isAt(place, own.words, own.span)).toBe(true);
        const another = placed(other, offset);
        expect(all.isAt(place, another.words, another.span)).toBe(Buffer.from(other).equals(Buffer.from(text)));
      }
    }),
  );
});
