// The loader on a real file system: links, folders that lead in circles, and what is no file.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfigLoader } from '../../../src/config/load.ts';
import { HEAD, summary } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'chancery-config-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), text);
}

function load(file = 'gateway.yaml') {
  return createConfigLoader({ file: path.join(directory, file), env: {} }).load();
}

const route = (name: string) => `routes: [{name: ${name}, respond: {status: 200}}]\n`;

describe('the configuration on disk', () => {
  it('is read through links, each file once', async () => {
    write('..1/a.yaml', route('a'));
    symlinkSync('..1', path.join(directory, '..data'));
    symlinkSync('..data/a.yaml', path.join(directory, 'a.yaml'));
    write('elsewhere/b.yaml', route('b'));
    symlinkSync('elsewhere', path.join(directory, 'linked'));
    write('gateway.yaml', `${HEAD}include: ["*.yaml", "link*/*.yaml"]\n`);
    const { config, issues } = await load();
    expect(issues).toEqual([]);
    expect(config?.routes.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('is read where folders lead in a circle', async () => {
    write('teams/a.yaml', route('a'));
    symlinkSync('..', path.join(directory, 'teams/up'));
    write('gateway.yaml', `${HEAD}include: ["teams/**/*.yaml"]\n`);
    expect((await load()).config?.routes).toHaveLength(1);
  });

  it.each([
    ['a folder', () => mkdirSync(path.join(directory, 'x.yaml')), 'it is a directory'],
    ['a link to nothing', () => symlinkSync('nothing', path.join(directory, 'x.yaml')), 'it does not exist'],
    ['a link to itself', () => symlinkSync('x.yaml', path.join(directory, 'x.yaml')), 'its links lead in a circle'],
    ['a path through a file', () => write('x.yaml', ''), 'it does not exist'],
  ])('is told where it is %s', async (what, make, message) => {
    make();
    const { issues } = await load(what.startsWith('a path') ? 'x.yaml/gateway.yaml' : 'x.yaml');
    expect(issues.map(summary)).toEqual([`CH1001 : this file cannot be read: ${message}`]);
  });

  it('is told where it is a device without an end', async () => {
    const { issues } = await createConfigLoader({ file: '/dev/zero', env: {} }).load();
    expect(issues.map(summary)).toEqual(['CH1001 : this file cannot be read: it is not a regular file']);
  });
});
