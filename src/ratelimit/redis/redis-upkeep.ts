// What a Redis store does besides deciding: tells that it lives, keeps the clock, looks whether the others agree, and tries again a Redis that did
// not answer (R404, R405, R410, R804).
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import type { Breaker } from './breaker.ts';
import { ClockSync } from './clock-sync.ts';
import type { Rank } from './local-fallback.ts';
import { valueOf } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';
import type { RedisScripts } from './redis-scripts.ts';
import { type MetaOptions, metaProblem } from './shared-meta.ts';

const TICK_MS = 1_000;
const BEAT_EVERY = 2;
const LOOK_EVERY = 30;
const ALIVE_MS = 6_000;
const KEPT_MS = 60_000;
/** After so long without a word the connection is thought dead, whatever the system says. */
const SILENT_MS = 1_500;

export interface UpkeepOptions {
  readonly nodes: RedisNodes;
  readonly scripts: RedisScripts;
  readonly clock: StoreClock;
  readonly listener: StoreListener;
  readonly breaker: Breaker;
  readonly meta: MetaOptions;
  /** Unique among all workers. */
  readonly worker: string;
  readonly timeoutMs: number;
  /** Redis answers: what was counted elsewhere may be brought to it. Called often. */
  readonly onUsable: () => void;
}

export class RedisUpkeep {
  readonly #options: UpkeepOptions;
  readonly #sync: ClockSync;
  readonly #ticker: NodeJS.Timeout;
  #probe: NodeJS.Timeout | undefined;
  #ticks = 0;
  #problem: string | undefined = 'Redis was not reached yet';
  #rank: Rank = { workers: 1, rank: 0 };
  #heardMs: number;
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#sync = new ClockSync(options.clock, options.listener);
    this.#heardMs = options.clock.monotonicMs();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Why this worker must not decide; undefined where it may. */
  get problem(): string | undefined {
    return this.#options.nodes.all().find(({ problem }) => problem !== undefined)?.problem ?? this.#problem;
  }

  get rank(): Rank {
    return this.#rank;
  }

  /** A connection became usable: looks at once who else is there and what time it is, and tries whether it answers again. */
  async connected(): Promise<void> {
    await this.#options.nodes.refresh();
    await this.#askTime();
    await this.#look();
    await this.beat();
    if (this.#options.breaker.isOpen) await this.#tryAgain();
    else this.#options.onUsable();
  }

  /** R405. Rejects nothing: where Redis is away, what was known last stays. */
  async beat(): Promise<boolean> {
    const { nodes, scripts, worker, meta } = this.#options;
    const name = `${meta.prefix}:inst`;
    const node = nodes.nodeOf(name);
    if (node === undefined) return false;
    const [reply] = await nodes.send(node, [['evalsha', scripts.heartbeat.sha, 1, name, worker, ALIVE_MS, KEPT_MS]]);
    const value = valueOf(reply);
    if (!Array.isArray(value)) return false;
    this.#rank = { workers: Math.max(1, Number(value[0])), rank: Number(value[1]) };
    return true;
  }

  /** The breaker opened: nothing is sent but a probe from time to time. */
  opened(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#scheduleProbe();
  }

  /** R809: this worker is not counted any more. */
  async leave(): Promise<void> {
    this.close();
    const { nodes, worker, meta } = this.#options;
    const name = `${meta.prefix}:inst`;
    const node = nodes.nodeOf(name);
    if (node !== undefined) await this.#inTime(nodes.send(node, [['zrem', name, worker]]));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#probe);
  }

  #tick(): void {
    this.#ticks += 1;
    void this.#options.nodes.refresh();
    if (this.#options.breaker.isOpen) return;
    void this.#askTime();
    if (this.#options.nodes.anyNode() !== undefined) this.#options.onUsable();
    if (this.#ticks % BEAT_EVERY === 0) void this.beat();
    if (this.#problem !== undefined || this.#ticks % LOOK_EVERY === 0) void this.#look();
  }

  async #askTime(): Promise<boolean> {
    const { nodes, clock } = this.#options;
    const node = nodes.anyNode();
    if (node === undefined) return false;
    const askedMs = clock.monotonicMs();
    const [reply] = await nodes.send(node, [['time']]);
    const value = valueOf(reply);
    this.#sync.add(value, askedMs, clock.monotonicMs());
    return value !== undefined;
  }

  async #look(): Promise<void> {
    const { nodes, meta } = this.#options;
    const node = nodes.nodeOf(`${meta.prefix}:meta`);
    if (node !== undefined) this.#problem = await metaProblem(node, meta);
  }

  #scheduleProbe(): void {
    clearTimeout(this.#probe);
    if (this.#isClosed) return;
    this.#probe = setTimeout(() => void this.#tryAgain(), this.#options.breaker.nextProbeMs()).unref();
  }

  async #tryAgain(): Promise<void> {
    const { breaker, clock, listener, nodes, onUsable } = this.#options;
    clearTimeout(this.#probe);
    const isBack = (await this.#inTime(this.#askTime())) === true;
    if (this.#isClosed || !breaker.isOpen) return;
    const nowMs = clock.monotonicMs();
    if (isBack) {
      breaker.succeeded(nowMs);
      listener.breaker(false);
      onUsable();
      return;
    }
    if (nowMs - this.#heardMs > SILENT_MS) {
      this.#heardMs = nowMs;
      for (const node of nodes.all()) if (node.isReady) node.reconnect();
    }
    this.#scheduleProbe();
  }

  /** What came in time, or undefined. */
  #inTime<T>(answer: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), this.#options.timeoutMs);
      void answer.then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
    });
  }
}
