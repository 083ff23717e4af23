// The whole control plane on loopback, in this process, on free ports, with files of its own. Asserts nothing.
import { type App, createApp } from '../../src/app/app.ts';
import type { AppParts, AppSettings } from '../../src/app/app-parts.ts';
import type { Live } from '../../src/app/convergence.ts';
import { createLocalBuilds } from '../../src/build/local-builds.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { connectNode, type Node, type NodeOptions } from './node.ts';

const api = loadEnvoyApi();

export interface RunningApp {
  readonly app: App;
  readonly xds: number;
  readonly admin: number;
  /** Log lines so far, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly live: readonly Live[];
  node(options?: Partial<NodeOptions>): Node;
  /** Status and body of a GET. */
  get(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** With a directory for what survives a restart. */
  readonly state?: boolean;
  readonly settings?: Partial<AppSettings>;
  readonly parts?: Partial<AppParts>;
}

export interface AppFixture {
  readonly workspace: Workspace;
  /** Starts it over these files of the workspace. */
  start(files?: readonly string[], options?: StartOptions): Promise<RunningApp>;
  /** Ends whatever still runs and removes the files. */
  clean(): Promise<void>;
}

export async function createAppFixture(files: Readonly<Record<string, string>>): Promise<AppFixture> {
  const workspace = await createWorkspace(files);
  const started: (() => Promise<void>)[] = [];
  return {
    workspace,
    start: async (names = ['edge.yaml'], { state = false, settings = {}, parts = {} } = {}) => {
      const running = await startApp(
        names.map((name) => workspace.path(name)),
        { ...settings, ...(state ? { state: workspace.path('state') } : {}) },
        parts,
      );
      started.push(running.stop);
      return running;
    },
    clean: async () => {
      await Promise.all(started.map((stop) => stop()));
      await workspace.remove();
    },
  };
}

async function startApp(files: readonly string[], settings: Partial<AppSettings>, parts: Partial<AppParts>): Promise<RunningApp> {
  const log: Readonly<Record<string, unknown>>[] = [];
  const live: Live[] = [];
  const nodes: Node[] = [];
  const app = createApp(
    { files, host: '127.0.0.1', xdsPort: 0, adminPort: 0, ...settings },
    {
      api,
      logger: createLogger({ sink: { write: (line) => log.push(JSON.parse(line)) }, level: 'debug' }),
      createBuilds: () => createLocalBuilds({ api, env: {}, nowMs: Date.now, cwd: '/' }),
      nowMs: Date.now,
      version: 'test',
      diagnostics: { cwd: '/', asMessage: false, color: false },
      onLive: (event) => live.push(event),
      ...parts,
    },
  );
  const { xds, admin } = await app.start();
  return {
    app,
    xds,
    admin,
    log,
    live,
    node: (options = {}) => {
      const node = connectNode({ port: xds, gateway: 'edge', ...options });
      nodes.push(node);
      return node;
    },
    get: async (path) => {
      const response = await fetch(`http://127.0.0.1:${admin}${path}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    stop: async () => {
      for (const node of nodes) node.close();
      await app.stop();
    },
  };
}
