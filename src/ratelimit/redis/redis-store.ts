// The store that all workers share (R404-R410, R501-R505, R802-R808): decides what it can at once, sends the rest in batches, and answers by
// `onStoreFailure` where Redis does not.
import { FixedWindows } from '../algorithms/fixed-window.ts';
import type { CacheCounts } from '../cache-counts.ts';
import type {
  CounterPlace,
  CounterReading,
  CounterStore,
  CounterTarget,
  CounterUse,
  LedgerAnswer,
  LedgerClaim,
  StoreCall,
  StoreFailure,
  StoreReadiness,
  TakeAnswer,
} from '../store.ts';
import { Batcher } from './batcher.ts';
import { Invalidations } from './invalidations.ts';
import { Leases, leasable } from './leases.ts';
import { LocalFallback, type Seen } from './local-fallback.ts';
import { NodeProbes } from './node-probes.ts';
import { Operators } from './operators.ts';
import { OverLimitCache } from './over-limit-cache.ts';
import { PlainCounters } from './plain-counters.ts';
import { RedisNode } from './redis-node.ts';
import { notConnected, type RedisNodes } from './redis-nodes.ts';
import { loadScripts, type RedisScripts } from './redis-scripts.ts';
import { type ClientOptions, connectionOptions, credentialOptions, type RedisSettings } from './redis-settings.ts';
import { hearingOptions, nodesOf, type RedisStoreOptions } from './redis-store-options.ts';
import { RedisTakes } from './redis-takes.ts';
import { RedisUpkeep } from './redis-upkeep.ts';

export class RedisStore implements CounterStore {
  readonly #options: RedisStoreOptions;
  readonly #nodes: RedisNodes;
  readonly #batcher: Batcher;
  readonly #cache = new OverLimitCache();
  readonly #counters: PlainCounters;
  readonly #takes: RedisTakes;
  readonly #fallback: LocalFallback;
  readonly #upkeep: RedisUpkeep;
  readonly #probes: NodeProbes;
  readonly #operators: Operators;
  readonly #invalidations: Invalidations;
  readonly #leases = new Leases({
    takeAll: (use) => this.#takes.takeAhead(use),
    giveBack: (use, atUs) => this.#giveAhead(use, atUs),
    windowOf: ({ limit }, atUs) => (limit.algorithm === 'fixed' ? this.#windows.at(limit, atUs) : undefined),
    nowUs: () => this.#options.clock.nowUs(),
    workers: () => this.#upkeep.rank.workers,
  });
  readonly #windows = new FixedWindows();
  #settings: RedisSettings;

  /** Begins to connect; until it has, requests are answered as failures. */
  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { clock, random, listener, prefix = 'crl', timeoutMs = 25 } = options;
    const scripts = loadScripts();
    const channel = `${prefix}:inv`;
    this.#nodes = nodesOf(options, (place) => this.#createNode(place, scripts));
    const shared = { nodes: this.#nodes, scripts, clock, listener, random, prefix, channel, timeoutMs };
    this.#counters = new PlainCounters(prefix);
    this.#batcher = new Batcher({
      ...shared,
      windows: this.#windows,
      cache: this.#cache,
      counters: this.#counters,
      onBatch: (node, failure) => this.#noteBatch(node, failure),
    });
    this.#operators = new Operators({ ...shared, nameOf: (target) => this.#batcher.nameOf(target, clock.nowUs()) });
    this.#fallback = new LocalFallback({ clock, random, rank: () => this.#upkeep.rank, seen: (use) => this.#seen(use) });
    this.#probes = new NodeProbes({ ...shared, monotonicMs: () => clock.monotonicMs(), onBack: () => this.#addLocalHits() });
    this.#upkeep = new RedisUpkeep({
      ...shared,
      probes: this.#probes,
      meta: { prefix, keySecret: options.keySecret, timeZones: options.timeZones ?? process.versions['tz'] ?? 'none' },
      worker: options.worker,
      onUsable: () => this.#addLocalHits(),
      onForgotten: () => this.#forget(),
    });
    this.#takes = this.#takesOf(timeoutMs);
    this.#invalidations = new Invalidations({
      connect: options.connect,
      ...hearingOptions(options),
      channel,
      cache: this.#cache,
      onChanged: (hash) => {
        this.#counters.changed(hash);
        listener.changed(hash);
      },
      onReset: (hash) => this.#wasReset(hash),
    });
  }

  take(uses: readonly CounterUse[], call: StoreCall): TakeAnswer | Promise<TakeAnswer> {
    const leased = leasable(uses);
    if (leased === undefined) return this.#takes.take(uses, call);
    return this.#leases.spend(leased) ?? this.#takeAndExtend(leased, call);
  }

  async #takeAndExtend(use: CounterUse, call: StoreCall): Promise<TakeAnswer> {
    const answer = await this.#takes.take([use], call);
    if (answer.source === 'store' && !answer.isOver) this.#leases.extend(use, answer);
    return answer;
  }

  #giveAhead(use: CounterUse, atUs: number): void {
    this.#cache.forget(use.key.text);
    this.#batcher.giveBack([use], { atUs, isTold: true });
  }

  give(uses: readonly (CounterTarget & { readonly hits: number })[]): void {
    for (const { key } of uses) this.#cache.forget(key.text);
    this.#batcher.giveBack(
      uses.filter(({ limit }) => limit.limit > 0),
      { atUs: this.#options.clock.nowUs(), isTold: true },
    );
  }

  read(target: CounterTarget): Promise<CounterReading> {
    return this.#operators.read(target);
  }

  placeOf(target: CounterTarget): CounterPlace {
    return { name: this.#batcher.nameOf(target, this.#options.clock.nowUs()), localPart: this.#fallback.partOf(target) };
  }

  async reset(target: CounterTarget): Promise<void> {
    await this.#operators.change('reset', target, 0);
    this.#wasReset(target.key.text);
    this.#cache.forget(target.key.text);
  }

  async grant(target: CounterTarget, hits: number): Promise<void> {
    await this.#operators.change('grant', target, hits);
    this.#cache.forget(target.key.text);
  }

  announce(target: CounterTarget): Promise<void> {
    return this.#operators.change('announce', target, 0);
  }

  ledger(claim: LedgerClaim): Promise<LedgerAnswer> {
    return this.#operators.ledger(claim);
  }

  async heartbeat(): Promise<number> {
    await this.#upkeep.beat();
    return this.#upkeep.rank.workers;
  }

  tableChanged(): void {
    this.#cache.clear();
  }

  caches(): readonly CacheCounts[] {
    return [this.#cache.counts, this.#counters.counts];
  }

  readiness(): StoreReadiness {
    const away = this.#nodes.anyNode() === undefined ? notConnected(this.#nodes) : undefined;
    const reason = away ?? this.#upkeep.problem;
    return reason === undefined ? { isReady: true } : { isReady: false, reason };
  }

  /** R1008: names, passwords and certificates were rotated. They are used on the connections there are and on new ones; no counter is lost. */
  renew(settings: RedisSettings): void {
    this.#settings = settings;
    const credentials = credentialOptions(settings);
    for (const node of this.#nodes.all()) node.renew(credentials);
    this.#invalidations.renew(credentials);
  }

  async close(): Promise<void> {
    this.#leases.giveAll();
    // What was given back leaves at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#batcher.close();
    this.#probes.close();
    await this.#upkeep.leave();
    this.#invalidations.close();
    this.#nodes.close();
    await this.#fallback.close();
  }

  #takesOf(timeoutMs: number): RedisTakes {
    const { clock, listener, isOverloaded = () => false } = this.#options;
    return new RedisTakes({
      clock,
      listener,
      timeoutMs,
      cache: this.#cache,
      batcher: this.#batcher,
      isOverloaded,
      isUsable: () => this.#upkeep.problem === undefined,
      onFailure: (uses, failure) => this.#fallback.answer(uses, failure),
    });
  }

  #createNode(place: ClientOptions, scripts: RedisScripts): RedisNode {
    const { connect, listener, random } = this.#options;
    return new RedisNode({
      connect,
      options: { ...connectionOptions(this.#settings, random), ...place, ...credentialOptions(this.#settings) },
      scripts,
      listener,
      onReady: () => void this.#upkeep.connected(),
      onLost: () => void this.#nodes.refresh(),
    });
  }

  #noteBatch(node: RedisNode, failure: StoreFailure | undefined): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (failure !== undefined) {
      if (node.breaker.failed(nowMs)) this.#probes.opened(node);
    } else if (!node.breaker.isOpen) node.breaker.succeeded(nowMs);
  }

  /** Here or elsewhere (R506, R803). */
  #wasReset(hash: string): void {
    this.#leases.forget(hash);
    this.#counters.forget(hash);
  }

  /** R806: what was remembered of counters says nothing any more. */
  #forget(): void {
    this.#cache.clear();
    this.#counters.clear();
  }

  #seen(use: CounterTarget): Seen | undefined {
    if (use.limit.algorithm !== 'fixed') return undefined;
    const counter = this.#counters.find(use, this.#windows.at(use.limit, this.#options.clock.nowUs()));
    return counter?.isTouched === true ? counter : undefined;
  }

  /** R805: what was let pass meanwhile is counted, once. Whether it came to be is not asked again. */
  #addLocalHits(): void {
    if (this.#upkeep.problem !== undefined) return;
    const reached = this.#fallback.drain((use) => this.#batcher.failureOf([use], [0]) === undefined);
    for (const { use, atUs, hits } of reached) {
      this.#options.listener.reconciled(hits);
      this.#operators.add(use, this.#batcher.nameOf(use, atUs), hits);
    }
  }
}
