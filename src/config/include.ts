// The files that the root file's `include` names: paths and patterns, relative to the root file. Included files include nothing, so there are no circles.
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Issue } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import type { ConfigFileSystem } from './config-file-system.ts';
import { unreadableIssue } from './file-issues.ts';
import { findFiles, isPattern } from './glob.ts';
import type { UnreadableFile } from './text-file.ts';

export interface IncludedFiles {
  /** Absolute, each once, sorted; never the root file. */
  readonly files: readonly string[];
  /** Directories to watch for files that come and go. */
  readonly directories: readonly string[];
  readonly issues: readonly Issue[];
}

export interface IncludeInput {
  readonly fs: ConfigFileSystem;
  /** Absolute path of the root file. */
  readonly root: string;
  readonly patterns: readonly string[];
}

export async function findIncluded({ fs, root, patterns }: IncludeInput): Promise<IncludedFiles> {
  const base = dirname(root);
  const files = new Set<string>();
  const directories = new Set<string>();
  const issues: Issue[] = [];
  for (const [index, pattern] of patterns.entries()) {
    const path = ['include', index];
    if (!isPattern(pattern)) {
      const file = resolve(base, pattern);
      if (file === root) issues.push({ code: 'CH1011', severity: 'error', message: 'the root file includes itself', path });
      else files.add(file);
      continue;
    }
    const found = await findFiles(fs, base, pattern);
    for (const directory of found.directories) directories.add(directory);
    const others = found.files.filter((file) => file !== root);
    for (const file of others) files.add(file);
    if (others.length === 0) issues.push({ code: 'CH1010', severity: 'warning', message: `no file matches "${pattern}"`, path });
  }
  return { files: [...files].toSorted(), directories: [...directories].toSorted(), issues };
}

/** What is wrong with an included file that could not be read: said where it is named, or in the file where a pattern found it. */
export async function unreadableInclude(input: IncludeInput, file: string, problem: UnreadableFile): Promise<Issue> {
  const base = dirname(input.root);
  const index = input.patterns.findIndex((pattern) => !isPattern(pattern) && resolve(base, pattern) === file);
  if (index === -1 || problem.reason !== 'missing') return unreadableIssue(file, problem);
  const beside = (await findFiles(input.fs, dirname(file), '*')).files;
  const name = nearest(
    basename(file),
    beside.map((each) => basename(each)),
  );
  const help = name === undefined ? 'a path is relative to the root file' : `did you mean "${relative(base, join(dirname(file), name))}"?`;
  const message = `the included file "${input.patterns[index]}" cannot be read: ${problem.message}`;
  return { code: 'CH1011', severity: 'error', message, path: ['include', index], help };
}
