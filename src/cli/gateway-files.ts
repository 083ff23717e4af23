// Which root files `-c` means: files as named, and of a directory every YAML file that defines a gateway (C14).
import { statSync } from 'node:fs';
import path from 'node:path';
import { listGatewayDirectory } from '../app/gateway-directories.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Absolute paths, each once, in the order given; those of a directory sorted. Without any, CHANCERY_CONFIG says them, separated as in
 * PATH. Throws ERR_USAGE where nothing is named, a name leads nowhere, or a directory defines no gateway.
 */
export function gatewayFiles(named: readonly string[] | undefined, terminal: Pick<Terminal, 'env' | 'cwd'>): readonly string[] {
  const names = namesOf(named, terminal);
  if (names.length === 0) {
    throw new ChanceryError('ERR_USAGE', 'no configuration was named', {
      remedy: 'add -c FILE (or a directory of gateway files), or set CHANCERY_CONFIG',
    });
  }
  return [...new Set(names.flatMap((name) => rootFiles(path.resolve(terminal.cwd, name), name)))];
}

/** Absolute paths of those that are directories, where gateways may be added later. */
export function gatewayDirectories(named: readonly string[] | undefined, terminal: Pick<Terminal, 'env' | 'cwd'>): readonly string[] {
  const paths = namesOf(named, terminal).map((name) => path.resolve(terminal.cwd, name));
  return [...new Set(paths)].filter((each) => statSync(each, { throwIfNoEntry: false })?.isDirectory() === true);
}

function namesOf(named: readonly string[] | undefined, { env }: Pick<Terminal, 'env'>): readonly string[] {
  return named ?? (env.CHANCERY_CONFIG ?? '').split(path.delimiter).filter((name) => name !== '');
}

function rootFiles(absolute: string, name: string): readonly string[] {
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats === undefined) throw new ChanceryError('ERR_USAGE', `there is no file or directory ${name}`, { remedy: 'correct -c' });
  if (!stats.isDirectory()) return [absolute];
  const { roots } = listGatewayDirectory(absolute);
  if (roots.length === 0) {
    throw new ChanceryError('ERR_USAGE', `no YAML file in ${name} defines a gateway`, { remedy: 'a root file has a key `gateway:`' });
  }
  return roots;
}
