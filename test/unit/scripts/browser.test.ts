import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBrowser } from '../../../scripts/lib/browser.mjs';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

describe('the Chromium of the tests', () => {
  const { PATH, CHANCERY_BROWSER } = process.env;
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace({});
    process.env.PATH = '';
    delete process.env.CHANCERY_BROWSER;
  });
  afterEach(async () => {
    process.env.PATH = PATH;
    if (CHANCERY_BROWSER !== undefined) process.env.CHANCERY_BROWSER = CHANCERY_BROWSER;
    else delete process.env.CHANCERY_BROWSER;
    await workspace.remove();
  });

  it('that is missing fails a test with what to do', () => {
    expect(() => findBrowser(workspace.path('.'))).toThrow(/no Chromium was found; run `npm run setup`.*CHANCERY_BROWSER=/);
  });

  it('that is named and is no program is told', () => {
    process.env.CHANCERY_BROWSER = workspace.path('nothing');
    expect(() => findBrowser(workspace.path('.'))).toThrow(/CHANCERY_BROWSER=.*nothing is not a program/);
  });

  it('that is named is taken', () => {
    process.env.CHANCERY_BROWSER = process.execPath;
    expect(findBrowser(workspace.path('.'))).toEqual({ program: process.execPath, env: {} });
  });
});
