// One tiny gateway per mistake: invalid/<mistake>.yaml (or <mistake>/gateway.yaml) and, beside it, the whole text that its author reads.
// UPDATE_GOLDENS=1 writes the texts anew and removes those whose gateway is gone.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { enforcementProblems } from '../../src/build/enforcement-problems.ts';
import { mistakesInSoundRest } from '../../src/build/sound-rest.ts';
import { formatIssues } from '../../src/config/diagnostics.ts';
import { FILE_ISSUE_CODES } from '../../src/config/issue-codes.ts';
import { createConfigLoader } from '../../src/config/load.ts';
import { MODEL_ISSUE_CODES } from '../../src/model/issue-codes.ts';
import { createResolver } from '../../src/model/resolve.ts';
import { makeCertificates } from './invalid-certificates.ts';

const DIRECTORY = path.join(import.meta.dirname, 'invalid');
const NOW = Date.UTC(2026, 10, 22);
const isUpdate = process.env['UPDATE_GOLDENS'] === '1';

/** Of files of the reference rate-limit service: their texts stand in test/unit/config and test/unit/importer. */
const REFERENCE_FILES = ['CH1201', 'CH1202', 'CH1203', 'CH1204', 'CH1205', 'CH1206'];

/** Told only by a running server or of a missing root file, or needing a file too large or too strange to keep here; tested elsewhere. */
const WITHOUT_GOLDEN: readonly string[] = ['CH1001', 'CH1002', 'CH1003', 'CH2203', 'CH2416', 'CH2830', ...REFERENCE_FILES];

const mistakes = readdirSync(DIRECTORY, { withFileTypes: true })
  .filter((entry) => (entry.isDirectory() ? existsSync(path.join(DIRECTORY, entry.name, 'gateway.yaml')) : entry.name.endsWith('.yaml')))
  .map((entry) => entry.name.replace(/\.yaml$/, ''))
  .sort();

const texts = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.replace(/\.txt$/, ''));

/** What `validate` prints for the gateway of a mistake. */
async function diagnose(mistake: string): Promise<string> {
  const single = path.join(DIRECTORY, `${mistake}.yaml`);
  const file = existsSync(single) ? single : path.join(DIRECTORY, mistake, 'gateway.yaml');
  const { config, sound, issues, positions } = await createConfigLoader({ file, env: {} }).load();
  const context = { nowMs: NOW };
  const { issues: resolved, model } =
    config === undefined ? { issues: mistakesInSoundRest(sound, context) } : createResolver().resolve(config, context);
  const unenforced = model === undefined ? [] : enforcementProblems(model);
  return formatIssues([...issues, ...resolved, ...unenforced], positions, { color: false, cwd: DIRECTORY });
}

beforeAll(async () => {
  if (process.env['UPDATE_CERTIFICATES'] === '1') {
    await makeCertificates(path.join(DIRECTORY, 'certs'));
  }
  if (isUpdate) {
    for (const stale of texts.filter((name) => !mistakes.includes(name))) {
      rmSync(path.join(DIRECTORY, `${stale}.txt`));
    }
  }
});

describe('a mistake in the files', () => {
  it.each(mistakes)('is told with place, cause and remedy: %s', async (mistake) => {
    const golden = path.join(DIRECTORY, `${mistake}.txt`);
    const text = await diagnose(mistake);
    expect(text).not.toBe('');
    expect(text).not.toContain(process.cwd());
    if (isUpdate) {
      writeFileSync(golden, text);
    }
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });

  it('has a text for every gateway, and a gateway for every text', () => {
    const current = isUpdate ? mistakes : texts;
    expect([...current].sort()).toEqual(mistakes);
  });

  it.each([
    ['B31', ['backoff-zero', 'backoff-falls']],
    ['B33', ['duration-zero']],
    ['B44', ['header-pseudo-set', 'header-host-set']],
  ])('that another gateway let through is refused (%s)', async (_id, names) => {
    for (const name of names) expect(await diagnose(name)).toMatch(/^error\[CH\d+\]/m);
  });

  it('of each kind has a gateway here', () => {
    const all = mistakes.map((mistake) => readFileSync(path.join(DIRECTORY, `${mistake}.txt`), 'utf8')).join('');
    const told = new Set([...all.matchAll(/^(?:error|warning)\[(CH\d+)\]/gm)].map(([, code]) => code));
    const missing = Object.keys({ ...FILE_ISSUE_CODES, ...MODEL_ISSUE_CODES }).filter(
      (code) => !told.has(code) && !WITHOUT_GOLDEN.includes(code),
    );
    expect(missing).toEqual([]);
  });
});
