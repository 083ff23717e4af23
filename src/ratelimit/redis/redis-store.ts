// The store that all workers share (R404-R410, R501-R505, R802-R808): decides what it can at once, sends the rest in batches, and answers by
// `onStoreFailure` where Redis does not.
import { blockedOutcome, isDecisive } from '../algorithms/decide.ts';
import { FixedWindows } from '../algorithms/fixed-window.ts';
import type {
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
  UseOutcome,
} from '../store.ts';
import { Batcher } from './batcher.ts';
import { Invalidations } from './invalidations.ts';
import { Leases, leasable, NOT_TAKEN } from './leases.ts';
import { LocalFallback, type Seen } from './local-fallback.ts';
import { NodeProbes } from './node-probes.ts';
import { Operators } from './operators.ts';
import { OverLimitCache } from './over-limit-cache.ts';
import { Pending, UNKNOWN } from './pending.ts';
import { RedisNode } from './redis-node.ts';
import { notConnected, type RedisNodes } from './redis-nodes.ts';
import { loadScripts, type RedisScripts } from './redis-scripts.ts';
import { type ClientOptions, connectionOptions, credentialOptions, type RedisSettings } from './redis-settings.ts';
import { hearingOptions, nodesOf, type RedisStoreOptions } from './redis-store-options.ts';
import { RedisUpkeep } from './redis-upkeep.ts';
import { TouchedKeys } from './touched-keys.ts';

/** R807: requests that may wait for Redis at once. */
const MAX_WAITING = 20_000;
/** R808: so long before the caller gives up it is answered. */
const SPARE_MS = 3;

export class RedisStore implements CounterStore {
  readonly #options: RedisStoreOptions;
  readonly #nodes: RedisNodes;
  readonly #batcher: Batcher;
  readonly #cache = new OverLimitCache();
  readonly #touched = new TouchedKeys();
  readonly #fallback: LocalFallback;
  readonly #upkeep: RedisUpkeep;
  readonly #probes: NodeProbes;
  readonly #operators: Operators;
  readonly #invalidations: Invalidations;
  readonly #leases = new Leases({
    takeAll: (use) => this.#takeAhead(use),
    giveBack: (use, atUs) => this.#giveAhead(use, atUs),
    windowOf: ({ limit }, atUs) => (limit.algorithm === 'fixed' ? this.#windows.at(limit, atUs) : undefined),
    nowUs: () => this.#options.clock.nowUs(),
    workers: () => this.#upkeep.rank.workers,
  });
  readonly #windows = new FixedWindows();
  readonly #onFailure = (uses: readonly CounterUse[], failure: StoreFailure): TakeAnswer => this.#fallback.answer(uses, failure);
  #settings: RedisSettings;
  #waiting = 0;

  /** Begins to connect; until it has, requests are answered as failures. */
  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { clock, random, listener, prefix = 'crl', timeoutMs = 25 } = options;
    const scripts = loadScripts();
    const channel = `${prefix}:inv`;
    this.#nodes = nodesOf(options, (place) => this.#createNode(place, scripts));
    const shared = { nodes: this.#nodes, scripts, clock, listener, random, prefix, channel, timeoutMs };
    this.#batcher = new Batcher({
      ...shared,
      windows: this.#windows,
      cache: this.#cache,
      touched: this.#touched,
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
    this.#invalidations = new Invalidations({
      connect: options.connect,
      ...hearingOptions(options),
      channel,
      cache: this.#cache,
    });
  }

  take(uses: readonly CounterUse[], call: StoreCall): TakeAnswer | Promise<TakeAnswer> {
    const leased = leasable(uses);
    if (leased === undefined) return this.#take(uses, call);
    return this.#leases.spend(leased) ?? this.#takeAndExtend(leased, call);
  }

  #take(uses: readonly CounterUse[], { deadlineMs }: StoreCall): TakeAnswer | Promise<TakeAnswer> {
    const nowMs = this.#options.clock.monotonicMs();
    const known = uses.map((use) => this.#knownOutcome(use, nowMs));
    const asked = uses.flatMap((_, at) => (known[at] === undefined ? [at] : []));
    const isDenied = uses.some((use, at) => isDecisive(use) && known[at]?.isOver === true);
    if (isDenied || asked.length === 0) {
      const isOver = uses.some((use, at) => !use.isShadow && known[at]?.isOver === true);
      return { isOver, outcomes: known.map((outcome) => outcome ?? UNKNOWN), source: 'cache' };
    }
    const failure = this.#failureNow(nowMs, deadlineMs) ?? this.#batcher.failureOf(uses, asked);
    if (failure !== undefined) return this.#fallback.answer(uses, failure);
    return this.#ask(uses, { known, asked, deadlineMs, nowMs, onFailure: this.#onFailure });
  }

  async #takeAndExtend(use: CounterUse, call: StoreCall): Promise<TakeAnswer> {
    const answer = await this.#take([use], call);
    if (answer.source === 'store' && !answer.isOver) this.#leases.extend(use, answer);
    return answer;
  }

  /** R506. What is not answered is not counted anywhere else. */
  async #takeAhead(use: CounterUse): Promise<{ readonly remaining: number; readonly atUs: number } | undefined> {
    const nowMs = this.#options.clock.monotonicMs();
    const atUs = this.#options.clock.nowUs();
    if ((this.#failureNow(nowMs, Number.POSITIVE_INFINITY) ?? this.#batcher.failureOf([use], [0])) !== undefined) return undefined;
    const asking = { known: [undefined], asked: [0], deadlineMs: Number.POSITIVE_INFINITY, nowMs, onFailure: NOT_TAKEN };
    const { isOver, source, outcomes } = await this.#ask([use], asking);
    return isOver || source !== 'store' ? undefined : { remaining: outcomes[0]?.remaining ?? 0, atUs };
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

  async reset(target: CounterTarget): Promise<void> {
    await this.#operators.change('reset', target, 0);
    this.#leases.forget(target.key.text);
    this.#cache.forget(target.key.text);
  }

  async grant(target: CounterTarget, hits: number): Promise<void> {
    await this.#operators.change('grant', target, hits);
    this.#cache.forget(target.key.text);
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

  /** What needs no question: N = 0 (R103), and counters that are known to be over (R505). */
  #knownOutcome(use: CounterUse, nowMs: number): UseOutcome | undefined {
    if (use.limit.limit === 0) return blockedOutcome(use);
    if (use.kind === 'debit') return undefined;
    const untilMs = this.#cache.overUntilMs(use, nowMs);
    if (untilMs === undefined) return undefined;
    this.#options.listener.overLimitHit();
    const waitMs = Math.ceil(untilMs - nowMs);
    return { isOver: true, remaining: 0, resetMs: waitMs, retryAfterMs: waitMs };
  }

  #failureNow(nowMs: number, deadlineMs: number): StoreFailure | undefined {
    if (nowMs >= deadlineMs - SPARE_MS) return 'deadline';
    if (this.#waiting >= MAX_WAITING || this.#options.isOverloaded?.() === true) return 'shed';
    return this.#upkeep.problem === undefined ? undefined : 'unavailable';
  }

  #ask(uses: readonly CounterUse[], { known, asked, deadlineMs, nowMs, onFailure }: Asking): Promise<TakeAnswer> {
    const atUs = this.#options.clock.nowUs();
    this.#waiting += 1;
    return new Promise((resolve) => {
      const timer = this.#deadline(deadlineMs - SPARE_MS - nowMs, () => pending.fail('deadline'));
      const pending = new Pending({
        uses,
        known,
        resolve: (answer) => {
          this.#waiting -= 1;
          clearTimeout(timer);
          resolve(answer);
        },
        onFailure,
        onHalfTaken: (taken) => this.#giveHalf(taken, atUs),
      });
      this.#batcher.add(pending, uses, asked);
    });
  }

  /** Only where it comes before the batch's own end: one timer for each call is what batches are to save. */
  #deadline(inMs: number, act: () => void): NodeJS.Timeout | undefined {
    return inMs < (this.#options.timeoutMs ?? 25) ? setTimeout(act, inMs) : undefined;
  }

  #giveHalf(taken: readonly CounterUse[], atUs: number): void {
    this.#options.listener.gaveBack(taken.reduce((sum, { hits }) => sum + hits, 0));
    for (const { key } of taken) this.#cache.forget(key.text);
    this.#batcher.giveBack(taken, { atUs, isTold: true });
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

  /** R806: what was remembered of counters says nothing any more. */
  #forget(): void {
    this.#cache.clear();
    this.#touched.clear();
  }

  #seen(use: CounterUse): Seen | undefined {
    return use.limit.algorithm === 'fixed' ? this.#touched.find(this.#batcher.nameOf(use, this.#options.clock.nowUs())) : undefined;
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

interface Asking {
  readonly known: readonly (UseOutcome | undefined)[];
  readonly asked: readonly number[];
  readonly deadlineMs: number;
  readonly nowMs: number;
  readonly onFailure: (uses: readonly CounterUse[], failure: StoreFailure) => TakeAnswer;
}
