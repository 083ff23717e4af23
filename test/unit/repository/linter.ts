// Runs the linter, with the repository's own rules, over small files written for the purpose.
import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { createWorkspace } from '../../support/workspace.ts';

export interface Finding {
  readonly file: string;
  /** For instance `no-restricted-imports`. */
  readonly rule: string;
}

interface Diagnostic {
  readonly filename: string;
  readonly code?: string;
}

/** Lints path → text as if the files stood in the repository. */
export async function lint(files: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const workspace = await createWorkspace(files);
  try {
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(path.join(REPOSITORY, name), workspace.path(name));
    symlinkSync(path.join(REPOSITORY, 'node_modules'), workspace.path('node_modules'));
    return run(workspace.root);
  } finally {
    await workspace.remove();
  }
}

function run(root: string): readonly Finding[] {
  const oxlint = path.join(REPOSITORY, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--type-aware', '-f', 'json', 'src', 'test'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (!stdout.startsWith('{')) throw new Error(`the linter did not run: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
  return diagnostics.map(({ filename, code = '' }) => ({
    file: path.relative(root, path.resolve(root, filename)),
    rule: /\((.*)\)/.exec(code)?.[1] ?? code,
  }));
}
