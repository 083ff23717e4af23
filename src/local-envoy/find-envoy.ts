// Finds an Envoy binary on this machine: CHANCERY_ENVOY, then PATH, then the one that set-up brought. Downloads nothing.
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { ChanceryError } from '../lib/errors.ts';

export interface FindEnvoyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that holds the package's .venv. */
  readonly packageRoot: string;
  /** Goes before all others: the value of a flag, and what the flag is called. */
  readonly flag?: { readonly name: string; readonly value: string };
}

/** Absolute path of the Envoy to run. Throws ERR_ENVOY_NOT_FOUND with the remedy. */
export function findEnvoy({ env, packageRoot, flag }: FindEnvoyOptions): string {
  if (flag !== undefined) {
    if (isExecutableFile(flag.value)) return path.resolve(flag.value);
    throw new ChanceryError('ERR_ENVOY_NOT_FOUND', `${flag.name} names ${flag.value}, which is not an executable file`);
  }
  const named = env.CHANCERY_ENVOY;
  if (named !== undefined && named !== '') {
    if (isExecutableFile(named)) return path.resolve(named);
    throw new ChanceryError('ERR_ENVOY_NOT_FOUND', `CHANCERY_ENVOY names ${named}, which is not an executable file`, {
      remedy: 'correct the variable, or unset it to use the Envoy on PATH or the one that `npm run setup` brings',
    });
  }
  const onPath = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = [...onPath.map((folder) => path.resolve(folder, 'envoy')), path.join(packageRoot, '.venv/bin/envoy')];
  const found = candidates.find(isExecutableFile);
  if (found === undefined) {
    throw new ChanceryError('ERR_ENVOY_NOT_FOUND', 'no Envoy was found: not on PATH, and set-up has not brought one', {
      remedy: 'run `npm run setup`, or name a binary with CHANCERY_ENVOY=/path/to/envoy',
    });
  }
  return found;
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
