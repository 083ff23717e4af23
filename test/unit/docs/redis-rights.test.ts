// docs/security.md gives a user of Redis the rights that the tests run with, and no others (ratelimit R408).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { REDIS_RIGHTS } from '../../support/redis-rights.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../../docs/security.md'), 'utf8');

it('the page names the rights that counting needs, as the tests have them', () => {
  const [, rights = ''] = /^ACL SETUSER chancery on >PASSWORD (.+)$/m.exec(page) ?? [];
  expect(rights.split(' ')).toEqual([...REDIS_RIGHTS]);
});
