// Which connection a counter's commands go to: the one there is, or the master of its slot in a Cluster.
import type { Command, RedisNode, Reply } from './redis-node.ts';

export interface RedisNodes {
  /** Whether counters of one request may be on different nodes (R406). */
  readonly isSharded: boolean;
  /** The node of what stands in braces in a counter's name; undefined while none can be used. */
  nodeOf(tag: string): RedisNode | undefined;
  /** Some node that is connected, one that answers if there is one; always the same one while it can be. */
  anyNode(): RedisNode | undefined;
  /** What to put in braces for a name that this node keeps; undefined while that is not known. */
  tagOf(node: RedisNode): string | undefined;
  /** All of them, usable or not. */
  all(): readonly RedisNode[];
  /** Sends in one write, and again, once, to where a node says that a key has moved. Never rejects. */
  send(node: RedisNode, commands: readonly Command[]): Promise<readonly Reply[]>;
  /** Looks again who has what, where that can change. Called each second. */
  refresh(): Promise<void>;
  close(): void;
}

/** One server, or the master that Sentinel names. */
export class SingleNode implements RedisNodes {
  readonly isSharded = false;
  readonly #node: RedisNode;

  constructor(node: RedisNode) {
    this.#node = node;
  }

  nodeOf(): RedisNode | undefined {
    return this.#node.isReady ? this.#node : undefined;
  }

  anyNode(): RedisNode | undefined {
    return this.nodeOf();
  }

  tagOf(): string {
    return '0';
  }

  all(): readonly RedisNode[] {
    return [this.#node];
  }

  send(node: RedisNode, commands: readonly Command[]): Promise<readonly Reply[]> {
    return node.send(commands);
  }

  async refresh(): Promise<void> {
    return undefined;
  }

  close(): void {
    this.#node.close();
  }
}

/** For a person: that there is no connection, and why, where a node told. */
export function notConnected(nodes: RedisNodes): string {
  const reason = nodes.all().find(({ lastError }) => lastError !== undefined)?.lastError;
  return reason === undefined ? 'Redis is not connected' : `Redis is not connected: ${reason}`;
}
