// Finds the endpoints of all services that are discovered, for as long as a configuration that is in use names them (D19). Tells what changed;
// knows no snapshots and no streams.
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { DiscoverySource } from '../model/discovery-source.ts';
import type { Endpoint } from '../model/types.ts';
import { type ChangeLog, createChangeLog } from './change-log.ts';
import { type Coalescer, createCoalescer } from './coalescer.ts';
import type { ToldEndpoints } from './endpoint-flow.ts';
import type { FollowedRevision } from './followed-revision.ts';
import type { KeptDiscovery } from './kept-discovery.ts';
import { createNameBook, type NameBook } from './name-book.ts';
import type { DiscoveryPorts } from './ports.ts';
import { createPushBoard, type PushBoard } from './push-board.ts';
import { expire, IDLE_MS, mayExpire, newest, type Registration, register, usedKeys, watchKey } from './registrations.ts';
import { countsOf, type ServiceCounts, type ServiceStatus, serviceStatus } from './service-status.ts';
import { ServiceWatch } from './service-watch.ts';

/** A change of endpoints was told: to be laid over what the gateway serves. */
export interface EndpointsChanged {
  readonly gateway: string;
  /** When the first of the changes was seen at its source. */
  readonly sinceMs: number;
  /** Whose endpoints changed, with how many are in use now and how many on their way out. */
  readonly services: readonly ServiceCounts[];
}

export interface DiscoveryFailure {
  readonly gateway: string;
  readonly service: string;
  readonly source: DiscoverySource['kind'];
  readonly message: string;
}

export interface DiscoveryOptions {
  readonly ports: DiscoveryPorts;
  /** Each failure of a source or a name. */
  readonly onFailure?: (failure: DiscoveryFailure) => void;
}

/** What is known of one service of one revision. */
export interface LiveService {
  readonly service: DiscoveredService;
  /** Undefined while nothing is known of it. */
  readonly told: ToldEndpoints | undefined;
}

export interface Discovery {
  /**
   * The gateway has a revision with these services: their endpoints are looked for from now on, those of earlier revisions for as long as
   * these are asked for. Resolves when the first answers are in, or failed, or `patienceMs` have passed; never rejects.
   */
  follow(revision: FollowedRevision, patienceMs: number): Promise<void>;
  /** By service name; `names` absent: all. Of a revision that is not followed: what the newest one has. */
  services(gateway: string, choice: { readonly revision: string; readonly names?: Iterable<string> }): ReadonlyMap<string, LiveService>;
  /** Grows with each change of endpoints and each revision that is followed. Asking counts as a use of the revision. */
  epoch(gateway: string, revision: string): number;
  /** Services of which something was told after that epoch; undefined: that is not remembered, or all may have changed. */
  changedSince(gateway: string, epoch: number): ReadonlySet<string> | undefined;
  /** Told synchronously. Gives the function that ends the subscription. */
  subscribe(listener: (change: EndpointsChanged) => void): () => void;
  /** Services of the newest revision of a gateway, by name; undefined: no such gateway. */
  status(gateway: string): readonly ServiceStatus[] | undefined;
  /** The same in numbers, for thousands of services. */
  counts(gateway: string): readonly ServiceCounts[];
  /** Services of the newest revision of a gateway. */
  newest(gateway: string): readonly DiscoveredService[];
  readonly pushes: PushBoard;
  /** Takes over what an earlier run knew; before the first `follow`. */
  restore(kept: KeptDiscovery): void;
  /** For the next run. */
  keep(): KeptDiscovery;
  close(): void;
}

export function createDiscovery(options: DiscoveryOptions): Discovery {
  return new Follower(options);
}

interface GatewayEntry {
  /** By revision; the newest last. */
  readonly registrations: Map<string, Registration>;
  readonly log: ChangeLog;
}

class Follower implements Discovery {
  readonly pushes: PushBoard;
  readonly #options: DiscoveryOptions;
  readonly #names: NameBook;
  readonly #gateways = new Map<string, GatewayEntry>();
  readonly #watches = new Map<string, ServiceWatch>();
  readonly #timers = new Map<string, () => void>();
  /** Keys of watches to be stepped, with the time of the first event. */
  readonly #dirty = new Map<string, number>();
  readonly #coalescer: Coalescer;
  readonly #listeners = new Set<{ readonly tell: (change: EndpointsChanged) => void }>();
  readonly #waiters = new Set<() => void>();
  #cancelSweep: (() => void) | undefined;
  #keptLists: ReadonlyMap<string, readonly Endpoint[]> = new Map();

  constructor(options: DiscoveryOptions) {
    const { ports } = options;
    this.#options = options;
    this.#names = createNameBook(ports);
    this.pushes = createPushBoard(ports.clock);
    this.#coalescer = createCoalescer(ports.clock, () => this.#flush());
  }

  async follow(revision: FollowedRevision, patienceMs: number): Promise<void> {
    const { gateway, services } = revision;
    const entry = this.#gateways.get(gateway) ?? { registrations: new Map<string, Registration>(), log: createChangeLog() };
    this.#gateways.set(gateway, entry);
    const followed = services.map((service) => {
      const key = watchKey(gateway, service);
      const watch = this.#watches.get(key) ?? this.#watch(key, gateway, service);
      watch.useService(service);
      return [service.owner.name, { service, watch, key }] as const;
    });
    const isKnown = entry.registrations.has(revision.revision);
    register(entry.registrations, { revision, services: new Map(followed), usedAtMs: this.#now() });
    entry.log.add(undefined);
    this.#sweep(isKnown);
    await this.#settled(
      followed.map(([, { watch }]) => watch),
      patienceMs,
    );
  }

  services(
    gateway: string,
    { revision, names }: { readonly revision: string; readonly names?: Iterable<string> },
  ): ReadonlyMap<string, LiveService> {
    const registrations = this.#gateways.get(gateway)?.registrations;
    const registration = registrations?.get(revision) ?? newest(registrations);
    if (registration === undefined) return new Map();
    const live = new Map<string, LiveService>();
    for (const name of names ?? registration.services.keys()) {
      const found = registration.services.get(name);
      if (found !== undefined) live.set(name, { service: found.service, told: found.watch.flow.told });
    }
    return live;
  }

  changedSince(gateway: string, epoch: number): ReadonlySet<string> | undefined {
    return this.#gateways.get(gateway)?.log.since(epoch);
  }

  epoch(gateway: string, revision: string): number {
    const entry = this.#gateways.get(gateway);
    const registration = entry?.registrations.get(revision);
    if (registration !== undefined) registration.usedAtMs = this.#now();
    return entry?.log.epoch ?? 0;
  }

  subscribe(tell: (change: EndpointsChanged) => void): () => void {
    const listener = { tell };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  newest(gateway: string): readonly DiscoveredService[] {
    return newest(this.#gateways.get(gateway)?.registrations)?.revision.services ?? [];
  }

  status(gateway: string): readonly ServiceStatus[] | undefined {
    const registration = newest(this.#gateways.get(gateway)?.registrations);
    return registration && [...registration.services.values()].map(({ service, watch }) => serviceStatus(service, watch));
  }

  counts(gateway: string): readonly ServiceCounts[] {
    const services = newest(this.#gateways.get(gateway)?.registrations)?.services ?? new Map<string, never>();
    return [...services.values()].map(({ watch }) => countsOf(watch));
  }

  restore({ names, lists, pushes }: KeptDiscovery): void {
    this.#names.restore(new Map(names));
    this.#keptLists = new Map(lists);
    for (const [key, list] of pushes) this.pushes.put(key, list);
  }

  keep(): KeptDiscovery {
    const lists = [...this.#watches].flatMap(([key, { list, isListKept }]) =>
      list === undefined || !isListKept ? [] : [[key, list] as const],
    );
    const all = [...this.#gateways.values()].flatMap(({ registrations }) => [...registrations.values()]);
    const revisions = all.map(({ revision }) => revision);
    return { names: [...this.#names.answers()], lists, pushes: this.pushes.all(), revisions };
  }

  close(): void {
    this.#coalescer.cancel();
    this.#cancelSweep?.();
    for (const key of this.#watches.keys()) this.#drop(key);
    for (const wake of this.#waiters) wake();
  }

  #now(): number {
    return this.#options.ports.clock.nowMs();
  }

  #watch(key: string, gateway: string, service: DiscoveredService): ServiceWatch {
    const kept = this.#keptLists.get(key);
    const { ports, onFailure } = this.#options;
    const watch = new ServiceWatch({
      gateway,
      service,
      ports,
      names: this.#names,
      pushes: this.pushes,
      ...(kept === undefined ? {} : { kept }),
      onFound: () => this.#touch(key),
      onFailed: (message) => onFailure?.({ gateway, service: service.owner.name, source: service.source.kind, message }),
    });
    this.#watches.set(key, watch);
    this.#touch(key);
    return watch;
  }

  #touch(key: string): void {
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#now());
    this.#coalescer.touch();
  }

  #flush(): void {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const changed = new Map<string, { sinceMs: number; readonly services: ServiceCounts[] }>();
    for (const [key, sinceMs] of dirty) {
      const watch = this.#watches.get(key);
      if (watch === undefined || !this.#step(key, watch)) continue;
      const change = changed.get(watch.gateway) ?? { sinceMs, services: [] };
      changed.set(watch.gateway, change);
      change.sinceMs = Math.min(change.sinceMs, sinceMs);
      change.services.push(countsOf(watch));
    }
    for (const [gateway, change] of changed) this.#tell({ gateway, ...change });
    for (const wake of this.#waiters) wake();
  }

  /** True when what is told of the service changed. */
  #step(key: string, watch: ServiceWatch): boolean {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    const { isChanged, nextAtMs } = watch.step(this.#now());
    if (nextAtMs !== undefined) {
      const pauseMs = Math.max(1, nextAtMs - this.#now());
      this.#timers.set(
        key,
        this.#options.ports.clock.after(pauseMs, () => this.#touch(key)),
      );
    }
    return isChanged;
  }

  #tell(change: EndpointsChanged): void {
    this.#gateways.get(change.gateway)?.log.add(new Set(change.services.map(({ name }) => name)));
    for (const { tell } of this.#listeners) tell(change);
  }

  async #settled(watches: readonly ServiceWatch[], patienceMs: number): Promise<void> {
    const isOver = (): boolean => watches.every((watch) => watch.isSettled && (watch.flow.told !== undefined || watch.list === undefined));
    if (isOver()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiters.delete(wake);
        resolve();
      };
      const wake = (): void => {
        if (isOver() || this.#watches.size === 0) end();
      };
      const cancel = this.#options.ports.clock.after(patienceMs, end);
      this.#waiters.add(wake);
    });
  }

  /** Ends what no revision in use names. */
  #sweep(isFreed = false): void {
    const all = [...this.#gateways.values()].map(({ registrations }) => registrations);
    const expired = all.map((registrations) => expire(registrations, this.#now()));
    if (isFreed || expired.includes(true)) {
      const used = usedKeys(all);
      for (const key of this.#watches.keys()) if (!used.has(key)) this.#drop(key);
    }
    this.#cancelSweep?.();
    this.#cancelSweep = all.some(mayExpire) ? this.#options.ports.clock.after(IDLE_MS, () => this.#sweep()) : undefined;
  }

  #drop(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    this.#watches.get(key)?.close();
    this.#watches.delete(key);
  }
}
