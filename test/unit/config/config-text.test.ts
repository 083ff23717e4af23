import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allBlocks, createTextParser, type ParsedText } from '../../../src/config/config-text.ts';
import { parseBlock } from '../../../src/config/parsed-block.ts';
import { rangeAt } from '../../../src/config/source.ts';
import { parseYaml } from '../../../src/config/yaml-document.ts';
import type { PlainValue } from '../../../src/config/yaml-value.ts';
import type { ConfigPath } from '../../../src/lib/issue.ts';
import { histories } from './yaml-texts.ts';

/** Everything that is known of a text, so that two ways of reading it can be compared. */
interface Known {
  readonly section: string;
  readonly name: string | undefined;
  readonly value: PlainValue;
  readonly places: readonly (readonly [string, number, number])[];
}

function knownOf(parsed: ParsedText): readonly Known[] {
  return allBlocks(parsed).flatMap(({ block, start }) => {
    const { root } = parseYaml(block.text);
    return block.fragments.map(({ section, name, value, nodePath }) => {
      const places = pathsIn(value).flatMap((path): [string, number, number][] =>
        (['key', 'value'] as const).map((at) => {
          const range = rangeAt(root, [...nodePath, ...path], at);
          return [`${path.join('.')} ${at}`, start + range.start, start + range.end];
        }),
      );
      // The value of a whole section has its key only where the block holds it; entries are compared without their own key.
      return { section, name, value, places: places.filter(([label]) => !label.startsWith(' ')) };
    });
  });
}

function pathsIn(value: PlainValue, path: ConfigPath = []): readonly ConfigPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, Array.isArray(value) ? Number(key) : key]))];
}

function whole(text: string): ParsedText {
  const block = parseBlock(text, { of: 'sections' });
  return { text, sections: [], whole: { block, start: 0 }, problems: block.problems, referencing: [] };
}

function errorsOf({ problems }: ParsedText): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

function problemsOf({ problems }: ParsedText): readonly string[] {
  return problems.map(({ message, start, end }) => `${start} ${end} ${message}`).sort();
}

function repeatedNames({ sections }: ParsedText): number {
  const names = sections
    .filter(({ key, hasEntries }) => hasEntries && key !== 'routes')
    .flatMap(({ blocks }) => blocks.flatMap(({ block }) => block.fragments.map(({ section, name }) => `${section} ${name}`)));
  return names.length - new Set(names).size;
}

const ROUTES = Array.from({ length: 50 }, (_, index) => `  - name: r${index}\n    backends: [s]\n`);
const LARGE = `version: v1\ngateway: edge\nservices:\n  s:\n    endpoints: [s:80]\nroutes:\n${ROUTES.join('')}accessLog: {json: stdout}\n`;

describe('createTextParser', () => {
  it('reads a text in pieces as it reads it whole: values, places, and whether it is wrong (P2)', () => {
    fc.assert(
      fc.property(histories, (texts) => {
        for (const text of texts) {
          const pieces = createTextParser().parse(text);
          const all = whole(text);
          // Names that are there twice are told apart where the files meet; a whole reading finds them in one map.
          expect(errorsOf(pieces) + repeatedNames(pieces) > 0).toBe(errorsOf(all) > 0);
          if (errorsOf(all) > 0) continue;
          expect(bySection(knownOf(pieces))).toEqual(bySection(knownOf(all)));
          expect(problemsOf(pieces)).toEqual(problemsOf(all));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('reads an edited text as it reads the same text anew (P2)', () => {
    fc.assert(
      fc.property(histories, (texts) => {
        const parser = createTextParser();
        for (const text of texts) {
          const incremental = parser.parse(text);
          const fresh = createTextParser().parse(text);
          expect(placed(incremental)).toEqual(placed(fresh));
          expect(incremental.problems).toEqual(fresh.problems);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the entries before and after an edit, moved or not', () => {
    const parser = createTextParser();
    const before = parser.parse(LARGE);
    const text = LARGE.replace('  - name: r20\n', '  # new\n  - name: other\n    backends: [t]\n  - name: r20\n    timeout: 3s\n');
    const after = parser.parse(text);
    const [old, now] = [fragmentsOf(before), fragmentsOf(after)];
    expect(now.filter((fragment) => !old.includes(fragment)).map(({ name }) => name)).toEqual(['r19', 'other', 'r20']);
    expect(placed(after)).toEqual(placed(createTextParser().parse(text)));
  });

  it('keeps all entries when only a comment is put before everything', () => {
    const parser = createTextParser();
    const before = fragmentsOf(parser.parse(LARGE));
    expect(fragmentsOf(parser.parse(`# comment\n\n${LARGE}`))).toEqual(before);
    expect(fragmentsOf(parser.parse(`# comment\n\n${LARGE}`)).every((fragment, index) => fragment === before[index])).toBe(true);
  });

  it('keeps entries that change places', () => {
    const parser = createTextParser();
    const before = fragmentsOf(parser.parse(LARGE));
    const text = LARGE.replace(ROUTES.join(''), ROUTES.toReversed().join(''));
    expect(fragmentsOf(parser.parse(text)).filter((fragment) => !before.includes(fragment))).toEqual([]);
  });

  it('keeps the other entries while one cannot be read, and after it is mended', () => {
    const parser = createTextParser();
    const before = fragmentsOf(parser.parse(LARGE));
    const broken = parser.parse(LARGE.replace('- name: r7\n', '- name: "r7\n'));
    expect(broken.problems).toHaveLength(1);
    expect(fragmentsOf(broken)).toHaveLength(before.length - 1);
    const mended = fragmentsOf(parser.parse(LARGE));
    expect(mended.filter((fragment) => !before.includes(fragment)).map(({ name }) => name)).toEqual(['r7']);
  });

  it('gives the same object for the same text', () => {
    const parser = createTextParser();
    expect(parser.parse(LARGE)).toBe(parser.parse(`${LARGE}`));
  });

  it.each([
    ['anchors', 'services:\n  a: &a {endpoints: [x:1]}\n  b: *a\n'],
    ['a section in quotes', '"services":\n  a: {endpoints: [x:1]}\n'],
    ['a map in braces', '{services: {a: {endpoints: [x:1]}}}'],
    ['a directive', '%YAML 1.2\n---\nservices: {}\n'],
  ])('reads a file with %s whole', (_what, text) => {
    const parsed = createTextParser().parse(text);
    expect(parsed.whole).toBeDefined();
    expect(parsed.problems).toEqual([]);
  });

  it.each([
    ['entries at the left edge', 'routes:\n- name: a\n- name: b\n', 2],
    ['a start marker', '---\nroutes:\n  - name: a\n', 1],
    ['a bracket that closes at the column of its key', 'services:\n  a: {endpoints: [\n    x:1\n  ]}\n  b: {}\n', 2],
    ['line ends of Windows', 'services:\r\n  a:\r\n    endpoints: [x:1]\r\n  b: {}\r\n', 2],
    ['no line break at the end', 'services:\n  a: {}\n  b: {}', 2],
  ])('reads a file with %s in pieces', (_what, text, count) => {
    const parsed = createTextParser().parse(text);
    expect(parsed.sections.flatMap(({ hasEntries, blocks }) => (hasEntries ? blocks : []))).toHaveLength(count);
  });
});

function fragmentsOf(parsed: ParsedText) {
  return allBlocks(parsed).flatMap(({ block }) => block.fragments);
}

function placed(parsed: ParsedText) {
  const sections = parsed.sections.map(({ key, start, end, hasEntries }) => ({ key, start, end, hasEntries }));
  return { isWhole: parsed.whole !== undefined, sections, blocks: allBlocks(parsed).map(({ block, start }) => [start, block.text]) };
}

/** By section, and in a map by name: JavaScript puts keys that look like numbers first. */
function bySection(known: readonly Known[]): readonly Known[] {
  const rank = ({ section, name }: Known) => `${section}\0${section === 'routes' ? '' : (name ?? '')}`;
  return known.toSorted((left, right) => (rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : 0));
}
