// What holds for the files of the repository as a whole.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/config/settings.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';

interface Manifest {
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly resolved?: string; readonly integrity?: string; readonly link?: boolean; readonly optionalDependencies?: object }
    >
  >;
}

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');
/** What is committed or about to be: new files count, ignored ones do not. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: REPOSITORY, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(path.join(REPOSITORY, file)));
const texts = files.filter((file) => !/\.(png|binpb|ico|woff2)$/.test(file) && file !== 'package-lock.json');
const documents = files.filter((file) => file.endsWith('.md') && (!file.includes('/') || file.startsWith('docs/')));
const manifest = JSON.parse(read('package.json')) as Manifest;
const lockfile = JSON.parse(read('package-lock.json')) as Lockfile;

/** Files with a line that matches, as file:line. */
function linesWith(pattern: RegExp): readonly string[] {
  return texts.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe('the repository', () => {
  it('names no path of a particular machine', () => {
    const homes = ['home', 'root', 'Users', 'work/main', 'work/shared'].join('|');
    expect(linesWith(new RegExp(`(^|[\\s'"\`(=])/(${homes})(/|$)`))).toEqual([]);
  });

  it('names no host of a package registry', () => {
    const hosts = [
      ['registry', 'npmjs'],
      ['registry', 'yarnpkg'],
      ['pypi', 'org'],
      ['files', 'pythonhosted'],
    ].map((parts) => parts.join('\\.'));
    expect(linesWith(new RegExp(hosts.join('|')))).toEqual([]);
  });

  it('locks every package by its hash, without a download address', () => {
    const packages = Object.entries(lockfile.packages).filter(([name, { link }]) => name !== '' && !link);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([]);
    expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([name]) => name)).toEqual([]);
  });

  it('locks the packages of every platform, which `npm ci` asks for', () => {
    const wanted = Object.values(lockfile.packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
    const locked = Object.keys(lockfile.packages).map((folder) => folder.replace(/^.*node_modules\//, ''));
    expect(wanted.filter((name) => !locked.includes(name))).toEqual([]);
  });

  it('names exact versions only', () => {
    const { dependencies, devDependencies, overrides } = manifest;
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...overrides });
    expect(versions.filter(([, version]) => !/^(npm:\S+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('says one Node version: .nvmrc is the oldest that package.json allows', () => {
    expect(`>=${read('.nvmrc').trim()}`).toBe(manifest.engines.node);
  });

  it('carries its licence', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0/);
  });

  it('has no source file over 300 lines', () => {
    const long = files
      .filter((file) => /^(src|scripts)\/.*\.(ts|mjs|py)$/.test(file))
      .filter((file) => read(file).trimEnd().split('\n').length > 300);
    expect(long).toEqual([]);
  });

  it('opens every source file with a sentence that says what it is', () => {
    const sources = files.filter((file) => /^(src\/.*\.ts|scripts\/.*\.mjs)$/.test(file));
    const isComment = (file: string) => /^(#!.*\n)?(\/\/ |\/\*\* )\S/.test(read(file));
    expect(sources.filter((file) => !isComment(file))).toEqual([]);
  });
});

describe('the documents', () => {
  const links = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ file, target }))
      .filter(({ target }) => !/^(https?:|mailto:)/.test(target)),
  );

  it('link only to files and headings that exist', () => {
    const broken = links.filter(({ file, target }) => {
      const [name = '', heading] = target.split('#');
      const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
      if (!existsSync(path.join(REPOSITORY, linked))) return true;
      return heading !== undefined && linked.endsWith('.md') && !headingsOf(linked).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it('are each linked from another one', () => {
    const linked = new Set(
      links
        .filter(({ target }) => !target.startsWith('#'))
        .map(({ file, target }) => path.posix.join(path.posix.dirname(file), target.split('#')[0] ?? '')),
    );
    expect(documents.filter((file) => file !== 'README.md' && !linked.has(file))).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const named = documents.flatMap((file) => [...read(file).matchAll(/npm run ([a-z-]+)/g)].map(([, script = '']) => ({ file, script })));
    expect(named.filter(({ script }) => !(script in manifest.scripts))).toEqual([]);
  });

  it('tell every setting with its flag, variable and default', () => {
    const table = /<!-- settings: begin -->([\s\S]*?)<!-- settings: end -->/.exec(read('docs/operations.md'))?.[1] ?? '';
    const rows = table.trim().split('\n').slice(2);
    const flags = rows.map((row) =>
      row
        .split('|')
        .slice(1, 4)
        .map((cell) => cell.replaceAll('`', '').trim())
        .join(' '),
    );
    const expected = SETTINGS.map(({ flag, variable, fallback }) => `${flag} ${variable} ${fallback ?? ''}`);
    expect(flags.filter((row) => !row.startsWith('-c')).sort()).toEqual(expected.sort());
  });

  it('name only metrics that exist', () => {
    const named = documents.flatMap((file) => [...read(file).matchAll(/chancery_[a-z_]*[a-z]/g)].map(([name]) => name));
    // What a histogram is made of has its name and one of these endings.
    const isMetric = (name: string): boolean => name in METRICS || name.replace(/_(bucket|sum|count)$/, '') in METRICS;
    expect(named.filter((name) => !isMetric(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });
});

describe('each script', () => {
  const scripts = readdirSync(path.join(REPOSITORY, 'scripts')).filter((name) => name.endsWith('.mjs'));

  it.each(scripts)('%s tells its use with --help, and does nothing else', (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(REPOSITORY, 'scripts', name), '--help'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^usage: \S/);
  });
});

/** The anchors that a Markdown page has, by GitHub's rule. */
function headingsOf(file: string): readonly string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
