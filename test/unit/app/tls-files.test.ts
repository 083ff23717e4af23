import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTlsFiles, type TlsFiles } from '../../../src/app/tls-files.ts';
import { createAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { type QuietLogger, quietLogger } from '../../support/quiet-logger.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

let workspace: Workspace;
let first: IssuedCertificate;
let second: IssuedCertificate;
let logger: QuietLogger;
let files: TlsFiles | undefined;

beforeEach(async () => {
  const authority = await createAuthority();
  [first, second] = await Promise.all([authority.issue({ name: 'a.test' }), authority.issue({ name: 'b.test' })]);
  workspace = await createWorkspace({ 'tls.crt': first.cert, 'tls.key': first.key, 'ca.crt': authority.cert });
  logger = quietLogger();
});

afterEach(async () => {
  files?.close();
  await workspace.remove();
});

function open(): TlsFiles {
  files = createTlsFiles({ cert: workspace.path('tls.crt'), key: workspace.path('tls.key'), clientCa: workspace.path('ca.crt') }, logger);
  return files;
}

const events = (): readonly unknown[] => logger.lines.map(({ fields }) => fields.event);

describe("the xDS port's own certificate", () => {
  test('B8: changed files are taken over without a restart', async () => {
    const { security } = open();
    await writeFile(workspace.path('tls.crt'), second.cert);
    await writeFile(workspace.path('tls.key'), second.key);
    await eventually(() => security.material.cert === second.cert && security.material.key.reveal() === second.key);
    expect(events()).toContain('xds.certificate_reloaded');
  });

  test('B8: files that do not belong together keep what was good, and the log says why, without the key', async () => {
    const { security } = open();
    await writeFile(workspace.path('tls.key'), second.key);
    await eventually(() => events().includes('xds.certificate_refused'));
    expect(security.material.key.reveal()).toBe(first.key);
    expect(JSON.stringify(logger.lines)).not.toContain(second.key.split('\n')[1]);
  });

  test('files that cannot be used at the start are a usage error', async () => {
    await writeFile(workspace.path('ca.crt'), 'nothing');
    expect(open).toThrow(/ca\.crt holds no certificate/);
    expect(() => createTlsFiles({ cert: workspace.path('none'), key: workspace.path('tls.key') }, logger)).toThrow(/none/);
  });
});
