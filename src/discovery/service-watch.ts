// One service under discovery: its source, the names in its list, and what is told of it. Says when it should be stepped; steps nothing itself.
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { IpFamily } from '../model/discovery-source.ts';
import type { Endpoint } from '../model/types.ts';
import { EndpointFlow } from './endpoint-flow.ts';
import { startFileSource } from './file-source.ts';
import { startHttpSource } from './http-source.ts';
import type { ListSource, SourceListener } from './list-source.ts';
import { type FollowedName, keyOf, type NameBook } from './name-book.ts';
import type { DiscoveryPorts } from './ports.ts';
import type { PushBoard } from './push-board.ts';
import { startSrvSource } from './srv-source.ts';

export interface ServiceWatchOptions {
  readonly gateway: string;
  readonly service: DiscoveredService;
  readonly ports: DiscoveryPorts;
  readonly names: NameBook;
  readonly pushes: PushBoard;
  /** The last list of an earlier run. */
  readonly kept?: readonly Endpoint[];
  /** Something was found, or the first answers are in. */
  readonly onFound: () => void;
  readonly onFailed: (message: string) => void;
}

/** Starts to look at once. */
export class ServiceWatch {
  readonly flow = new EndpointFlow();
  readonly #options: ServiceWatchOptions;
  #service: DiscoveredService;
  readonly #source: ListSource;
  readonly #names = new Map<string, FollowedName>();
  #list: readonly Endpoint[] | undefined;
  #isMeant = false;
  #isListSettled = false;
  #answeredAtMs: number | undefined;
  #error: string | undefined;

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
    this.#service = options.service;
    this.#list = options.service.source.kind === 'dns' ? options.service.endpoints : options.kept;
    this.#followNames();
    // What an earlier run knew is what may be kept when the first answer of this run is empty (D18).
    this.step(options.ports.clock.nowMs());
    this.#source = this.#start();
  }

  get gateway(): string {
    return this.#options.gateway;
  }

  /** Every first answer is in, or failed. */
  get isSettled(): boolean {
    if (!this.#isListSettled) return false;
    return [...this.#names.values()].every((name) => {
      const { answeredAtMs, error } = name.state();
      return answeredAtMs !== undefined || error !== undefined;
    });
  }

  /** The next run must be told the list: neither the configuration nor the board of pushes has it. */
  get isListKept(): boolean {
    const { kind } = this.#service.source;
    return kind !== 'dns' && kind !== 'push';
  }

  /** The list that is known, host names and all. */
  get list(): readonly Endpoint[] | undefined {
    return this.#list;
  }

  /** The last answer of the source or of one of its names, in milliseconds since the epoch. */
  get answeredAtMs(): number | undefined {
    const times = [...this.#names.values()].map((name) => name.state().answeredAtMs);
    const known = [this.#answeredAtMs, ...times].filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** What the source, or one of its names, fails with now. */
  get error(): string | undefined {
    return this.#error ?? [...this.#names.values()].map((name) => name.state().error).find((error) => error !== undefined);
  }

  /** Brings what is told to this moment. While a name of the list has neither answered nor failed, nothing new is found. */
  step(atMs: number): { readonly isChanged: boolean; readonly nextAtMs?: number } {
    const { drainForMs, keepLastForMs } = this.#service;
    const names = [...this.#names.values()];
    const isKnown = this.isSettled || names.every((name) => name.state().ips !== undefined);
    if (this.#list !== undefined && isKnown) this.flow.find(this.#resolve(this.#list), this.#isMeant);
    return this.flow.step(atMs, { drainForMs, keepForMs: keepLastForMs });
  }

  /** Of the service. */
  get name(): string {
    return this.#service.owner.name;
  }

  /** Of the newest configuration; the same source. */
  useService(service: DiscoveredService): void {
    this.#service = service;
  }

  close(): void {
    this.#source.close();
    for (const name of this.#names.values()) name.close();
  }

  #start(): ListSource {
    const { service, ports, pushes, gateway } = this.#options;
    const { source, endpoints, owner } = service;
    const listener = this.#listener();
    switch (source.kind) {
      case 'dns':
        listener.answered(endpoints);
        return { close: () => undefined };
      case 'srv':
        return startSrvSource(source.name, ports, listener);
      case 'file':
        return startFileSource(source.file, ports, listener);
      case 'http':
        return startHttpSource(source, ports, listener);
      case 'push':
        return pushes.source({ gateway, service: owner.name }, listener);
    }
  }

  #listener(): SourceListener {
    return {
      answered: (endpoints, isMeant = false) => {
        this.#list = endpoints;
        this.#isMeant = isMeant;
        this.#noteAnswer();
        this.#followNames();
        this.#options.onFound();
      },
      unchanged: () => this.#noteAnswer(),
      failed: (message) => {
        this.#isListSettled = true;
        this.#error = message;
        this.#options.onFailed(message);
        this.#options.onFound();
      },
    };
  }

  #noteAnswer(): void {
    this.#isListSettled = true;
    this.#error = undefined;
    this.#answeredAtMs = this.#options.ports.clock.nowMs();
  }

  #followNames(): void {
    const wanted = new Map(hostsIn(this.#list ?? []).map((host) => [keyOf(host, this.#family), host]));
    for (const [key, host] of wanted) {
      if (this.#names.has(key)) continue;
      const name = this.#options.names.follow(host, this.#family, {
        changed: () => this.#options.onFound(),
        failed: (message) => this.#options.onFailed(message),
      });
      this.#names.set(key, name);
    }
    for (const [key, name] of this.#names) {
      if (wanted.has(key)) continue;
      name.close();
      this.#names.delete(key);
    }
  }

  #resolve(list: readonly Endpoint[]): readonly Endpoint[] {
    return list.flatMap((endpoint) => {
      const { address } = endpoint;
      if (address.kind !== 'dns') return [endpoint];
      const ips = this.#names.get(keyOf(address.host, this.#family))?.state().ips ?? [];
      return ips.map((ip) => ({ ...endpoint, hostname: address.host, address: { kind: 'ip' as const, ip, port: address.port } }));
    });
  }

  get #family(): IpFamily {
    const { source } = this.#options.service;
    return source.kind === 'dns' || source.kind === 'srv' ? source.ipFamily : 'preferV4';
  }
}

function hostsIn(list: readonly Endpoint[]): readonly string[] {
  return [...new Set(list.flatMap(({ address }) => (address.kind === 'dns' ? [address.host] : [])))];
}
