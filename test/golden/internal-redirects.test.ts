// authz T6, H9: Envoy follows a redirect of a backend by itself only where a route says so. The filters would run again without the credential, so the language has no
// word for it; this holds that nothing of what is compiled has it either.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const GOLDEN = import.meta.dirname;
const SCHEMA = path.join(GOLDEN, '../../schema/gateway.schema.json');

test('no word of the language and no compiled resource makes Envoy follow redirects of backends (authz T6, H9)', () => {
  const files = readdirSync(GOLDEN, { recursive: true, withFileTypes: true }).filter(
    (each) => each.isFile() && each.name.endsWith('.yaml'),
  );
  const routes = files.filter(({ name }) => name === 'routes.yaml');
  expect(routes.length).toBeGreaterThan(20);
  for (const { parentPath, name } of files) expect(readFileSync(path.join(parentPath, name), 'utf8')).not.toMatch(/internal_?redirect/i);
  expect(readFileSync(SCHEMA, 'utf8')).not.toMatch(/internal_?redirect/i);
});
