// The masters of a Redis Cluster: one connection to each (R408), found from any node that answers, and looked for anew when keys have moved or a
// node is lost.
import { keySlot, SLOTS } from './key-slot.ts';
import { type Command, type RedisNode, type Reply, valueOf } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';
import type { RedisAddress } from './redis-settings.ts';

/** Even when nothing seems wrong, in calls of `refresh`. */
const LOOK_EVERY = 15;
const NONE = -1;
/** So many looks a node is kept that a redirection named and that has no slots yet: a new one, while the first keys move to it. */
const KEPT_LOOKS = 5;

export interface ClusterOptions {
  readonly hosts: readonly RedisAddress[];
  readonly createNode: (address: RedisAddress) => RedisNode;
}

export class ClusterNodes implements RedisNodes {
  readonly isSharded = true;
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<string, RedisNode>();
  /** Place of a slot's master in `#masters`. */
  readonly #slots = new Int16Array(SLOTS).fill(NONE);
  #masters: readonly RedisNode[] = [];
  /** Nodes that redirections named, and for how many looks they are kept. */
  readonly #named = new Map<string, number>();
  #isLooking = false;
  #waited = LOOK_EVERY;

  constructor(options: ClusterOptions) {
    this.#options = options;
    for (const host of options.hosts) this.#nodeAt(host);
  }

  nodeOf(tag: string): RedisNode | undefined {
    const master = this.#masters[this.#slots[keySlot(tag)] ?? NONE];
    if (master === undefined || !master.isReady) this.#waited = LOOK_EVERY;
    return master?.isReady === true ? master : undefined;
  }

  anyNode(): RedisNode | undefined {
    return this.#masters.find(({ isUsable }) => isUsable) ?? this.#masters.find(({ isReady }) => isReady);
  }

  /** Found by trying: of three masters, a few names do. */
  tagOf(node: RedisNode): string | undefined {
    if (!this.#masters.includes(node)) return undefined;
    for (let tag = 0; tag < SLOTS; tag += 1) if (this.#masters[this.#slots[keySlot(String(tag))] ?? NONE] === node) return String(tag);
    return undefined;
  }

  all(): readonly RedisNode[] {
    return [...this.#nodes.values()];
  }

  async send(node: RedisNode, commands: readonly Command[]): Promise<readonly Reply[]> {
    const replies = await node.send(commands);
    const moved = replies.flatMap((reply, at) => redirection(reply, at, () => this.#hostOf(node)));
    if (moved.length === 0) return replies;
    this.#waited = LOOK_EVERY;
    void this.refresh();
    const answers = new Map<number, Reply>();
    for (const address of new Set(moved.map(({ to }) => to)))
      await this.#sendAgain(
        moved.filter(({ to }) => to === address),
        commands,
        answers,
      );
    return replies.map((reply, at) => answers.get(at) ?? reply);
  }

  async refresh(): Promise<void> {
    this.#waited += 1;
    if (this.#isLooking || this.#waited < LOOK_EVERY) return;
    const all = [...this.#nodes.values()];
    const node = all.find(({ isUsable }) => isUsable) ?? all.find(({ isReady }) => isReady);
    if (node === undefined) return;
    this.#isLooking = true;
    this.#waited = 0;
    const [reply] = await node.send([['cluster', 'slots']]);
    this.#isLooking = false;
    const value = valueOf(reply);
    if (Array.isArray(value)) this.#learn(value, this.#hostOf(node));
  }

  close(): void {
    for (const node of this.#nodes.values()) node.close();
  }

  /** In the order in which they were sent; to a node that is not known yet nothing can be sent. */
  async #sendAgain(moved: readonly Redirection[], commands: readonly Command[], answers: Map<number, Reply>): Promise<void> {
    const [first] = moved;
    const address = first === undefined ? undefined : addressOf(first.to);
    const node = address === undefined ? undefined : this.#nodeAt(address);
    if (address !== undefined) this.#named.set(nameOf(address), KEPT_LOOKS);
    if (node?.isReady !== true) return;
    for (const { at, isAsk } of moved) {
      const command = commands[at] ?? ['ping'];
      const [reply] = isAsk ? [await node.sendAsking(command)] : await node.send([command]);
      if (reply !== undefined) answers.set(at, reply);
    }
  }

  /** Rows of first slot, last slot, master [host, port, …], replicas. */
  #learn(rows: readonly unknown[], asked: string): void {
    const masters: RedisNode[] = [];
    const seen = new Set<string>();
    this.#slots.fill(NONE);
    for (const row of rows) {
      const master = Array.isArray(row) ? masterOf(row, asked) : undefined;
      if (master === undefined) continue;
      seen.add(nameOf(master));
      this.#slots.fill(masters.push(this.#nodeAt(master)) - 1, master.first, master.last + 1);
    }
    this.#masters = masters;
    for (const [name, node] of this.#nodes) {
      if (seen.has(name) || seen.size === 0 || this.#isKept(name)) continue;
      node.close();
      this.#nodes.delete(name);
    }
    // Should all that were learned go away together, the hosts of the configuration are where to ask.
    if (masters.length === 0) for (const host of this.#options.hosts) this.#nodeAt(host);
  }

  /** Counts a look. */
  #isKept(name: string): boolean {
    const looks = this.#named.get(name) ?? 0;
    if (looks > 1) this.#named.set(name, looks - 1);
    else this.#named.delete(name);
    return looks > 0;
  }

  #hostOf(node: RedisNode): string {
    for (const [name, known] of this.#nodes) if (known === node) return addressOf(name).host;
    return '';
  }

  #nodeAt(address: RedisAddress): RedisNode {
    const name = nameOf(address);
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const made = this.#options.createNode(address);
    this.#nodes.set(name, made);
    return made;
  }
}

interface Redirection {
  readonly at: number;
  readonly isAsk: boolean;
  readonly to: string;
}

/** `MOVED slot host:port`: it did not run there. */
function redirection(reply: Reply, at: number, asked: () => string): readonly Redirection[] {
  const match = 'error' in reply ? /^(MOVED|ASK) \d+ (\S+)$/.exec(reply.error.message) : null;
  if (match?.[2] === undefined) return [];
  const { host, port } = addressOf(match[2]);
  return [{ at, isAsk: match[1] === 'ASK', to: nameOf({ host: toldHost(host, asked()), port }) }];
}

/** A server that does not know its name, or is not to tell it, means the one that was asked. */
function toldHost(host: unknown, asked: string): string {
  return typeof host === 'string' && host !== '' && host !== '?' ? host : asked;
}

function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}

function addressOf(text: string): RedisAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function masterOf(row: readonly unknown[], asked: string): (RedisAddress & { readonly first: number; readonly last: number }) | undefined {
  const [first, last, master] = row;
  if (typeof first !== 'number' || typeof last !== 'number' || !Array.isArray(master)) return undefined;
  const [host, port] = master;
  return typeof port === 'number' ? { first, last, host: toldHost(host, asked), port } : undefined;
}
