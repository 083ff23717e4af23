// `chancery import ratelimit`: the files of the reference rate-limit service as limits of ours (ratelimit R320-R326).
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { shownPath } from '../lib/shown-path.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

interface ImportFlags {
  readonly map?: readonly string[];
  readonly gateway?: string;
  readonly mergeDomains?: boolean;
  readonly output?: string;
}

export function addImportCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('import')
    .description('turn configuration of other programs into ours')
    .command('ratelimit <directory>')
    .description('limits of the reference rate-limit service (envoyproxy/ratelimit): a piece of a gateway file that answers the same')
    .option(
      '--map <key=part>',
      'what a key of descriptors is: client.ip, header.NAME, jwt.CLAIM, …, or constant; may be given several times',
      (text: string, all: readonly string[] | undefined) => [...(all ?? []), text],
    )
    .option('--gateway <name>', 'write a whole gateway file of this name')
    .option('--merge-domains', 'files may name one domain several times')
    .option('-o, --output <file>', 'write it there. Default: standard output')
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: ImportFlags) => finish(await importRatelimit(directory, flags, terminal)));
}

const HELP = `
Include the file in a gateway file (include: [limits.yaml]) or paste it, and name its limits in routes as its first lines say. What cannot be kept
is told with file, line and remedy; where it is not known what a key is in requests nothing is written, and the exit code is 1.`;

async function importRatelimit(directory: string, flags: ImportFlags, terminal: Terminal): Promise<number> {
  const { cwd, colorErr } = terminal;
  const [{ loadReferenceLimits }, { nodeFileSystem }, { formatIssues }, { importReference }] = await Promise.all([
    import('../config/load-reference-limits.ts'),
    import('../config/config-file-system.ts'),
    import('../config/diagnostics.ts'),
    import('../importer/reference-import.ts'),
  ]);
  const map = await mapOf(flags.map ?? []);
  const from = path.resolve(cwd, directory);
  const loaded = await loadReferenceLimits({ directory: from, mergeDomains: flags.mergeDomains === true, fs: nodeFileSystem, cwd });
  const imported =
    loaded.limits &&
    importReference({
      domains: loaded.limits.domains,
      directory: shownPath(from, cwd),
      gateway: flags.gateway === undefined ? undefined : gatewayName(flags.gateway),
      map,
      place: (descriptor, ...steps) => loaded.places.get(descriptor)?.(...steps) ?? { file: from, line: 1, column: 1, length: 1 },
    });
  const issues = [...loaded.issues, ...(imported?.issues ?? [])];
  if (issues.length > 0) terminal.err(formatIssues(issues, loaded.positions, { color: colorErr, cwd }));
  if (imported !== undefined) checkUse([...map.keys()], imported.keys);
  if (imported?.text === undefined) return EXIT.invalid;
  if (flags.output === undefined) terminal.out(imported.text);
  else await writeFile(path.resolve(cwd, flags.output), imported.text);
  return EXIT.ok;
}

async function mapOf(texts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const [{ limitKeyPart }, { CONSTANT }] = await Promise.all([
    import('../config/schema/limit-key.ts'),
    import('../importer/key-meanings.ts'),
  ]);
  return new Map(
    texts.map((text): readonly [string, string] => {
      const [, key, part] = /^(.+?)=(.+)$/s.exec(text) ?? [];
      if (key === undefined || part === undefined) throw usage(`--map ${text} says nothing`, 'write --map user_id=header.x-user-id');
      if (part === CONSTANT) return [key, part];
      const parsed = limitKeyPart().safeParse(part);
      if (parsed.success) return [key, parsed.data.part];
      throw usage(
        `--map ${text}: "${part}" is no part of requests`,
        `write ${CONSTANT}, or client.ip, header.NAME, jwt.CLAIM, … as in key: of a limit`,
      );
    }),
  );
}

/** A key that no file has is a slip of the pen. */
function checkUse(mapped: readonly string[], keys: readonly string[]): void {
  const stray = mapped.find((key) => !keys.includes(key));
  if (stray === undefined) return;
  const meant = nearest(stray, keys);
  const help = meant === undefined ? `the keys are ${keys.join(', ')}` : `did you mean ${meant}?`;
  throw usage(`--map ${stray}=…: no descriptor has this key`, help);
}

function gatewayName(name: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/.test(name)) return name;
  throw usage(`--gateway ${name} is no name of a gateway`, 'use letters, digits, "-", "_" and "."');
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
