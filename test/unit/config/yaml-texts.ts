// Texts of configuration files, ordinary and odd, for property tests: what people and tools write, and what is left after a slip of the hand.
import fc from 'fast-check';

const values = fc.constantFrom(
  'a',
  '"quoted: text"',
  "'it''s'",
  '5',
  '[a, b]',
  '{a: b, "c d": [1, 2]}',
  '[\n      a,\n      {b: c}\n    ]',
  '{\n      a: b\n  }',
  '|\n      line one\n      key: value\n\n      # no comment\n    ',
  '>-\n      folded\n      text',
  '|+\n      kept\n\n',
  '"two\n      lines"',
  'plain over\n      two lines',
  '',
  '~',
  '- x',
  '\n      - x\n      - y: z',
  '\n    - same column\n    - again',
  '\n      deep:\n        deeper: {x: y} # comment',
  '&anchor x',
  '*anchor',
  '!tag x',
  '2026-01-01',
  'on',
  '日本語 🎉',
  '"\\u00e9\\n"',
  '${env:NAME}',
  '{a: ${b}}',
  'x: y',
  '"open',
  '[open',
  '\t',
);
const keys = fc.constantFrom('a', 'b', 'orders-v1', 'path', '"quoted"', 'x.y', '5', '<<', '__proto__', 'true', '? k', 'with space', 'key');
const comment = fc.constantFrom('', '', '', '# comment\n', '    # indented comment\n', '\n', '  \n', '\n# section: not one\n');
const indent = fc.constantFrom('  ', '  ', '  ', '    ', ' ');

const mapEntry = fc.tuple(keys, fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 4 }), comment).map(
  ([name, pairs, after]) =>
    (space: string) =>
      `${space}${name}:\n${pairs.map(([key, value]) => `${space}  ${key}: ${value}\n`).join('')}${after}`,
);
const shortEntry = fc.tuple(keys, values, comment).map(
  ([name, value, after]) =>
    (space: string) =>
      `${space}${name}: ${value}\n${after}`,
);
const listEntry = fc.tuple(fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 4 }), comment).map(
  ([pairs, after]) =>
    (space: string) =>
      `${space}- ${pairs.map(([key, value]) => `${key}: ${value}\n`).join(`${space}  `)}${after}`,
);

const mapSection = fc
  .tuple(
    fc.constantFrom('services', 'listeners', 'certificates'),
    fc.array(fc.oneof(mapEntry, shortEntry), { maxLength: 5 }),
    indent,
    comment,
  )
  .map(
    ([name, entries, space, after]) =>
      `${name}:${after === '' ? '' : ' '}${after.startsWith('#') ? after : `\n${after}`}${entries.map((entry) => entry(space)).join('')}`,
  );
const listSection = fc
  .tuple(fc.array(listEntry, { maxLength: 5 }), fc.oneof(indent, fc.constant('')), comment)
  .map(([entries, space, after]) => `routes:\n${after}${entries.map((entry) => entry(space)).join('')}`);
const single = fc
  .tuple(fc.constantFrom('version', 'gateway', 'defaults', 'unknown', 'routes', '"services"'), values)
  .map(([key, value]) => `${key}: ${value}\n`);

/** Whole files. */
export const fileTexts = fc
  .tuple(
    fc.constantFrom('', '', '---\n', '# yaml\n', '%YAML 1.2\n---\n'),
    fc.array(fc.oneof(mapSection, listSection, single), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([head, sections, isCrlf]) => {
    const text = `${head}${sections.join('')}`;
    return isCrlf ? text.replaceAll('\n', '\r\n') : text;
  });

export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** What is done to a text: characters or lines removed and put in, anywhere. */
export const edits = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(60)),
  insert: fc.oneof(
    fc.constant(''),
    fc.constantFrom(
      '\n',
      ' ',
      '  ',
      '- ',
      ':',
      '#',
      '"',
      '[',
      '}',
      '\t',
      '\r',
      'x: y\n',
      '  x: y\n',
      '  - name: x\n',
      '- a: b\n',
      'services:\n',
      '\n\n# c\n',
      '&a ',
      '---\n',
    ),
    values,
  ),
});

export function edited(text: string, { at, remove, insert }: Edit): string {
  const start = Math.floor(at * text.length);
  return `${text.slice(0, start)}${insert}${text.slice(start + remove)}`;
}

/** Texts that come one after the other from editing one. */
export const histories = fc.tuple(fileTexts, fc.array(edits, { maxLength: 6 })).map(([text, steps]) => {
  const texts = [text];
  for (const step of steps) texts.push(edited(texts.at(-1) ?? '', step));
  return texts;
});
