import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRedisServer } from '../../../scripts/lib/redis.mjs';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

describe('the redis-server of the tests', () => {
  const { PATH, CHANCERY_REDIS_SERVER } = process.env;
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace({});
    process.env.PATH = '';
    delete process.env.CHANCERY_REDIS_SERVER;
  });
  afterEach(async () => {
    process.env.PATH = PATH;
    if (CHANCERY_REDIS_SERVER !== undefined) process.env.CHANCERY_REDIS_SERVER = CHANCERY_REDIS_SERVER;
    else delete process.env.CHANCERY_REDIS_SERVER;
    await workspace.remove();
  });

  it('that is missing fails a test with what to do', () => {
    expect(() => findRedisServer(workspace.path('.'))).toThrow(/no redis-server was found; run `npm run setup`.*CHANCERY_REDIS_SERVER=/);
  });

  it('that is named and is no program is told', () => {
    process.env.CHANCERY_REDIS_SERVER = workspace.path('nothing');
    expect(() => findRedisServer(workspace.path('.'))).toThrow(/CHANCERY_REDIS_SERVER=.*nothing is not a program/);
  });

  it('that is named is taken', () => {
    process.env.CHANCERY_REDIS_SERVER = process.execPath;
    expect(findRedisServer(workspace.path('.'))).toBe(process.execPath);
  });
});
