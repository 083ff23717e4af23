// R804: a node that failed is not asked to decide until it does again what decisions are made of. Tells once when the first one fails and once when
// the last one is back; decides nothing about requests.
import type { StoreListener } from '../store/store-listener.ts';
import type { RedisNode } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';

export interface NodeProbesOptions {
  readonly nodes: RedisNodes;
  readonly listener: Pick<StoreListener, 'breaker'>;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
  /** A node answers again. */
  readonly onBack: () => void;
}

export class NodeProbes {
  readonly #options: NodeProbesOptions;
  readonly #timers = new Map<RedisNode, NodeJS.Timeout>();
  #wasOpen = false;
  #isClosed = false;

  constructor(options: NodeProbesOptions) {
    this.#options = options;
  }

  /** The breaker of a node opened: from now on it is only tried. */
  opened(node: RedisNode): void {
    this.look();
    this.#schedule(node);
  }

  /** A connection is new, or something is said against it: whether it can do what counting needs. */
  async rehearse(node: RedisNode): Promise<void> {
    if (node.breaker.isOpen) await this.#tryAgain(node);
    else await this.#isGood(node);
  }

  /** Nodes may have left meanwhile, with open breakers. */
  look(): void {
    const all = new Set(this.#options.nodes.all());
    for (const [node, timer] of this.#timers) {
      if (all.has(node)) continue;
      clearTimeout(timer);
      this.#timers.delete(node);
    }
    const isOpen = [...all].some(({ breaker }) => breaker.isOpen);
    if (isOpen === this.#wasOpen || this.#isClosed) return;
    this.#wasOpen = isOpen;
    this.#options.listener.breaker(isOpen);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule(node: RedisNode): void {
    clearTimeout(this.#timers.get(node));
    if (this.#isClosed || !this.#options.nodes.all().includes(node)) return;
    this.#timers.set(node, setTimeout(() => void this.#tryAgain(node), node.breaker.nextProbeMs()).unref());
  }

  async #tryAgain(node: RedisNode): Promise<void> {
    clearTimeout(this.#timers.get(node));
    this.#timers.delete(node);
    const isBack = node.isReady && (await this.#isGood(node));
    if (this.#isClosed || !node.breaker.isOpen) return;
    if (!isBack) {
      this.#schedule(node);
      return;
    }
    node.breaker.succeeded(this.#options.monotonicMs());
    this.look();
    this.#options.onBack();
  }

  /** In time, and without a refusal. */
  #isGood(node: RedisNode): Promise<boolean> {
    const { nodes, prefix, timeoutMs } = this.#options;
    const tag = nodes.tagOf(node);
    // Of a Cluster's node that keeps nothing, nothing is asked.
    if (tag === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      void node.rehearse(`${prefix}:p:{${tag}}`).then((reason) => {
        clearTimeout(timer);
        resolve(reason === undefined);
      });
    });
  }
}
