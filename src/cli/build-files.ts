// Builds gateway files once, as they are, for the commands that look at them without serving.

import { createPipeline, type DetailedBuild } from '../build/pipeline.ts';
import { refusedBuild } from '../build/refused-build.ts';
import { loadEnvoyApi } from '../proto/api.ts';
import type { Terminal } from './terminal.ts';

export interface BuiltFile {
  readonly file: string;
  readonly build: DetailedBuild;
}

/** In the order given; a file whose gateway an earlier one has is refused, as `serve` would (C14). */
export async function buildFiles(files: readonly string[], { env }: Pick<Terminal, 'env'>): Promise<readonly BuiltFile[]> {
  const api = loadEnvoyApi();
  const owners = new Map<string, string>();
  const built: BuiltFile[] = [];
  for (const file of files) {
    const build = await createPipeline({ file, env, api, nowMs: Date.now }).build();
    const gateway = build.good?.model.gateway;
    const otherFile = gateway === undefined ? undefined : owners.get(gateway);
    built.push({ file, build: otherFile === undefined ? build : refusedBuild(build, { kind: 'duplicate', otherFile }) });
    if (gateway !== undefined && !owners.has(gateway)) owners.set(gateway, file);
  }
  return built;
}
