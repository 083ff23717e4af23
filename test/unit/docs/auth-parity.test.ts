// docs/auth-parity.md names every difference between the two forms that the parity table knows (authz C9).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import * as differences from '../../../src/prover/rows/listed-differences.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../../docs/auth-parity.md'), 'utf8');

it.each(Object.entries(differences))('authz C9: the page lists the reason of %s in the column of the proxy', (_name, { reason }) => {
  expect(page).toMatch(new RegExp(`\\| \`${reason.replace('.', '\\.')}\` \\| [^|]+\\|$`, 'm'));
});
