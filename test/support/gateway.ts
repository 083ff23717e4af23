// A whole gateway for a test: one YAML file, the control plane that serves it, and a real Envoy that runs it. An edit is known to be live by its marker.
import { parse } from 'yaml';
import { type Chancery, runChancery, startChancery } from './chancery-process.ts';
import { type Envoy, type EnvoyOptions, startEnvoy } from './envoy.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { type MarkedConfig, markConfig, type Probes } from './gateway-marker.ts';
import { type HttpRequest, type HttpResponse, request, type TlsOptions } from './http-client.ts';
import { createWorkspace, type SavePattern, type Workspace } from './workspace.ts';

export interface GatewayOptions {
  /** The configuration as YAML, without `version` and `gateway`. */
  readonly config: string;
  /** Files beside the configuration, written before the start. */
  readonly files?: Readonly<Record<string, string>>;
  readonly variant?: 'delta' | 'sotw';
  readonly probes?: Probes;
  readonly envoy?: EnvoyOptions;
  /** Uses this folder, whose owner removes it. */
  readonly workspace?: Workspace;
  /** The configuration lies in a volume as Kubernetes mounts one, and edits swap its symbolic link. */
  readonly isMounted?: boolean;
}

export interface SentRequest extends HttpRequest {
  /** Default: the first listener of the file. */
  readonly listener?: string;
  readonly http?: '1.1' | '2';
  readonly tls?: TlsOptions;
}

export interface Gateway {
  readonly workspace: Workspace;
  readonly envoy: Envoy;
  /** The running control plane, with a debug log; another one after `restartChancery`. */
  readonly chancery: Chancery;
  /** Saves the configuration and waits until Envoy runs it. Gives the milliseconds from save to live. */
  apply(config: string, pattern?: SavePattern): Promise<number>;
  /** Saves the configuration without waiting. */
  publish(config: string): Promise<void>;
  /** Waits until Envoy runs the last configuration. */
  live(): Promise<void>;
  /** Saves a text as it is, and waits for nothing. */
  saveText(text: string): Promise<void>;
  /** The text that `apply` would save. */
  text(config: string): string;
  /** One request on a connection of its own. */
  send(sent: SentRequest): Promise<HttpResponse>;
  /** Starts the control plane again on the same port; end the old one first. */
  restartChancery(): Promise<void>;
  stop(): Promise<void>;
}

interface Parts {
  readonly workspace: Workspace;
  readonly envoy: Envoy;
  readonly start: () => Promise<Chancery>;
  readonly save: (text: string, pattern: SavePattern) => Promise<void>;
  readonly probes: Probes;
  readonly first: MarkedConfig;
}

/** Resolves when Envoy runs the configuration. What fails to start is stopped again, and its words are in the error. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const workspace = options.workspace ?? (await createWorkspace());
  for (const [name, content] of Object.entries(options.files ?? {})) await workspace.write(name, content);
  const name = options.isMounted === true ? 'volume/gateway.yaml' : 'gateway.yaml';
  const save = (text: string, pattern: SavePattern): Promise<void> =>
    options.isMounted === true ? workspace.mount('volume', { 'gateway.yaml': text }) : workspace.save(name, text, pattern);
  const probes = options.probes ?? {};
  const first = markConfig(options.config, 0, probes);
  await save(first.text, 'truncate');
  const xdsPort = await freePort();
  const start = (): Promise<Chancery> =>
    startChancery({ files: [workspace.path(name)], state: workspace.path('state'), xdsPort, env: { CHANCERY_LOG_LEVEL: 'debug' } });
  const chancery = await start();
  try {
    const envoy = await startEnvoyFor(workspace.path(name), xdsPort, options);
    const gateway = createGateway({ workspace, envoy, start, save, probes, first }, chancery, options);
    await gateway.live();
    return gateway;
  } catch (error) {
    const logs = chancery.logs().slice(-8_000);
    await chancery.stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n--- control plane:\n${logs}`, { cause: error });
  }
}

function createGateway(parts: Parts, started: Chancery, options: GatewayOptions): Gateway {
  const { workspace, envoy, probes } = parts;
  let chancery = started;
  let marker = 0;
  let running = parts.first;
  const live = async (): Promise<void> => {
    await eventually(() => running.isLive(), { what: `edit ${marker} to be live`, intervalMs: 5 }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n--- control plane:\n${chancery.logs().slice(-8_000)}\n--- Envoy:\n${envoy.logs().slice(-4_000)}`);
    });
  };
  const publish = (edited: string, pattern: SavePattern = 'rename'): Promise<void> => {
    marker += 1;
    running = markConfig(edited, marker, probes);
    return parts.save(running.text, pattern);
  };
  return {
    workspace,
    envoy,
    get chancery() {
      return chancery;
    },
    live,
    publish: (edited) => publish(edited),
    saveText: (edited) => parts.save(edited, 'rename'),
    text: (edited) => markConfig(edited, marker, probes).text,
    apply: async (edited, pattern) => {
      const begun = performance.now();
      await publish(edited, pattern);
      await live();
      return performance.now() - begun;
    },
    send: ({ listener, ...sent }) => request({ port: portOf(running, listener), ...sent }),
    restartChancery: async () => {
      chancery = await parts.start();
    },
    stop: async () => {
      await envoy.stop();
      await chancery.stop();
      if (options.workspace === undefined) await workspace.remove();
    },
  };
}

function portOf({ ports }: MarkedConfig, listener: string | undefined): number {
  const port = listener === undefined ? [...ports.values()][0] : ports.get(listener);
  if (port === undefined) throw new Error(`the configuration has no listener ${listener}`);
  return port;
}

/** An Envoy with the bootstrap that the program prints for this gateway. */
async function startEnvoyFor(file: string, xdsPort: number, options: GatewayOptions): Promise<Envoy> {
  const form = options.variant === 'sotw' ? ['--sotw'] : [];
  const { code, stdout, stderr } = await runChancery([
    'bootstrap',
    '-c',
    file,
    '--node',
    'test-envoy',
    '--xds-port',
    String(xdsPort),
    ...form,
  ]);
  if (code !== 0) throw new Error(`chancery bootstrap ended with ${code}: ${stderr}`);
  return startEnvoy(parse(stdout) as object, options.envoy);
}
