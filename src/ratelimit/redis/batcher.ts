// R501: what was asked in one turn of the event loop leaves in one write for each node; never a timer, never waiting for what is on its way. Decides
// what became of each command, and gives up on a batch that is not answered in time.
import type { FixedWindows } from '../algorithms/fixed-window.ts';
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import type { CounterTarget, CounterUse, StoreFailure } from '../store.ts';
import { decidedParts } from './decided-parts.ts';
import type { OverLimitCache } from './over-limit-cache.ts';
import type { Pending } from './pending.ts';
import { isPlain, PlainCommand } from './plain-command.ts';
import type { PlainCounters } from './plain-counters.ts';
import { type Command, type RedisNode, type Reply, valueOf } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';
import type { RedisScripts } from './redis-scripts.ts';
import { ScriptCommand, type ScriptPart } from './script-command.ts';
import { counterArguments, counterName, fixedTtlMs } from './store-keys.ts';

export interface BatcherOptions {
  readonly nodes: RedisNodes;
  readonly scripts: RedisScripts;
  readonly prefix: string;
  /** Told of what may let hits pass again (R505). */
  readonly channel: string;
  readonly timeoutMs: number;
  readonly clock: StoreClock;
  readonly windows: FixedWindows;
  readonly random: () => number;
  readonly listener: StoreListener;
  readonly cache: OverLimitCache;
  readonly counters: PlainCounters;
  /** A node answered a batch, or did not (R804). */
  readonly onBatch: (node: RedisNode, failure: StoreFailure | undefined) => void;
}

/** What leaves together for one node. */
interface Batch {
  readonly plain: PlainCommand[];
  readonly scripts: Map<string, ScriptCommand>;
  /** Calls that nobody else joins: hits that are given back, and scripts that can take no more groups. */
  readonly first: Command[];
  readonly full: ScriptCommand[];
  requests: number;
}

export class Batcher {
  readonly #options: BatcherOptions;
  #batches = new Map<RedisNode, Batch>();
  #flush: NodeJS.Immediate | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Why these uses cannot be asked about now; undefined where they can. */
  failureOf(uses: readonly CounterUse[], places: readonly number[]): StoreFailure | undefined {
    let failure: StoreFailure | undefined;
    for (const place of places) {
      const node = this.#nodeOf(uses[place]);
      if (node === undefined) return 'unavailable';
      if (node.breaker.isOpen) failure = 'breaker';
    }
    return failure;
  }

  /** Asks about the uses at these places, of which nothing is known against asking. */
  add(pending: Pending, places: readonly number[]): void {
    const { uses } = pending;
    const nowUs = this.#options.clock.nowUs();
    const parts = places.length === 1 ? [places] : decidedParts(uses, places, this.#options.nodes.isSharded);
    pending.expects(parts.length, nowUs);
    for (const part of parts) {
      const node = this.#nodeOf(uses[part[0] ?? 0]);
      if (node === undefined) continue;
      const partUses = part.length === uses.length ? uses : part.flatMap((place) => uses[place] ?? []);
      this.#addPart(this.#batchOf(node), { uses: partUses, pending, places: part }, nowUs);
    }
  }

  /** Gives hits back that were taken at that time; `isTold` where others may have to let hits pass again. */
  giveBack(
    uses: readonly (CounterTarget & { readonly hits: number })[],
    { atUs, isTold }: { readonly atUs: number; readonly isTold: boolean },
  ): void {
    const { scripts, channel } = this.#options;
    for (const use of uses) {
      const node = this.#nodeOf(use);
      if (node?.isUsable !== true || use.hits === 0) continue;
      const describe = counterArguments(use, 0);
      const name = this.nameOf(use, atUs);
      this.#batchOf(node).first.push(['evalsha', scripts.give.sha, 1, name, isTold ? channel : '', ...describe, use.key.text, use.hits]);
    }
  }

  /** The counter's key in Redis, of the window at that time. */
  nameOf(target: CounterTarget, atUs: number): string {
    const { windows, prefix } = this.#options;
    return counterName(prefix, target, target.limit.algorithm === 'fixed' ? windows.at(target.limit, atUs) : undefined);
  }

  /** What waits to be sent is not. */
  close(): void {
    clearImmediate(this.#flush);
    for (const batch of this.#batches.values()) {
      for (const { counter } of batch.plain) counter.command = undefined;
      failAll(batch, 'unavailable');
    }
    this.#batches.clear();
  }

  #nodeOf(target: CounterTarget | undefined): RedisNode | undefined {
    return target === undefined ? undefined : this.#options.nodes.nodeOf((target.slot ?? target.key).text);
  }

  #batchOf(node: RedisNode): Batch {
    const known = this.#batches.get(node);
    if (known !== undefined) return known;
    const made: Batch = { plain: [], scripts: new Map(), first: [], full: [], requests: 0 };
    this.#batches.set(node, made);
    this.#flush ??= setImmediate(() => this.#send());
    return made;
  }

  #addPart(batch: Batch, part: ScriptPart, nowUs: number): void {
    batch.requests += 1;
    const [use] = part.uses;
    const [place = 0] = part.places;
    if (use !== undefined && part.uses.length === 1 && isPlain(use)) {
      const counter = this.#options.counters.at(use, this.#options.windows.at(use.limit, nowUs));
      const mine = { use, pending: part.pending, place };
      if (counter.command !== undefined) {
        counter.command.add(mine);
        return;
      }
      counter.command = new PlainCommand(counter, mine);
      batch.plain.push(counter.command);
      return;
    }
    this.#addScript(batch, part, nowUs);
  }

  #addScript(batch: Batch, part: ScriptPart, nowUs: number): void {
    const { prefix, windows, random } = this.#options;
    const keys = part.uses.map((use) => {
      const window = use.limit.algorithm === 'fixed' ? windows.at(use.limit, nowUs) : undefined;
      const ttlMs = window === undefined ? 0 : fixedTtlMs(window, nowUs, random());
      return { name: counterName(prefix, use, window), window, describe: counterArguments(use, ttlMs) };
    });
    // Requests join where they ask the same of the same counters; the time a key is to live does not matter.
    const name = keys.map((key, at) => `${key.name} ${part.uses[at]?.limit.limit} ${part.uses[at]?.limit.burst}`).join(' ');
    const known = batch.scripts.get(name);
    if (known?.isFull === true) batch.full.push(known);
    const command = known === undefined || known.isFull ? new ScriptCommand(keys) : known;
    batch.scripts.set(name, command);
    command.add(part);
  }

  #send(): void {
    this.#flush = undefined;
    const batches = this.#batches;
    this.#batches = new Map();
    for (const [node, batch] of batches) void this.#sendBatch(node, batch);
  }

  async #sendBatch(node: RedisNode, batch: Batch): Promise<void> {
    const { nodes, listener, timeoutMs, onBatch, cache, clock } = this.#options;
    const context = { node, nowUs: clock.nowUs(), generation: cache.generation };
    const commands = this.#commandsOf(batch, context.nowUs);
    if (batch.requests > 0) listener.batch(batch.requests, commands.length);
    const sentMs = clock.monotonicMs();
    let [isLate, isAnswered] = [false, false];
    const giveUp = (): void => {
      if (isAnswered) return;
      isLate = true;
      listener.batchEnded(clock.monotonicMs() - sentMs);
      listener.redisError('timeout');
      onBatch(node, 'timeout');
      failAll(batch, 'timeout');
    };
    // Timers go before sockets: after a pause of this process the answer may be there and not read yet.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    const replies = await nodes.send(node, commands);
    isAnswered = true;
    clearTimeout(timer);
    // Whether a late answer is good news is for the probes to find out.
    if (!isLate) {
      listener.batchEnded(clock.monotonicMs() - sentMs);
      onBatch(node, replies.every((reply) => 'error' in reply) ? 'unavailable' : undefined);
    }
    this.#dispatch(batch, replies, context);
  }

  /** In the order in which `#dispatch` reads the replies. */
  #commandsOf({ first, full, scripts, plain }: Batch, nowUs: number): readonly Command[] {
    const { sha } = this.#options.scripts.take;
    const commands = [...first];
    for (const script of [...full, ...scripts.values()]) commands.push(['evalsha', sha, ...script.arguments()]);
    for (const command of plain) {
      const { counter, sum } = command;
      // Who asks from now on asks in the next turn.
      counter.command = undefined;
      command.isFirst = sum > 0 && !counter.isTouched;
      // R504: a key that is counted for the first time is given an end before it is counted.
      if (command.isFirst) commands.push(['set', counter.name, 0, 'PX', this.#ttlMs(command, nowUs), 'NX']);
      commands.push(sum === 0 ? ['get', counter.name] : ['incrby', counter.name, sum]);
    }
    return commands;
  }

  #dispatch({ first, full, scripts, plain }: Batch, replies: readonly Reply[], context: Context): void {
    let at = first.length;
    for (const script of [...full, ...scripts.values()]) this.#decideScript(script, replies[at++] ?? NO_REPLY, context);
    for (const command of plain) {
      if (command.isFirst) at += 1;
      this.#decidePlain(command, replies[at++] ?? NO_REPLY, context);
    }
  }

  #decideScript(command: ScriptCommand, reply: Reply, { nowUs, generation }: Context): void {
    const value = valueOf(reply);
    if (!isNumbers(value)) command.fail(failureIn(reply));
    else command.decide(value, nowUs, (use, retryUs) => this.#remember(use, retryUs, generation));
  }

  #decidePlain(command: PlainCommand, reply: Reply, { node, nowUs, generation }: Context): void {
    const after = 'value' in reply ? Number(reply.value ?? 0) : Number.NaN;
    if (Number.isNaN(after)) {
      command.fail(failureIn(reply));
      return;
    }
    const { counter, sum, target } = command;
    const { denied, over } = command.decide(after, nowUs);
    if (over !== undefined) this.#remember(over, counter.window.endUs - nowUs, generation);
    if (sum === 0) return;
    this.#noteTouched(node, command, { after, denied });
    // Denied requests take nothing (R307): what they added is taken away again. Nobody need be told: the counter is full all the same.
    if (denied > 0) this.giveBack([{ ...target, hits: denied }], { atUs: counter.window.startUs, isTold: false });
  }

  #noteTouched(node: RedisNode, command: PlainCommand, { after, denied }: { readonly after: number; readonly denied: number }): void {
    const { nodes, listener, clock } = this.#options;
    const { counter, sum } = command;
    // Also where it may have been changed, and not lost: a counter without an end would stay for ever.
    if (counter.isTouched && after === sum) {
      if (counter.total > 0) listener.counterLost();
      void nodes.send(node, [['pexpire', counter.name, this.#ttlMs(command, clock.nowUs())]]);
    }
    counter.isTouched = true;
    // A counter that went back (reset, granted, lost) forgets whose hits it had: nobody's part of all hits is more than all of them (R803).
    counter.own = Math.min(counter.own, Math.max(0, after - sum)) + sum - denied;
    counter.total = after - denied;
  }

  #ttlMs({ counter }: PlainCommand, nowUs: number): number {
    return fixedTtlMs(counter.window, nowUs, this.#options.random());
  }

  #remember(use: CounterUse, waitUs: number, generation: number): void {
    const { cache, clock } = this.#options;
    // Something may have been given back while the answer was on its way.
    if (generation !== cache.generation || !(waitUs > 0)) return;
    const nowMs = clock.monotonicMs();
    cache.remember(use, { nowMs, untilMs: nowMs + waitUs / 1000 });
  }
}

interface Context {
  readonly node: RedisNode;
  /** When the batch left. */
  readonly nowUs: number;
  readonly generation: number;
}

const NO_REPLY: Reply = { error: new Error('no reply'), isLost: true };

/** Redis may have counted what it could not tell us any more: that is not to be counted a second time (R802). */
function failureIn(reply: Reply): StoreFailure {
  return 'error' in reply && reply.isLost ? 'lost' : 'unavailable';
}

function failAll({ plain, scripts, full }: Batch, failure: StoreFailure): void {
  for (const command of [...plain, ...scripts.values(), ...full]) command.fail(failure);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'number');
}
