// What a Redis store does besides deciding: tells that it lives, keeps the clock, and looks whether the others agree and nothing was forgotten
// (R404, R405, R410).
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import { ClockSync } from './clock-sync.ts';
import type { Rank } from './local-fallback.ts';
import type { NodeProbes } from './node-probes.ts';
import { valueOf } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';
import type { RedisScripts } from './redis-scripts.ts';
import { type MetaOptions, metaProblem } from './shared-meta.ts';

const TICK_MS = 1_000;
const BEAT_EVERY = 2;
const LOOK_EVERY = 30;
/** Of nodes that may evict: whether they still do. */
const POLICY_EVERY = 5;
const ALIVE_MS = 6_000;
const KEPT_MS = 60_000;
/** A worker that told of itself so lately is still there, unless Redis forgot. */
const SURE_MS = ALIVE_MS - 1_000;

export interface UpkeepOptions {
  readonly nodes: RedisNodes;
  readonly scripts: RedisScripts;
  readonly clock: StoreClock;
  readonly listener: StoreListener;
  readonly probes: NodeProbes;
  readonly meta: MetaOptions;
  /** Unique among all workers. */
  readonly worker: string;
  readonly timeoutMs: number;
  /** Redis answers: what was counted elsewhere may be brought to it. Called often. */
  readonly onUsable: () => void;
  /** Redis lost what it knew: it was flushed, or another one without it took over (R806). */
  readonly onForgotten: () => void;
}

export class RedisUpkeep {
  readonly #options: UpkeepOptions;
  readonly #sync: ClockSync;
  readonly #ticker: NodeJS.Timeout;
  #ticks = 0;
  #problem: string | undefined = 'Redis was not reached yet';
  #rank: Rank = { workers: 1, rank: 0 };
  /** When Redis last was told of this worker. */
  #beatMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#sync = new ClockSync(options.clock, options.listener);
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
    const { nodes, probes, onUsable } = this.#options;
    await nodes.refresh();
    await this.#askTime();
    const ready = nodes.all().filter(({ isReady }) => isReady);
    await Promise.all(ready.map((node) => probes.rehearse(node)));
    this.#tellPolicy();
    await this.#look();
    await this.beat();
    onUsable();
  }

  /** R405. Rejects nothing: where Redis is away, what was known last stays. */
  async beat(): Promise<boolean> {
    const { nodes, scripts, worker, meta, clock, onForgotten } = this.#options;
    const name = `${meta.prefix}:inst`;
    const node = nodes.nodeOf(name);
    if (node?.isUsable !== true || this.#isClosed) return false;
    const [reply] = await nodes.send(node, [['evalsha', scripts.heartbeat.sha, 1, name, worker, ALIVE_MS, KEPT_MS]]);
    const value = valueOf(reply);
    if (!Array.isArray(value)) return false;
    this.#rank = { workers: Math.max(1, Number(value[0])), rank: Number(value[1]) };
    const nowMs = clock.monotonicMs();
    if (value[2] === 1 && nowMs - this.#beatMs < SURE_MS) onForgotten();
    this.#beatMs = nowMs;
    return true;
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
  }

  #tick(): void {
    const { nodes, probes, onUsable } = this.#options;
    this.#ticks += 1;
    void nodes.refresh();
    probes.look();
    // What is said against a node may have been mended.
    for (const node of nodes.all()) if (node.isUsable && node.problem !== undefined) void probes.rehearse(node);
    if (nodes.anyNode()?.isUsable !== true) return;
    void this.#askTime();
    onUsable();
    if (this.#ticks % BEAT_EVERY === 0) void this.beat();
    if (this.#problem !== undefined || this.#ticks % LOOK_EVERY === 0) void this.#look();
    if (this.#ticks % POLICY_EVERY === 0) void this.#lookAtPolicies();
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

  async #lookAtPolicies(): Promise<void> {
    const evicting = this.#options.nodes.all().filter(({ isUsable, evictionPolicy }) => isUsable && evictionPolicy !== undefined);
    await Promise.all(evicting.map((node) => node.readEvictionPolicy()));
    if (evicting.length > 0) this.#tellPolicy();
  }

  /** R409: of the first node that may evict, if there is one. */
  #tellPolicy(): void {
    const { nodes, listener } = this.#options;
    listener.evictionPolicy(nodes.all().find(({ evictionPolicy }) => evictionPolicy !== undefined)?.evictionPolicy);
  }

  async #look(): Promise<void> {
    const { nodes, meta } = this.#options;
    const node = nodes.nodeOf(`${meta.prefix}:meta`);
    const found = node?.isUsable === true ? await metaProblem(node, meta) : 'unknown';
    if (found !== 'unknown') this.#problem = found;
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
