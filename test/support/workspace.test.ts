import { readFile, readlink, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createWorkspace } from './workspace.ts';

test.each(['truncate', 'rename', 'backup'] as const)(
  'saving by %s leaves the new content, and a new file only where the pattern makes one',
  async (pattern) => {
    const workspace = await createWorkspace({ 'a/gateway.yaml': 'old' });
    const before = await stat(workspace.path('a/gateway.yaml'));
    await workspace.save('a/gateway.yaml', 'new content', pattern);
    expect(await readFile(workspace.path('a/gateway.yaml'), 'utf8')).toBe('new content');
    expect((await stat(workspace.path('a/gateway.yaml'))).ino === before.ino).toBe(pattern === 'truncate');
    await workspace.remove();
  },
);

test('a mounted volume swaps all its files at once through one symbolic link', async () => {
  const workspace = await createWorkspace();
  await workspace.mount('certs', { 'tls.crt': 'one', 'tls.key': 'one key' });
  const link = await readlink(workspace.path('certs/..data'));
  await workspace.mount('certs', { 'tls.crt': 'two', 'tls.key': 'two key' });
  expect(await readlink(workspace.path('certs/..data'))).not.toBe(link);
  expect(await readlink(workspace.path('certs/tls.crt'))).toBe('..data/tls.crt');
  expect(await readFile(workspace.path('certs/tls.crt'), 'utf8')).toBe('two');
  await workspace.remove();
  await expect(stat(workspace.root)).rejects.toThrow(/ENOENT/);
});
