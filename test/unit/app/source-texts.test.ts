import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sourceTexts, withoutSecrets } from '../../../src/build/source-texts.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

describe('the files of a revision in the history (D2)', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = await createWorkspace({ 'edge.yaml': 'gateway: edge\n', 'teams/a.yml': 'services: {}\n', 'key.pem': 'planted' });
  });
  afterEach(() => workspace.remove());

  it('are those of the configuration alone, by a hash of what is in them', async () => {
    const files = ['edge.yaml', 'teams/a.yml', 'teams', 'key.pem', 'gone.yaml'].map((name) => workspace.path(name));
    const texts = await sourceTexts(files);
    expect(texts?.files.map(({ text }) => text)).toEqual(['gateway: edge\n', 'services: {}\n']);
    expect((await sourceTexts(files))?.id).toBe(texts?.id);
    expect(await sourceTexts([workspace.path('key.pem')])).toBeUndefined();
  });

  it('hold no keys, passwords and tokens, but the references to them (C7, B60)', () => {
    const text = [
      'certificates:',
      '  shop:',
      '    key: |',
      '      -----BEGIN PRIVATE KEY-----',
      '      planted',
      '      -----END PRIVATE KEY-----',
      'discovery: {push: {token: planted-token}}',
      '  password: planted',
      '  "api-key": "planted"',
      '  token: "${env:TOKEN}"',
      '  clientSecret: ${file:secret.txt}',
      'routes: [{name: token-shop, backends: [shop]}]',
    ].join('\n');
    const masked = withoutSecrets(text);
    expect(masked).not.toContain('planted');
    expect(masked).toContain('token: "${env:TOKEN}"');
    expect(masked).toContain('clientSecret: ${file:secret.txt}');
    expect(masked).toContain('{name: token-shop, backends: [shop]}');
  });
});
