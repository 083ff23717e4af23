// Reads a gateway's files and gives one checked configuration with the place of everything in it. The only part of config/ that starts reading.
// It never throws for what the user wrote, and it decides nothing about a broken configuration: that is the caller's part.
import { resolve } from 'node:path';
import type { Issue, SourcePosition } from '../lib/issue.ts';
import { ok, type Result } from '../lib/result.ts';
import { type ConfigFileSystem, nodeFileSystem } from './config-file-system.ts';
import { createTextParser, type TextParser } from './config-text.ts';
import { contentHash, type HashedPart } from './content-hash.ts';
import type { FileInput } from './entries-check.ts';
import { fileIssues, unreadableIssue } from './file-issues.ts';
import { inParallel } from './in-parallel.ts';
import { findIncluded, unreadableInclude } from './include.ts';
import { createMerger, type Merger, type SoundConfig } from './merge.ts';
import { createLookup, type ReferencedFiles, readReferencedFiles, variablesIn } from './referenced-files.ts';
import type { GatewayConfig } from './schema/gateway.ts';
import { createPositions, NO_POSITIONS, type Positions, type SourceFile } from './source.ts';
import { createSourceText } from './source-text.ts';
import { readTextFile, type UnreadableFile } from './text-file.ts';

export interface ConfigLoaderOptions {
  /** The gateway's root file; relative to the working directory, or absolute. */
  readonly file: string;
  /** What ${env:NAME} reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fs?: ConfigFileSystem;
}

export interface LoadOutcome {
  /** All that is wrong and all warnings, file by file. */
  readonly issues: readonly Issue[];
  /** Absent where an issue is an error. Entries that did not change are the same objects as in the last good outcome (P2). */
  readonly config?: GatewayConfig;
  /** Where only entries are broken and every file could be read in full: the rest, in which more mistakes can be found (C3). */
  readonly sound?: SoundConfig;
  readonly positions: Positions;
  /** Absolute paths of the files and directories whose change can change the outcome, also of files that are missing. */
  readonly files: readonly string[];
  /** SHA-256 in hex over all that was read; equal for equal input, wherever it lies. */
  readonly contentHash: string;
}

export interface ConfigLoader {
  /** Never rejects for what the user wrote. A call waits for the one before it. */
  load(): Promise<LoadOutcome>;
}

/** Larger files are refused before they are read. */
export const MAX_FILE_BYTES = 10 * 1_048_576;

export function createConfigLoader(options: ConfigLoaderOptions): ConfigLoader {
  const state: LoaderState = {
    root: resolve(options.file),
    env: options.env,
    fs: options.fs ?? nodeFileSystem,
    parsers: new Map(),
    merger: createMerger(),
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    load() {
      const next = last.then(() => load(state));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

interface LoaderState {
  readonly root: string;
  readonly env: ConfigLoaderOptions['env'];
  readonly fs: ConfigFileSystem;
  /** One for each file of the last load. */
  readonly parsers: Map<string, TextParser>;
  readonly merger: Merger;
}

async function load(state: LoaderState): Promise<LoadOutcome> {
  const root = await readSource(state, state.root);
  if (!root.ok) return unreadableRoot(state, root.problem);
  const rootReferences = await readReferencedFiles(state.fs, [root.value]);
  const patterns = state.merger.includes(inputsOf(state, [root.value], rootReferences));
  const included = await readIncluded(state, patterns);
  const files = [root.value, ...included.sources];
  const references = new Map([...rootReferences, ...(await readReferencedFiles(state.fs, included.sources))]);
  const merged = state.merger.merge(inputsOf(state, files, references));
  const ofFiles = files.flatMap((file) => fileIssues(file, file === root.value));
  const positions = createPositions(files);
  const issues = [...included.issues, ...ofFiles, ...withoutConsequences(merged.issues, ofFiles, { root: state.root, positions })];
  const isGood = !hasErrors(issues);
  const isReadInFull = !hasErrors(included.issues) && !hasErrors(ofFiles);
  return {
    issues,
    ...(isGood && merged.config !== undefined ? { config: merged.config } : {}),
    ...(isReadInFull && merged.sound !== undefined ? { sound: merged.sound } : {}),
    positions,
    files: [...new Set([state.root, ...included.watched, ...references.keys()])],
    contentHash: hashOf(state, files, references),
  };
}

function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some(({ severity }) => severity === 'error');
}

function unreadableRoot({ root }: LoaderState, problem: UnreadableFile): LoadOutcome {
  const hash = contentHash({ root, files: [{ name: root, text: undefined }], variables: [] });
  return { issues: [unreadableIssue(root, problem)], positions: NO_POSITIONS, files: [root], contentHash: hash };
}

async function readSource({ fs, parsers }: LoaderState, path: string): Promise<Result<SourceFile, UnreadableFile>> {
  const text = await readTextFile(fs, path, MAX_FILE_BYTES);
  if (!text.ok) return text;
  const parser = parsers.get(path) ?? createTextParser();
  parsers.set(path, parser);
  return ok({ path, parsed: parser.parse(text.value) });
}

interface IncludedSources {
  readonly sources: readonly SourceFile[];
  readonly issues: readonly Issue[];
  /** Absolute paths: the files, readable or not, and the directories that were searched. */
  readonly watched: readonly string[];
}

async function readIncluded(state: LoaderState, patterns: readonly string[]): Promise<IncludedSources> {
  const input = { fs: state.fs, root: state.root, patterns };
  const found = await findIncluded(input);
  const sources: SourceFile[] = [];
  const issues: Issue[] = [];
  const outcomes = await inParallel(found.files, async (file) => ({ file, source: await readSource(state, file) }));
  for (const { file, source } of outcomes) {
    if (source.ok) sources.push(source.value);
    else issues.push(await unreadableInclude(input, file, source.problem));
  }
  const current = new Set([state.root, ...found.files]);
  for (const path of state.parsers.keys()) if (!current.has(path)) state.parsers.delete(path);
  return { sources, issues: [...issues, ...found.issues], watched: [...found.files, ...found.directories] };
}

function inputsOf(state: LoaderState, files: readonly SourceFile[], references: ReferencedFiles): readonly FileInput[] {
  return files.map((file) => ({
    file,
    source: createSourceText(file.path, file.parsed.text),
    isRoot: file.path === state.root,
    lookup: createLookup({ file: file.path, env: state.env, files: references }),
  }));
}

interface KnownPlaces {
  readonly root: string;
  readonly positions: Positions;
}

/** In a file that could not be read in full, what seems to be missing may only be unreadable, and a place is told of once. */
function withoutConsequences(merged: readonly Issue[], ofFiles: readonly Issue[], { root, positions }: KnownPlaces): readonly Issue[] {
  const errors = ofFiles.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return merged;
  const isRootBroken = errors.some(({ position }) => position?.file === root);
  const told = new Set(errors.map(({ position }) => placeKey(position)));
  return merged.filter((issue) => {
    if (isRootBroken && issue.code === 'CH1103' && issue.path.length === 1) return false;
    return !told.has(placeKey(issue.position ?? positions.find(issue.path, issue.at)));
  });
}

function placeKey(position: SourcePosition | undefined): string {
  return position === undefined ? '' : `${position.file}:${position.line}:${position.column}`;
}

function hashOf({ root, env }: LoaderState, files: readonly SourceFile[], references: ReferencedFiles): string {
  const texts: readonly HashedPart[] = [
    ...files.map(({ path, parsed }) => ({ name: path, text: parsed.text })),
    ...[...references].map(([name, text]) => ({ name, text: text.ok ? text.value : undefined })),
  ];
  const names = new Set(files.flatMap((file) => variablesIn(file)));
  return contentHash({
    root,
    files: texts,
    variables: [...names].map((name) => ({ name, text: Object.hasOwn(env, name) ? env[name] : undefined })),
  });
}
