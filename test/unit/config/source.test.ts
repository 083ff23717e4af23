import { describe, expect, it } from 'vitest';
import type { ConfigPath } from '../../../src/lib/issue.ts';
import { HEAD, loaderOf, loadText, ROOT } from './support.ts';

const TEXT = `${HEAD}defaults: {timeout: 3s}
services:
  s:
    endpoints: ["s:80", {address: "t:80", weight: 2}]
    healthCheck:
      http: /healthz
routes:
  # first
  - name: a
    matches:
      - path: {prefix: /a}
        methods:
          - GET
    backends: [s]
  - {name: b, respond: {status: 200, body: "日本", contentType: text/html}}
`;

async function at(path: ConfigPath, kind?: 'key' | 'value', text = TEXT): Promise<string> {
  const { positions } = await loadText(text);
  const found = positions.find(path, kind);
  return `${found?.line}:${found?.column}+${found?.length}`;
}

describe('Positions.find', () => {
  it.each<[ConfigPath, 'key' | 'value' | undefined, string]>([
    [['gateway'], undefined, '2:10+4'],
    [['gateway'], 'key', '2:1+7'],
    [['defaults', 'timeout'], 'value', '3:21+2'],
    [['services'], undefined, '4:1+8'],
    [['services', 's'], undefined, '5:3+1'],
    [['services', 's', 'endpoints', 0], undefined, '6:17+6'],
    [['services', 's', 'endpoints', 1, 'weight'], undefined, '6:51+1'],
    [['services', 's', 'endpoints', 1], undefined, '6:25+28'],
    [['services', 's', 'healthCheck'], undefined, '7:5+11'],
    [['routes', 'a'], undefined, '11:5+7'],
    [['routes', 'a', 'matches', 0], undefined, '13:9+18'],
    [['routes', 'a', 'matches', 0, 'methods', 0], undefined, '15:13+3'],
    [['routes', 'b', 'respond', 'contentType'], 'key', '17:50+11'],
    [['routes', 1, 'name'], undefined, '17:12+1'],
  ])('finds %j (%s)', async (path, kind, expected) => {
    expect(await at(path, kind)).toBe(expected);
  });

  it.each<[string, ConfigPath, string]>([
    ['something below a scalar: the key of the scalar', ['services', 's', 'healthCheck', 'http', 'path', 'x'], '8:7+4'],
    ['a key that is missing in a block: the key of the block', ['services', 's', 'healthCheck', 'interval'], '7:5+11'],
    ['an entry that is missing: its section', ['services', 'nobody', 'tls'], '4:1+8'],
    ['a section that is missing: the root file', ['listeners', 'http'], '1:1+1'],
    ['nothing: the root file', [], '1:1+1'],
  ])('finds the longest known part for %s', async (_what, path, expected) => {
    expect(await at(path)).toBe(expected);
  });

  it('finds the same in a file that must be read whole', async () => {
    const anchored = TEXT.replace('gateway: edge', 'gateway: &g edge');
    for (const path of [
      ['services'],
      ['services', 's', 'endpoints', 1, 'weight'],
      ['routes', 'a', 'matches', 0],
      ['routes', 1, 'name'],
      ['services', 'x'],
    ]) {
      expect(await at(path, undefined, anchored)).toBe(await at(path));
    }
  });

  it('follows routes by name when others are put before them', async () => {
    const { files, load } = loaderOf({ 'gateway.yaml': TEXT });
    await load();
    files.set('gateway.yaml', TEXT.replace('  # first\n', '  - {name: z, respond: {status: 200}}\n\n\n'));
    const { positions } = await load();
    expect(positions.find(['routes', 'a', 'backends', 0])).toMatchObject({ line: 18, column: 16 });
    expect(positions.find(['routes', 0])).toMatchObject({ line: 10 });
  });

  it('shows an alias where it stands', async () => {
    const text = `${HEAD}services:\n  a: &a {endpoints: ["x:1"]}\n  b: *a\n`;
    expect(await at(['services', 'b', 'endpoints', 0], undefined, text)).toBe('5:3+1');
  });

  it('gives the lines of every file', async () => {
    const { positions } = await loadText('version: v1\r\ngateway: edge\r\n');
    const file = `${ROOT}/gateway.yaml`;
    expect([0, 1, 2, 3, 4].map((line) => positions.line(file, line))).toEqual([undefined, 'version: v1', 'gateway: edge', '', undefined]);
    expect(positions.line('/other', 1)).toBeUndefined();
  });
});
