import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayFiles } from '../../../src/cli/gateway-files.ts';

describe('the files that -c means', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(path.join(tmpdir(), 'chancery-files-'));
    await mkdir(path.join(cwd, 'gateways', 'base'), { recursive: true });
    await writeFile(path.join(cwd, 'gateways', 'web.yaml'), 'version: v1\ngateway: web\n');
    await writeFile(path.join(cwd, 'gateways', 'mobile.yml'), 'gateway: mobile\n');
    await writeFile(path.join(cwd, 'gateways', 'broken.yaml'), 'gateway: broken\nroutes: [\n');
    await writeFile(path.join(cwd, 'gateways', 'services.yaml'), 'services: {}\n# gateway: none\n');
    await writeFile(path.join(cwd, 'gateways', 'notes.txt'), 'gateway: no\n');
    await writeFile(path.join(cwd, 'gateways', 'base', 'deep.yaml'), 'gateway: deep\n');
  });
  afterEach(() => rm(cwd, { recursive: true, force: true }));

  const files = (named: readonly string[] | undefined, env = {}) =>
    gatewayFiles(named, { cwd, env }).map((file) => path.relative(cwd, file));

  it('are taken as named, each once, in their order', () => {
    expect(files(['gateways/web.yaml', 'gateways/mobile.yml', './gateways/web.yaml'])).toEqual([
      'gateways/web.yaml',
      'gateways/mobile.yml',
    ]);
  });

  it('are those of a directory that define a gateway, broken ones included, sorted (C14)', () => {
    expect(files(['gateways'])).toEqual(['gateways/broken.yaml', 'gateways/mobile.yml', 'gateways/web.yaml']);
  });

  it('come from CHANCERY_CONFIG where none is named', () => {
    expect(files(undefined, { CHANCERY_CONFIG: `gateways/web.yaml${path.delimiter}gateways/mobile.yml` })).toHaveLength(2);
    expect(files(['gateways/web.yaml'], { CHANCERY_CONFIG: 'gateways/mobile.yml' })).toEqual(['gateways/web.yaml']);
  });

  it.each([
    ['nothing', undefined, /no configuration was named/],
    ['what is not there', ['none.yaml'], /no file or directory none\.yaml/],
    ['a directory without gateways', ['.'], /no YAML file in \. defines a gateway/],
  ])('are a usage error when %s is named', (_what, named, message) => {
    expect(() => files(named)).toThrow(expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(message) }));
  });
});
