import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEnvoy } from '../../../src/local-envoy/find-envoy.ts';

describe('finding a local Envoy', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'chancery-find-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function executable(...parts: string[]): Promise<string> {
    const file = path.join(root, ...parts);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '#!/bin/sh\n');
    await chmod(file, 0o755);
    return file;
  }

  it('takes CHANCERY_ENVOY before all others', async () => {
    const named = await executable('named', 'my-envoy');
    await executable('path', 'envoy');
    expect(findEnvoy({ env: { CHANCERY_ENVOY: named, PATH: path.join(root, 'path') }, packageRoot: root })).toBe(named);
  });

  it('takes the one on PATH before the one that set-up brought', async () => {
    const onPath = await executable('path', 'envoy');
    await executable('.venv', 'bin', 'envoy');
    const env = { PATH: ['', path.join(root, 'nowhere'), path.join(root, 'path')].join(path.delimiter) };
    expect(findEnvoy({ env, packageRoot: root })).toBe(onPath);
  });

  it('takes the one that set-up brought when there is no other', async () => {
    const brought = await executable('.venv', 'bin', 'envoy');
    expect(findEnvoy({ env: { PATH: path.join(root, 'nowhere') }, packageRoot: root })).toBe(brought);
  });

  it('passes by folders and files that cannot be executed', async () => {
    await mkdir(path.join(root, 'path', 'envoy'), { recursive: true });
    const brought = await executable('.venv', 'bin', 'envoy');
    expect(findEnvoy({ env: { PATH: path.join(root, 'path') }, packageRoot: root })).toBe(brought);
  });

  it('does not fall back when CHANCERY_ENVOY is wrong, but says so', async () => {
    await executable('.venv', 'bin', 'envoy');
    expect(() => findEnvoy({ env: { CHANCERY_ENVOY: '/no/such/envoy' }, packageRoot: root })).toThrow(
      /CHANCERY_ENVOY names \/no\/such\/envoy/,
    );
  });

  it('says how to get one when there is none', () => {
    expect(() => findEnvoy({ env: {}, packageRoot: root })).toThrow(
      expect.objectContaining({ code: 'ERR_ENVOY_NOT_FOUND', remedy: expect.stringContaining('npm run setup') }),
    );
  });
});
