// The import table of docs/architecture.md and the rules of .oxlintrc.json are one thing: every pair is tried.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { lint } from './linter.ts';

interface Row {
  readonly folder: string;
  readonly values: readonly string[];
  readonly types: readonly string[];
  readonly packages: readonly string[];
}

/** What the last column of the table speaks about, by a module of each. */
const PACKAGES: Readonly<Record<string, string>> = {
  '@grpc/*': '@grpc/grpc-js',
  fastify: 'fastify',
  pino: 'pino',
  'prom-client': 'prom-client',
  commander: 'commander',
  zod: 'zod',
  yaml: 'yaml',
  ioredis: 'ioredis',
};
const IO_MODULES = ['node:fs', 'node:fs/promises', 'node:http', 'node:tls', 'node:child_process'];

const table = readTable();
/** Without a row: these join the parts and may import everything. */
const UNBOUND = ['app', 'cli'];
const folders = [...table.map((row) => row.folder), ...UNBOUND];
const probes: Record<string, string> = {};
const reported = new Set<string>();

/** A probe is one file with one import; its name tells the pair. */
function probe(folder: string, kind: 'value' | 'type', specifier: string, depth: '' | 'deep/' = ''): string {
  const name = specifier.replaceAll(/[^a-z]+/g, '-').replaceAll(/^-|-$/g, '');
  const file = `src/${folder}/${depth}to-${name}-${kind}.ts`;
  probes[file] = kind === 'type' ? `import type { X } from '${specifier}';\nexport type Y = X;\n` : `import '${specifier}';\n`;
  return file;
}

/** Relative path from a file of one folder to a file of another. */
function pathTo(from: string, to: string): string {
  return path.posix.relative(`/src/${from}`, `/src/${to}`);
}

const pairs = table.flatMap((row) =>
  folders
    .filter((target) => target !== row.folder)
    .map((target) => ({
      row,
      target,
      valueFile: probe(row.folder, 'value', pathTo(row.folder, `${target}/some.ts`)),
      deepFile: probe(row.folder, 'value', `../${pathTo(row.folder, `${target}/some.ts`)}`, 'deep/'),
      typeFile: probe(row.folder, 'type', pathTo(row.folder, `${target}/some.ts`)),
    })),
);
const exceptions = table.flatMap((row) =>
  row.values
    .filter((value) => value.endsWith('.ts'))
    .map((value) => ({ row, value, file: probe(row.folder, 'value', pathTo(row.folder, value)) })),
);
const topFiles = readdirSync(path.join(REPOSITORY, 'src')).filter((name) => name.endsWith('.ts'));
const toTop = table.flatMap((row) =>
  topFiles.map((name) => ({
    valueFile: probe(row.folder, 'value', pathTo(row.folder, name)),
    typeFile: probe(row.folder, 'type', pathTo(row.folder, name)),
  })),
);
const packages = table.flatMap((row) =>
  Object.entries(PACKAGES).map(([name, module]) => ({
    row,
    name,
    valueFile: probe(row.folder, 'value', module),
    typeFile: probe(row.folder, 'type', module),
  })),
);
const generated = table.map((row) => ({
  knowsProto: [row.folder, ...row.values, ...row.types].includes('proto'),
  valueFile: probe(row.folder, 'value', pathTo(row.folder, 'proto/generated/x/Y.ts')),
  typeFile: probe(row.folder, 'type', pathTo(row.folder, 'proto/generated/x/Y.ts')),
}));
const platform = IO_MODULES.map((module) => ({
  pure: ['compiler', 'model', 'explain', 'config/schema'].map((folder) => probe(folder, 'value', module)),
  rim: probe('config', 'value', module),
}));
const anyNodeModule = probe('compiler', 'value', 'node:path');

beforeAll(async () => {
  for (const { file, rule } of await lint(probes)) if (rule === 'no-restricted-imports') reported.add(file);
});

describe('the import table', () => {
  it('has a row for every folder of src', () => {
    const present = readdirSync(path.join(REPOSITORY, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(present.map((entry) => entry.name).filter((name) => !folders.includes(name))).toEqual([]);
  });

  it('names no package that is unknown to the rules', () => {
    expect(table.flatMap((row) => row.packages).filter((name) => !(name in PACKAGES))).toEqual([]);
  });
});

describe('the linter', () => {
  it('refuses exactly the value imports that the table does not list, from any depth', () => {
    const wrong = pairs.filter(({ row, target, valueFile, deepFile }) => {
      const isForbidden = !row.values.includes(target);
      return reported.has(valueFile) !== isForbidden || reported.has(deepFile) !== isForbidden;
    });
    expect(wrong.map(({ row, target }) => `${row.folder} -> ${target}`)).toEqual([]);
  });

  it('refuses exactly the type imports that the table does not list', () => {
    const wrong = pairs.filter(({ row, target, typeFile }) => reported.has(typeFile) === [...row.values, ...row.types].includes(target));
    expect(wrong.map(({ row, target }) => `${row.folder} -> types of ${target}`)).toEqual([]);
  });

  it('allows the single files that the table lists', () => {
    expect(exceptions.filter(({ file }) => reported.has(file))).toEqual([]);
    expect(exceptions.length).toBeGreaterThan(0);
  });

  it('lets nobody import the files at the top of src', () => {
    expect(toTop.filter(({ valueFile }) => !reported.has(valueFile)).map(({ valueFile }) => valueFile)).toEqual([]);
    expect(toTop.filter(({ typeFile }) => !reported.has(typeFile)).map(({ typeFile }) => typeFile)).toEqual([]);
    expect(topFiles.length).toBeGreaterThan(0);
  });

  it('binds each framework package to its folders, and leaves its types free', () => {
    const wrong = packages.filter(({ row, name, valueFile }) => reported.has(valueFile) === row.packages.includes(name));
    expect(wrong.map(({ row, name }) => `${row.folder} -> ${name}`)).toEqual([]);
    expect(packages.filter(({ typeFile }) => reported.has(typeFile)).map(({ typeFile }) => typeFile)).toEqual([]);
  });

  it("allows of Envoy's generated files only the types", () => {
    expect(generated.filter(({ valueFile }) => !reported.has(valueFile))).toEqual([]);
    expect(generated.filter(({ typeFile, knowsProto }) => knowsProto === reported.has(typeFile))).toEqual([]);
  });

  it('keeps I/O modules out of the pure folders, and every node: module out of the compiler', () => {
    expect(platform.flatMap(({ pure }) => pure).filter((file) => !reported.has(file))).toEqual([]);
    expect(platform.filter(({ rim }) => reported.has(rim))).toEqual([]);
    expect(reported.has(anyNodeModule)).toBe(true);
  });

  it('leaves app, cli and the files at the top free', () => {
    const config = JSON.parse(readFileSync(path.join(REPOSITORY, '.oxlintrc.json'), 'utf8')) as {
      readonly overrides: readonly { readonly files: readonly string[]; readonly rules: object }[];
    };
    const bound = config.overrides.filter(({ rules }) => 'no-restricted-imports' in rules).flatMap(({ files }) => files);
    expect(bound.filter((glob) => /app|cli|^src\/[^/]*\.ts$/.test(glob))).toEqual([]);
    expect(existsSync(path.join(REPOSITORY, 'src/cli'))).toBe(true);
  });
});

function readTable(): readonly Row[] {
  const text = readFileSync(path.join(REPOSITORY, 'docs/architecture.md'), 'utf8');
  const section = /<!-- imports: begin -->\n([\s\S]*?)<!-- imports: end -->/.exec(text)?.[1] ?? '';
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
  return section
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => {
      const [folder = [], values = [], types = [], allowed = []] = cells(line);
      return { folder: folder[0] ?? '', values, types, packages: allowed };
    });
}
