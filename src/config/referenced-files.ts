// Reads the files that ${file:…} names, each once in a load, and answers what a reference stands for (C6).
import { dirname, resolve } from 'node:path';
import { failed, ok, type Result } from '../lib/result.ts';
import type { ConfigFileSystem } from './config-file-system.ts';
import { inParallel } from './in-parallel.ts';
import type { Reference, ReferenceLookup, ReferenceProblem } from './references.ts';
import type { SourceFile } from './source.ts';
import { readTextFile, type UnreadableFile } from './text-file.ts';

/** Certificate bundles have some 200 KiB. */
export const MAX_REFERENCED_BYTES = 1_048_576;

/** Absolute path to text. */
export type ReferencedFiles = ReadonlyMap<string, Result<string, UnreadableFile>>;

export async function readReferencedFiles(fs: ConfigFileSystem, files: readonly SourceFile[]): Promise<ReferencedFiles> {
  const paths = [...new Set(files.flatMap(referencedBy))].toSorted();
  const texts = await inParallel(paths, (path) => readTextFile(fs, path, MAX_REFERENCED_BYTES));
  return new Map(paths.flatMap((path, index) => (texts[index] === undefined ? [] : [[path, texts[index]]])));
}

export interface LookupContext {
  /** The file that holds the references. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: ReferencedFiles;
}

/** An empty variable counts as unset where there is a default, as in a shell. One line break at the end of a file is not part of its text. */
export function createLookup({ file, env, files }: LookupContext): ReferenceLookup {
  return (reference) => (reference.kind === 'env' ? lookUpVariable(env, reference) : lookUpFile(file, files, reference.path));
}

function lookUpVariable(
  env: LookupContext['env'],
  { name, fallback }: Extract<Reference, { kind: 'env' }>,
): Result<string, ReferenceProblem> {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined && (value !== '' || fallback === undefined)) return ok(value);
  if (fallback !== undefined) return ok(fallback);
  return failed({
    code: 'CH1020',
    message: `the environment variable ${name} is not set`,
    help: `set it, or write a default: \${env:${name}:-…}`,
  });
}

function lookUpFile(from: string, files: ReferencedFiles, path: string): Result<string, ReferenceProblem> {
  const text = files.get(resolve(dirname(from), path));
  if (text?.ok === true) return ok(text.value.replace(/\r?\n$/, ''));
  const why = text?.problem.message ?? 'it was not read';
  const help = text?.problem.reason === 'missing' ? 'a path is relative to the file that names it' : undefined;
  return failed({ code: 'CH1021', message: `the file "${path}" cannot be read: ${why}`, ...(help === undefined ? {} : { help }) });
}

/** Names of the environment variables that a file reads. */
export function variablesIn(file: SourceFile): readonly string[] {
  return referencesIn(file).flatMap((reference) => (reference.kind === 'env' ? [reference.name] : []));
}

function referencedBy(file: SourceFile): readonly string[] {
  return referencesIn(file).flatMap((reference) => (reference.kind === 'file' ? [resolve(dirname(file.path), reference.path)] : []));
}

function referencesIn({ parsed }: SourceFile): readonly Reference[] {
  const texts = parsed.referencing.flatMap((fragment) => fragment.references);
  return texts.flatMap(({ parts }) => (parts.ok ? parts.value.filter((part) => typeof part !== 'string') : []));
}
