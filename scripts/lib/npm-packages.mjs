// The npm part of set-up: node_modules agrees with package-lock.json, with npm run only when it does not.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fail, say, seconds } from './say.mjs';
import { readIfPresent, sha256, writeAtomically } from './stamp.mjs';

const stampOf = (root) => path.join(root, 'node_modules/.chancery-setup');

/** True when our stamp names this lockfile and platform, and every package that package.json names is there. */
export function arePackagesCurrent(root) {
  if (readIfPresent(stampOf(root)) !== wantedStamp(root)) return false;
  return hasEveryDirectPackage(root);
}

/** Runs `npm ci` unless npm's own record says that node_modules already is what the lockfile asks for. */
export function installPackages(root) {
  if (!isInstalledByHand(root)) {
    const startedAt = Date.now();
    say('installing npm packages');
    runNpm(root, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
    say(`npm packages are installed (${seconds(startedAt)})`);
  }
  writeAtomically(stampOf(root), wantedStamp(root));
}

/** Downloads the archive of one package, `name@version`, into a folder; its file. Whether it is the right one is for the caller to check. */
export function fetchPackage(root, name, folder) {
  runNpm(root, ['pack', name, '--pack-destination', folder, '--loglevel=error']);
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  return archive
    ? path.join(folder, archive)
    : fail(`npm pack brought nothing of ${name}`, 'check `npm config get registry`, then run it again');
}

function wantedStamp(root) {
  return sha256(readFileSync(path.join(root, 'package-lock.json')), process.platform, process.arch);
}

/** node_modules/.package-lock.json is what npm wrote when its last install was complete. */
function isInstalledByHand(root) {
  const installed = packagesIn(path.join(root, 'node_modules/.package-lock.json'));
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  if (!installed || !wanted || !hasEveryDirectPackage(root)) return false;
  const isSame = (name) => installed[name]?.version === wanted[name]?.version && installed[name]?.integrity === wanted[name]?.integrity;
  const isOurs = ({ os, cpu }) => (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
  return (
    Object.entries(wanted).every(([name, entry]) => name === '' || (entry.optional && !installed[name]) || isSame(name)) &&
    Object.entries(installed).every(([name, entry]) => wanted[name] && isOurs(entry))
  );
}

function hasEveryDirectPackage(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const isThere = (name) => existsSync(path.join(root, 'node_modules', name, 'package.json'));
  return Object.keys({ ...dependencies, ...devDependencies }).every(isThere);
}

function packagesIn(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function runNpm(root, args) {
  const result = spawnNpm(root, args);
  if (result.error) {
    fail(`npm could not be started (${result.error.code ?? result.error.message})`, 'install npm; it comes with Node (https://nodejs.org)');
  }
  if (result.status === 0) return;
  process.stderr.write(result.stderr ?? '');
  fail(`npm ${args[0]} failed`, remedyFor(result.stderr ?? ''));
}

/** npm's progress needs a terminal of its own, so its words are kept for the diagnosis only off one. */
function spawnNpm(root, args) {
  const stdio = process.stderr.isTTY ? ['ignore', 2, 2] : ['ignore', 'ignore', 'pipe'];
  const options = { cwd: root, encoding: 'utf8', stdio };
  const own = process.env.npm_execpath;
  if (own && path.basename(own) === 'npm-cli.js') return spawnSync(process.execPath, [own, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

function remedyFor(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|UNABLE_TO_|SELF_SIGNED/.test(output)) {
    return 'the npm registry was not reached: check the network, the proxy and `npm config get registry`, then run it again';
  }
  if (/EACCES|EPERM/.test(output)) return 'a file is not writable: check who owns the folder node_modules, or remove it, then run it again';
  if (/ENOSPC/.test(output)) return 'the disk is full: free some space, then run it again';
  if (/can only install packages when your package.json and package-lock.json/.test(output)) {
    return 'package.json was edited without its lockfile: run `npm install`';
  }
  return 'read the message above; the npm registry must be reachable; removing the folder node_modules gives a clean start';
}
