// Which root files `-c` means: files as named, and of a directory every YAML file that defines a gateway (C14).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ChanceryError } from '../lib/errors.ts';
import type { Terminal } from './terminal.ts';

/** A key at the left margin: also found in a file that does not parse, which must be told and not passed over. */
const DEFINES_GATEWAY = /^["']?gateway["']?\s*:/m;
const YAML_FILE = /\.ya?ml$/;

/**
 * Absolute paths, each once, in the order given; those of a directory sorted. Without any, CHANCERY_CONFIG says them, separated as in
 * PATH. Throws ERR_USAGE where nothing is named, a name leads nowhere, or a directory defines no gateway.
 */
export function gatewayFiles(named: readonly string[] | undefined, { env, cwd }: Pick<Terminal, 'env' | 'cwd'>): readonly string[] {
  const fromEnv = (env.CHANCERY_CONFIG ?? '').split(path.delimiter).filter((name) => name !== '');
  const names = named ?? fromEnv;
  if (names.length === 0) {
    throw new ChanceryError('ERR_USAGE', 'no configuration was named', {
      remedy: 'add -c FILE (or a directory of gateway files), or set CHANCERY_CONFIG',
    });
  }
  return [...new Set(names.flatMap((name) => rootFiles(path.resolve(cwd, name), name)))];
}

function rootFiles(absolute: string, name: string): readonly string[] {
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats === undefined) throw new ChanceryError('ERR_USAGE', `there is no file or directory ${name}`, { remedy: 'correct -c' });
  if (!stats.isDirectory()) return [absolute];
  const found = readdirSync(absolute)
    .filter((entry) => YAML_FILE.test(entry))
    .map((entry) => path.join(absolute, entry))
    .filter((file) => statSync(file).isFile() && DEFINES_GATEWAY.test(readFileSync(file, 'utf8')));
  if (found.length === 0) {
    throw new ChanceryError('ERR_USAGE', `no YAML file in ${name} defines a gateway`, { remedy: 'a root file has a key `gateway:`' });
  }
  return found.sort();
}
