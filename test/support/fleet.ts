// A gateway with a fleet: one file, one control plane (or several), and real Envoys that run it side by side, each behind a relay that gives
// its listeners ports of their own. An edit is known to be live by its marker on every worker thread.

import type { AppParts } from '../../src/app/app-parts.ts';
import { bootstrapJson } from '../../src/cli/bootstrap-json.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { type DrillLoadOptions, type DrillLoadReport, describeFailure, startDrillLoad } from './drill-load.ts';
import { type Envoy, startEnvoy } from './envoy.ts';
import { eventually } from './eventually.ts';
import { type FleetControl, startAppControl, startProcessControl } from './fleet-control.ts';
import { freePorts } from './free-port.ts';
import { type MarkedConfig, markConfig, type Probes } from './gateway-marker.ts';
import { type ConnectionTarget, type HttpRequest, type HttpResponse, request } from './http-client.ts';
import { withListenerPorts } from './listener-ports.ts';
import { createWorkspace, type SavePattern, type Workspace } from './workspace.ts';
import { type AlterResource, startXdsRelay, type XdsRelay } from './xds-relay.ts';

export interface ProxyOptions {
  /** Default delta. */
  readonly variant?: 'delta' | 'sotw';
  /** What this proxy alone is sent in another form. */
  readonly alter?: AlterResource;
  /** `--service-node` metadata is not needed: the name is the node id. Default true: waits until it is ready. */
  readonly waitUntilReady?: boolean;
}

export interface Proxy {
  readonly name: string;
  readonly envoy: Envoy;
  readonly relay: XdsRelay;
  /** Where this proxy listens for a port of the file. */
  port(ofFile: number): number;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** The configuration as YAML, without `version` and `gateway`. */
  readonly config: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly proxies: Readonly<Record<string, ProxyOptions>>;
  /** Default: in this process, with a linger of half a second. */
  readonly control?: 'app' | 'process';
  readonly timing?: NonNullable<AppParts['timing']>;
  /** How often the Envoys report their load. Only in this process. */
  readonly loadReportIntervalMs?: number;
  /** How endpoints are looked for. Only in this process. */
  readonly discoveryPorts?: NonNullable<AppParts['discoveryPorts']>;
  readonly probes?: Probes;
}

export interface SentToProxy extends HttpRequest, Omit<ConnectionTarget, 'port'> {
  /** Default: the first. */
  readonly proxy?: string;
  /** Of the file. Default: that of its first listener. */
  readonly port?: number;
}

export interface Fleet {
  readonly workspace: Workspace;
  readonly proxies: ReadonlyMap<string, Proxy>;
  /** The running control plane; another one after `restart`. */
  readonly control: FleetControl;
  proxy(name: string): Proxy;
  /** Starts one more Envoy. */
  join(name: string, options?: ProxyOptions): Promise<Proxy>;
  leave(name: string): Promise<void>;
  /** Saves the configuration and waits until the proxies (default: all) run it. Gives the milliseconds from save to live. */
  apply(config: string, proxies?: readonly string[]): Promise<number>;
  /** Saves the configuration without waiting. */
  publish(config: string, pattern?: SavePattern): Promise<void>;
  /** Waits until the proxies (default: all) run the last configuration. */
  live(proxies?: readonly string[]): Promise<void>;
  /** Saves a text as it is. */
  saveText(text: string): Promise<void>;
  /** The text that was saved last. */
  text(): string;
  /** One request on a connection of its own. */
  send(sent: SentToProxy): Promise<HttpResponse>;
  /** Starts the control plane again on the same port; end the old one first. */
  restart(): Promise<FleetControl>;
  /**
   * A further control plane with a state of its own, over the same file or another one of the workspace; the fleet does not use it until the
   * relays are pointed at it.
   */
  replica(file?: string): Promise<FleetControl>;
  /**
   * Runs `act` under load on the proxies (default: all). Rejects with every failed request, its line of Envoy's access log, and what the
   * control plane knows of the nodes. Gives the names of the upstreams that answered.
   */
  underLoad(act: (more: (count: number) => Promise<void>) => Promise<unknown>, options?: FleetLoadOptions): Promise<string>;
  stop(): Promise<void>;
}

export interface FleetLoadOptions extends Omit<DrillLoadOptions, 'proxies'> {
  readonly on?: readonly string[];
}

const GATEWAY = 'test';
const PORTS_PER_PROXY = 4;
const LIVE_TIMEOUT_MS = 30_000;
/** Far shorter than in production, so that what an edit dropped goes within a drill. */
const LINGER_MS = 500;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new RunningFleet(options, await createWorkspace(options.files ?? {}));
  try {
    await fleet.start();
    return fleet;
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

class RunningFleet implements Fleet {
  readonly proxies = new Map<string, Proxy>();
  readonly workspace: Workspace;
  readonly #options: FleetOptions;
  readonly #controls: FleetControl[] = [];
  #control: FleetControl | undefined;
  #marker = 0;
  #marked: MarkedConfig;

  constructor(options: FleetOptions, workspace: Workspace) {
    this.#options = options;
    this.workspace = workspace;
    this.#marked = markConfig(options.config, 0, options.probes ?? {});
  }

  async start(): Promise<void> {
    await this.saveText(this.#marked.text);
    this.#control = await this.#startControl('state', 0);
    for (const [name, options] of Object.entries(this.#options.proxies)) await this.join(name, options);
    await this.live();
  }

  get control(): FleetControl {
    if (this.#control === undefined) throw new Error('the control plane has not started');
    return this.#control;
  }

  proxy(name: string): Proxy {
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new Error(`there is no proxy ${name}`);
    return proxy;
  }

  async join(name: string, options: ProxyOptions = {}): Promise<Proxy> {
    const listenerPorts = withListenerPorts(await freePorts(PORTS_PER_PROXY));
    const { alter = (_kind, _resource, bytes) => bytes } = options;
    const relay = await startXdsRelay({
      target: this.control.xdsPort,
      alter: (kind, resource, bytes) => alter(kind, resource, listenerPorts.alter(kind, resource, bytes)),
    });
    const bootstrap = bootstrapJson(loadEnvoyApi(), {
      nodeId: name,
      gateway: GATEWAY,
      xds: { host: '127.0.0.1', port: relay.port },
      variant: options.variant ?? 'delta',
    });
    const envoy = await startEnvoy(backSoon(bootstrap), { waitUntilReady: options.waitUntilReady ?? true });
    const stop = async (): Promise<void> => {
      await envoy.stop();
      await relay.close();
    };
    const proxy = { name, envoy, relay, port: listenerPorts.port, stop };
    this.proxies.set(name, proxy);
    return proxy;
  }

  async leave(name: string): Promise<void> {
    await this.proxy(name).stop();
    this.proxies.delete(name);
  }

  async apply(config: string, proxies?: readonly string[]): Promise<number> {
    const begun = performance.now();
    await this.publish(config);
    await this.live(proxies);
    return performance.now() - begun;
  }

  publish(config: string, pattern: SavePattern = 'rename'): Promise<void> {
    this.#marker += 1;
    this.#marked = markConfig(config, this.#marker, this.#options.probes ?? {});
    return this.workspace.save('gateway.yaml', this.#marked.text, pattern);
  }

  async live(proxies: readonly string[] = [...this.proxies.keys()]): Promise<void> {
    for (const name of proxies) {
      const { port } = this.proxy(name);
      const waiting = { what: `edit ${this.#marker} to be live on ${name}`, timeoutMs: LIVE_TIMEOUT_MS, intervalMs: 5 };
      await eventually(() => this.#marked.isLive(port), waiting).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await this.#state()}`);
      });
    }
  }

  saveText(text: string): Promise<void> {
    return this.workspace.save('gateway.yaml', text, 'rename');
  }

  text(): string {
    return this.#marked.text;
  }

  send({ proxy, port, ...sent }: SentToProxy): Promise<HttpResponse> {
    const [first] = this.proxies.keys();
    return request({ port: this.proxy(proxy ?? first ?? '').port(port ?? this.#firstPort()), ...sent });
  }

  async restart(): Promise<FleetControl> {
    this.#control = await this.#startControl('state', this.control.xdsPort);
    return this.#control;
  }

  replica(file?: string): Promise<FleetControl> {
    return this.#startControl(`state-${this.#controls.length}`, 0, file);
  }

  async underLoad(
    act: (more: (count: number) => Promise<void>) => Promise<unknown>,
    { on = [...this.proxies.keys()], ...options }: FleetLoadOptions = {},
  ): Promise<string> {
    const port = this.#firstPort();
    const proxies = on.map((name) => {
      const { envoy, port: portOf } = this.proxy(name);
      return { name, envoy, port: portOf(port), portOf };
    });
    const load = await startDrillLoad({ proxies, ...options });
    let report: DrillLoadReport;
    let problem: unknown;
    try {
      await load.more(5);
      await act((count) => load.more(count));
      await load.more(5);
    } catch (error) {
      problem = error;
    } finally {
      report = await load.stop();
    }
    if (report.failures.length > 0) throw await this.#failed(report, problem);
    if (problem !== undefined) throw problem;
    return report.reached;
  }

  async stop(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.stop();
    for (const control of this.#controls) await control.stop();
    await this.workspace.remove();
  }

  async #startControl(state: string, xdsPort: number, file = 'gateway.yaml'): Promise<FleetControl> {
    const { timing, loadReportIntervalMs, discoveryPorts, control = 'app' } = this.#options;
    const start = control === 'app' ? startAppControl : startProcessControl;
    const started = await start({
      file: this.workspace.path(file),
      state: this.workspace.path(state),
      xdsPort,
      timing: { lingerMs: LINGER_MS, ...timing },
      ...(loadReportIntervalMs === undefined ? {} : { loadReportIntervalMs }),
      ...(discoveryPorts === undefined ? {} : { discoveryPorts }),
    });
    this.#controls.push(started);
    return started;
  }

  #firstPort(): number {
    return [...this.#marked.ports.values()][0] ?? 0;
  }

  async #failed({ sent, failures }: DrillLoadReport, problem: unknown): Promise<Error> {
    const told = failures.slice(0, 20).map(describeFailure);
    const headline = `${failures.length} of ${sent} requests failed:`;
    return new Error([headline, ...told, await this.#state()].join('\n'), { cause: problem });
  }

  async #state(): Promise<string> {
    const nodes = await this.control.api('/api/v1/nodes').catch(String);
    const logs = this.control.logs().slice(-6_000);
    const envoys = [...this.proxies.values()].map(({ name, envoy }) => `--- ${name}:\n${withoutAccessLog(envoy.logs()).slice(-2_000)}`);
    return [`--- nodes:\n${JSON.stringify(nodes, undefined, 1)}`, `--- control plane:\n${logs}`, ...envoys].join('\n');
  }
}

/** Only how soon it connects again is not as in production, where it waits longer and longer, up to half a minute. */
function backSoon(bootstrap: unknown): object {
  const soon = { retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '0.5s' } } };
  const text = JSON.stringify(bootstrap, (key, value: unknown) =>
    key === 'envoy_grpc' && typeof value === 'object' ? { ...value, ...soon } : value,
  );
  return JSON.parse(text) as object;
}

function withoutAccessLog(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n');
}
