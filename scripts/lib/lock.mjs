// One run at a time per checkout: `npm start` in one terminal and `npm test` in another may both need set-up.
import { mkdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, say } from './say.mjs';
import { readIfPresent } from './stamp.mjs';

const POLL_MS = 100;
const WAIT_MS = 15 * 60_000;
const TAKEOVER_MS = 10_000;

/** Takes .cache/<name>.lock, waiting for the run that holds it; the exit of this process gives it back. */
export function takeLock(root, name) {
  const file = path.join(root, '.cache', `${name}.lock`);
  mkdirSync(path.dirname(file), { recursive: true });
  const deadline = Date.now() + WAIT_MS;
  let isTold = false;
  while (!isTaken(file)) {
    const holder = Number(readIfPresent(file));
    if (Number.isInteger(holder) && holder > 0 && !isAlive(holder)) {
      removeStale(file, holder);
      continue;
    }
    if (!isTold) say(`waiting for another run (process ${holder || 'unknown'}) to finish`);
    isTold = true;
    if (Date.now() > deadline) fail(`another run holds ${file} since ${WAIT_MS / 60_000} minutes`, `end it, or remove ${file}`);
    sleep(POLL_MS);
  }
  process.once('exit', () => {
    if (readIfPresent(file) === String(process.pid)) unlinkSync(file);
  });
}

function isTaken(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A folder guards the removal: of two waiters that both saw a dead holder, the later one must not remove the other's fresh lock. */
function removeStale(file, holder) {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch {
    removeAbandoned(guard);
    sleep(POLL_MS);
    return;
  }
  if (readIfPresent(file) === String(holder)) unlinkSync(file);
  rmdirSync(guard);
}

/** A guard lives for microseconds, unless its process was killed just then. */
function removeAbandoned(guard) {
  try {
    if (Date.now() - statSync(guard).mtimeMs > TAKEOVER_MS) rmdirSync(guard);
  } catch {
    // Another waiter was quicker.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
