// The Dockerfile's steps, carried out on plain folders: what it copies exists, its build works with that alone, and the program runs
// with the packages of production and as its health check expects.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../../support/child.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { freePort } from '../../support/free-port.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';
import { copy, parseCopy, parseDockerfile, type Stage } from './dockerfile.ts';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

const read = (file: string) => readFileSync(path.join(REPOSITORY, file), 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
const byName = (name: string): Stage => stages.find((stage) => stage.name === name) ?? { image: '', name, instructions: [] };
const final = stages.at(-1) ?? byName('none');
const textOf = (stage: Stage, name: string) =>
  stage.instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
const copiesOf = (stage: Stage) => textOf(stage, 'COPY').map(parseCopy);
const ignored = read('.dockerignore').split('\n');

let build: Workspace;
let image: Workspace;

beforeAll(async () => {
  build = await createWorkspace();
  image = await createWorkspace();
});

afterAll(async () => {
  await build.remove();
  await image.remove();
});

describe('the Dockerfile', () => {
  it('has three stages on one Node image, as new as the project asks for', () => {
    expect(stages).toHaveLength(3);
    const images = new Set(stages.map((stage) => stage.image));
    expect(images.size).toBe(1);
    const version =
      /^node:(\d+)\.(\d+)\.\d+-/
        .exec([...images].join())
        ?.slice(1)
        .map(Number) ?? [];
    const [major = 0, minor = 0] = read('.nvmrc').split('.').map(Number);
    expect(version[0]).toBe(major);
    expect(version[1]).toBeGreaterThanOrEqual(minor);
  });

  it('copies only what exists and is not ignored', () => {
    const sources = stages.flatMap((stage) =>
      copiesOf(stage)
        .filter(({ from }) => from === undefined)
        .flatMap((one) => one.sources),
    );
    expect(sources.filter((source) => !existsSync(path.join(REPOSITORY, source)))).toEqual([]);
    expect(sources.filter((source) => !ignored.includes(`!${source}`))).toEqual([]);
    expect(ignored.filter((line) => line.startsWith('!') && !sources.includes(line.slice(1)))).toEqual([]);
  });

  it('installs by the lockfile, and without development packages in the image', () => {
    const installs = stages.map((stage) => textOf(stage, 'RUN').filter((command) => command.startsWith('npm ')));
    expect(installs).toEqual([['npm ci --no-audit --no-fund'], ['npm ci --omit=dev --no-audit --no-fund'], []]);
    const modules = copiesOf(final).filter(({ sources }) => sources.some((source) => source.endsWith('node_modules')));
    expect(modules.map(({ from }) => from)).toEqual(['packages']);
  });

  it('runs as a plain user, with a larger young generation (P28)', () => {
    expect(textOf(final, 'USER')).toEqual(['node']);
    expect(textOf(final, 'ENTRYPOINT')).toEqual(['["node", "--max-semi-space-size=64", "dist/main.js"]']);
  });

  it('exposes the ports that it sets', () => {
    const ports = [
      ...textOf(final, 'ENV')
        .join(' ')
        .matchAll(/_PORT=(\d+)/g),
    ].map(([, port = '']) => port);
    expect(textOf(final, 'EXPOSE').join(' ').split(' ').sort()).toEqual(ports.sort());
  });
});

describe('the package', () => {
  it('holds what the program needs where it runs, and neither sources nor tests', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: REPOSITORY, encoding: 'utf8' });
    const [{ files = [] } = {}] = JSON.parse(stdout) as readonly { readonly files?: readonly { readonly path: string }[] }[];
    const packed = files.map((file) => file.path);
    const needed = copiesOf(final).flatMap(({ from, sources }) =>
      from === 'packages' ? [] : sources.map((source) => source.replace('/app/', '')),
    );
    expect(needed.filter((name) => !packed.some((file) => file === name || file.startsWith(`${name}/`)))).toEqual([]);
    expect(packed).toContain('dist/main.js');
    expect(packed.filter((file) => /^(src|test|scripts|docs)\/|\/\.|\.ts$/.test(file))).toEqual([]);
  });
});

describe('the steps of the image', () => {
  it('generate and compile with the copied files alone', { timeout: 180_000 }, () => {
    const stage = byName('build');
    // In place of `npm ci`, and of the download of the wheel.
    symlinkSync(path.join(REPOSITORY, 'node_modules'), build.path('node_modules'));
    for (const kept of ['.venv', '.cache/wheels']) {
      mkdirSync(path.dirname(build.path(kept)), { recursive: true });
      if (existsSync(path.join(REPOSITORY, kept))) symlinkSync(path.join(REPOSITORY, kept), build.path(kept));
    }
    for (const { name, text } of stage.instructions) {
      if (name === 'COPY') copy(parseCopy(text), (source) => path.join(REPOSITORY, source), build.root);
      if (name !== 'RUN' || !text.startsWith('node ')) continue;
      const { status, stderr } = spawnSync('/bin/sh', ['-c', text], { cwd: build.root, encoding: 'utf8' });
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    }
    expect(existsSync(build.path('dist/main.js'))).toBe(true);
  });

  it('give a program that serves with the packages of production, and a health check that tells', { timeout: 120_000 }, async () => {
    copyProductionPackages();
    for (const one of copiesOf(final)) {
      if (one.from === 'packages') continue;
      const from = (source: string) => (one.from === 'build' ? build.path(source.replace('/app/', '')) : path.join(REPOSITORY, source));
      copy(one, from, image.root);
    }
    const [, ...nodeArgs] = JSON.parse(textOf(final, 'ENTRYPOINT').join()) as readonly string[];
    const adminPort = await freePort();
    const env = { CHANCERY_ADMIN_PORT: String(adminPort), CHANCERY_XDS_PORT: '0', CHANCERY_STATE: image.path('state') };
    const gateway = path.join(REPOSITORY, 'envoy/quickstart/gateway.yaml');
    const program = startChild(process.execPath, [...nodeArgs, 'serve', '-c', gateway], {
      cwd: image.root,
      env: { ...env, CHANCERY_CONFIG: undefined },
    });
    try {
      await program.waitFor(/ready/);
      expect(healthCheck(env)).toBe(0);
    } finally {
      await program.stop();
    }
    expect(healthCheck(env)).toBe(1);
  });
});

/** What `npm ci --omit=dev` leaves, from the packages that are installed here. */
function copyProductionPackages(): void {
  const { packages } = JSON.parse(read('package-lock.json')) as Lockfile;
  for (const [folder, { dev }] of Object.entries(packages)) {
    if (folder === '' || dev || !existsSync(path.join(REPOSITORY, folder))) continue;
    const isOwn = (file: string) => !path.relative(path.join(REPOSITORY, folder), file).split(path.sep).includes('node_modules');
    cpSync(path.join(REPOSITORY, folder), image.path(folder), { recursive: true, filter: isOwn });
  }
}

function healthCheck(env: Readonly<Record<string, string>>): number | null {
  const command = JSON.parse(/CMD (\[.*\])$/.exec(textOf(final, 'HEALTHCHECK').join())?.[1] ?? '[]') as readonly string[];
  const [, ...args] = command;
  return spawnSync(process.execPath, args, { env: { ...process.env, ...env } }).status;
}
