// Starts the build thread of a served control plane (P8). Imports nothing that resolves or compiles: that is loaded in the thread alone.
import { Worker } from 'node:worker_threads';
import type { CreateBuilds } from './build.ts';
import { createThreadedBuilds } from './threaded-builds.ts';

export interface WorkerBuildsOptions {
  /** What ${env:NAME} reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File names below it are printed relative to it. */
  readonly cwd: string;
}

/** What the thread is started with. */
export type BuildThreadData = WorkerBuildsOptions;

const ENTRY = new URL('./build-thread.js', import.meta.url);

export function workerBuilds({ env, cwd }: WorkerBuildsOptions): CreateBuilds {
  const data: BuildThreadData = { env: { ...env }, cwd };
  return (onFault) => createThreadedBuilds({ start: () => new Worker(ENTRY, { workerData: data, name: 'chancery-builds' }), onFault });
}
