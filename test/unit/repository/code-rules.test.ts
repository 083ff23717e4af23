// A lint rule that never fires is worse than none: each rule of .oxlintrc.json is shown a file that breaks it, and one that does not.
import { beforeAll, describe, expect, it } from 'vitest';
import { lint } from './linter.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `export const value${index} = ${index};\n`).join('');
const body = (count: number) => Array.from({ length: count }, (_, index) => `  total += ${index};\n`).join('');
const longFunction = (count: number) => `export function sum(): number {\n  let total = 0;\n${body(count)}  return total;\n}\n`;

/** Rule, the file that it must report, and the file (where there is one) that it must leave alone. */
const CASES: readonly { readonly rule: string; readonly wrong: readonly [string, string]; readonly right?: readonly [string, string] }[] = [
  {
    rule: 'no-explicit-any',
    wrong: ['src/lib/any-value.ts', 'export const value: any = 1;\n'],
    right: ['src/lib/unknown-value.ts', 'export const value: unknown = 1;\n'],
  },
  {
    rule: 'no-non-null-assertion',
    wrong: ['src/lib/bang.ts', 'export const first = (list: readonly string[]) => list[0]!;\n'],
    right: ['src/lib/no-bang.ts', 'export const first = (list: readonly string[]) => list[0];\n'],
  },
  {
    rule: 'no-floating-promises',
    wrong: ['src/lib/floating.ts', 'export function start(run: () => Promise<void>): void {\n  run();\n}\n'],
    right: ['src/lib/awaited.ts', 'export async function start(run: () => Promise<void>): Promise<void> {\n  await run();\n}\n'],
  },
  {
    rule: 'no-misused-promises',
    wrong: ['src/lib/misused.ts', 'export const isOpen = (check: () => Promise<boolean>) => (check() ? 1 : 0);\n'],
    right: ['src/lib/used.ts', 'export const isOpen = async (check: () => Promise<boolean>) => ((await check()) ? 1 : 0);\n'],
  },
  {
    rule: 'switch-exhaustiveness-check',
    wrong: [
      'src/lib/part.ts',
      "export function part(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n",
    ],
    right: [
      'src/lib/whole.ts',
      "export function whole(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n    case 'b':\n      return 2;\n    default:\n      return kind satisfies never;\n  }\n}\n",
    ],
  },
  {
    rule: 'consistent-type-assertions',
    wrong: ['src/config/assertion.ts', 'export const text = (value: unknown) => value as string;\n'],
    right: ['src/proto/assertion.ts', "export const text = (value: unknown) => value as string;\nexport const list = ['a'] as const;\n"],
  },
  {
    rule: 'no-default-export',
    wrong: ['src/lib/by-default.ts', 'export default 1;\n'],
    right: ['src/lib/by-name.ts', 'export const one = 1;\n'],
  },
  {
    rule: 'no-console',
    wrong: ['src/xds/printing.ts', "console.log('x');\n"],
    right: ['src/cli/printing.ts', "console.log('x');\n"],
  },
  {
    rule: 'no-process-exit',
    wrong: ['src/cli/ending.ts', 'process.exit(1);\n'],
    right: ['src/main.ts', 'process.exit(1);\n'],
  },
  {
    rule: 'no-restricted-properties',
    wrong: ['src/xds/clock.ts', 'export const now = () => Date.now();\n'],
    right: ['src/app/app.ts', 'export const now = () => Date.now();\n'],
  },
  {
    rule: 'no-restricted-properties',
    wrong: ['src/model/dice.ts', 'export const roll = () => Math.random();\n'],
  },
  { rule: 'max-lines', wrong: ['src/lib/long.ts', lines(301)], right: ['src/lib/short.ts', lines(300)] },
  { rule: 'max-lines', wrong: ['src/compiler/long.ts', lines(301)], right: ['test/unit/long.ts', lines(301)] },
  {
    rule: 'max-lines-per-function',
    wrong: ['src/lib/long-function.ts', longFunction(40)],
    right: ['src/lib/short-function.ts', longFunction(30)],
  },
  {
    rule: 'max-params',
    wrong: ['src/lib/many.ts', 'export const sum = (a: number, b: number, c: number, d: number) => a + b + c + d;\n'],
    right: ['src/lib/few.ts', 'export const sum = (a: number, b: number, c: number) => a + b + c;\n'],
  },
  {
    rule: 'filename-case',
    wrong: ['src/lib/camelCase.ts', 'export const one = 1;\n'],
    right: ['src/lib/kebab-case.ts', 'export const one = 1;\n'],
  },
  {
    rule: 'eqeqeq',
    wrong: ['src/lib/loose.ts', 'export const same = (a: number, b: number) => a == b;\n'],
    right: ['src/lib/strict.ts', 'export const same = (a: number, b: number) => a === b;\n'],
  },
];
const CYCLE = {
  'src/lib/hen.ts': "import { egg } from './egg.ts';\nexport const hen = (): unknown => egg;\n",
  'src/lib/egg.ts': "import { hen } from './hen.ts';\nexport const egg = (): unknown => hen;\n",
};

const reported = new Set<string>();

beforeAll(async () => {
  const files = CASES.flatMap(({ wrong, right }) => (right ? [wrong, right] : [wrong]));
  for (const { file, rule } of await lint({ ...Object.fromEntries(files), ...CYCLE })) reported.add(`${rule} ${file}`);
});

describe('the linter', () => {
  it.each(CASES)('reports $rule in $wrong.0', ({ rule, wrong }) => {
    expect([...reported]).toContain(`${rule} ${wrong[0]}`);
  });

  it('reports a cycle of imports', () => {
    expect([...reported]).toContain('no-cycle src/lib/hen.ts');
  });

  it('leaves the right forms alone', () => {
    const right = CASES.flatMap((one) => (one.right ? [one.right[0]] : []));
    expect([...reported].filter((finding) => right.some((file) => finding.endsWith(` ${file}`)))).toEqual([]);
  });
});
