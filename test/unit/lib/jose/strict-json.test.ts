// JSON that every reader understands alike (authz A5), held against JSON.parse, which is right about what is JSON at all.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonLimits, parseStrictJson } from '../../../../src/lib/jose/strict-json.ts';

const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const LIMITS: JsonLimits = { depth: 16, members: 256 };

function read(text: string, limits: JsonLimits = LIMITS): unknown {
  return parseStrictJson(Buffer.from(text), limits);
}

/** One level more for each. */
function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
}

function oracle(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Escapes some characters of each string, so that one name has many spellings. */
function respelt(text: string): string {
  return text.replace(/[a-z]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

describe('strict JSON', () => {
  it('is what JSON.parse makes of any object (authz A5)', () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 }), { maxKeys: 20 });
    const spacing = fc.constantFrom(undefined, 1, '\t', '\r\n ');
    fc.assert(
      fc.property(value, spacing, (object, space) => {
        const text = JSON.stringify(object, null, space);
        const limits = { depth: 100, members: 100_000 };
        expect(JSON.stringify(read(text, limits))).toBe(JSON.stringify(oracle(text)));
      }),
      RUNS,
    );
  });

  it('never has what JSON.parse does not have, whatever the text (authz A5)', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"a"',
      '"b"',
      '"\\u0061"',
      '{"a":',
      '"a":1',
      '1',
      '-',
      '1e400',
      'null',
      'true',
      ' ',
      '\n',
      '\u0000',
      '\u001f',
      '"__proto__":',
      '\\"',
      '//',
      '\ufeff',
      'é',
      '"\\',
      '}}',
      ']]',
    );
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 16 }), (text) => {
        const found = read(text);
        // Refusing more is its task; the rest must be the same.
        if (found !== undefined) expect(JSON.stringify(found)).toBe(JSON.stringify(oracle(text)));
      }),
      { ...RUNS, numRuns: RUNS.numRuns * 10 },
    );
  });

  it('refuses a member that is there twice, at any depth, in any spelling, and only those (authz A5)', () => {
    const name = fc.constantFrom('a', 'b', 'ab', '__proto__', 'constructor', 'é', '', 'a"b', '\\');
    const literal = fc.tuple(name, fc.boolean()).map(([text, isOdd]) => (isOdd ? respelt(JSON.stringify(text)) : JSON.stringify(text)));
    const { object } = fc.letrec<{ object: string; value: string; list: string }>((tie) => ({
      object: fc.array(fc.tuple(literal, tie('value')), { maxLength: 4 }).map((all) => `{${all.map(([k, v]) => `${k}:${v}`).join(', ')}}`),
      list: fc.array(tie('value'), { maxLength: 3 }).map((all) => `[${all.join(',')}]`),
      value: fc.oneof({ maxDepth: 4 }, fc.constantFrom('1', '"a"', '"{\\"a\\":1,\\"a\\":2}"', 'null'), tie('object'), tie('list')),
    }));
    fc.assert(
      fc.property(object, (text) => {
        expect(read(text) !== undefined).toBe(!hasDuplicate(text));
      }),
      { ...RUNS, numRuns: RUNS.numRuns * 4 },
    );
  });

  it.each([
    ['{"a":1,"a":1}', 'twice'],
    ['{"a":1,"\\u0061":1}', 'twice, escaped'],
    ['{"\\/":1,"/":1}', 'twice, a solidus'],
    ['{"x":[[{"b":{}},{"a":{},"b":2,"a":1}]]}', 'twice, deep in lists'],
    ['{"__proto__":1,"__proto__":2}', 'twice, a name of objects'],
    ['[{"a":1}]', 'a list'],
    ['"a"', 'a text'],
    ['null', 'null'],
    ['', 'nothing'],
    ['{"a":1}{"a":1}', 'two'],
    ['{"a":1},', 'a comma behind'],
    ['{"a":1,}', 'a comma too many'],
    ["{'a':1}", 'other quotes'],
    ['{"a":NaN}', 'NaN'],
    ['{"a":01}', 'an octal number'],
    ['{"a":+1}', 'a plus'],
    ['{"a":"\n"}', 'a line break in a text'],
    ['{/**/}', 'a comment'],
    ['{"a":"\\x41"}', 'an escape of another language'],
    ['\ufeff{"a":1}', 'a byte order mark'],
    ['{"a":1}\u0000', 'a NUL behind'],
    ['{"a":1}\u00a0', 'a wide space behind'],
    ['{"a":"\\ud800"}', 'half a surrogate pair'],
    ['{"a":"\\udc00\\ud800"}', 'a pair the wrong way round'],
    ['{"\\uDFFF":1}', 'half a pair as a name'],
    ['{"a":[["\\\\\\uDaff"]]}', 'half a pair behind backslashes'],
  ])('%j is refused: %s (authz A5)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ['{"a":"\\ud83d\\ude00"}', '😀'],
    ['{"a":"\\\\ud800"}', '\\ud800'],
    ['{"a":"\\uD83D\\uDE00 \\\\uDFFF"}', '😀 \\uDFFF'],
    ['{"a":"\\ufffd\\u0000"}', '\ufffd\u0000'],
  ])('%s is read: whole characters however written (authz A5)', (text, meant) => {
    expect(read(text)).toEqual({ a: meant });
  });

  it('refuses what is not UTF-8: cut, overlong, surrogates, Latin-1, UTF-16 (authz A5)', () => {
    const around = (bytes: readonly number[]): Buffer => Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    for (const bytes of [[0xe9], [0xc3], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff], [0x80]])
      expect(parseStrictJson(around(bytes), LIMITS)).toBeUndefined();
    expect(parseStrictJson(around([0xc3, 0xa9]), LIMITS)).toEqual({ a: 'é' });
    expect(parseStrictJson(Buffer.from('\ufeff{"a":1}', 'utf16le'), LIMITS)).toBeUndefined();
    expect(parseStrictJson(Buffer.from('{"a":1}', 'utf16le'), LIMITS)).toBeUndefined();
  });

  it('nests 16 deep and not 17, in objects, lists and both (authz A5)', () => {
    const lists = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect([read(nested(16)), read(lists(15))]).not.toContain(undefined);
    expect([read(nested(17)), read(lists(16))]).toEqual([undefined, undefined]);
    const shut = `{"a":[${Array.from({ length: 200 }, () => '[]').join(',')}]}`;
    expect(read(shut)).toBeDefined();
  });

  it('has 256 members and not 257, of all objects together; members of lists are none (authz A5)', () => {
    const of = (count: number): string => `{${Array.from({ length: count }, (_, index) => `"${index}":{}`).join(',')}}`;
    expect(read(of(256))).toBeDefined();
    expect(read(of(257))).toBeUndefined();
    expect(read(`{"a":${of(256)}}`)).toBeUndefined();
    expect(read(`{"a":[${'1,'.repeat(1_000)}"b"]}`)).toBeDefined();
  });

  it('refuses a million open brackets or members without going deep (authz A5, T8)', () => {
    for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(200_000), `{${'"a":1,'.repeat(200_000)}`]) expect(read(text)).toBeUndefined();
  });

  it('gives objects without prototype, whose members are their own, whatever their names (authz M7, T17)', () => {
    const found = parseStrictJson(
      Buffer.from('{"__proto__":{"isAdmin":true},"constructor":1,"list":[{"__proto__":{"x":1}}],"deep":{"toString":2}}'),
      LIMITS,
    );
    const objects: unknown[] = [found];
    for (let at = 0; at < objects.length; at += 1) {
      const value = objects[at];
      if (typeof value !== 'object' || value === null) continue;
      if (!Array.isArray(value)) expect(Object.getPrototypeOf(value)).toBeNull();
      objects.push(...Reflect.ownKeys(value).map((name) => Reflect.get(value, name)));
    }
    expect(found?.['isAdmin']).toBeUndefined();
    expect(Object.keys(found ?? {})).toEqual(['__proto__', 'constructor', 'list', 'deep']);
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
  });

  it('reads numbers as JSON.parse does; those that are too large are infinite, which no rule takes for a moment (authz A11)', () => {
    expect(read('{"a":1e400,"b":-1e400,"c":9007199254740993,"d":-0,"e":1E2,"f":1e-400}')).toEqual({
      a: Number.POSITIVE_INFINITY,
      b: Number.NEGATIVE_INFINITY,
      c: 9007199254740992,
      d: -0,
      e: 100,
      f: 0,
    });
  });
});

/** An own reader of the texts made above, by another way: each object's names are collected by a regular expression over one level at a time. */
function hasDuplicate(text: string): boolean {
  // Texts within are values of no interest: `"…"` that no colon follows becomes 0.
  let rest = text.replace(/"(?:[^"\\]|\\.)*"(\s*:)?/g, (literal, colon) => (colon === undefined ? '0' : literal));
  for (;;) {
    const [innermost] = /\{[^{}]*\}/.exec(rest) ?? [];
    if (innermost === undefined) return false;
    const names = [...innermost.matchAll(/("(?:[^"\\]|\\.)*")\s*:/g)].map(([, literal = '""']) => String(JSON.parse(literal)));
    if (new Set(names).size < names.length) return true;
    rest = rest.replace(innermost, '0');
  }
}
