// What operators and the quota allocator ask of Redis: one call each, with an answer or a StoreError (R703, R811). Not on the path of decisions.

import { FixedWindows } from '../algorithms/fixed-window.ts';
import type { StoreClock } from '../store/store-clock.ts';
import { StoreError } from '../store/store-error.ts';
import type { CounterReading, CounterTarget, CounterUse, LedgerAnswer, LedgerClaim, LedgerEntry } from '../store.ts';
import { type Command, valueOf } from './redis-node.ts';
import type { RedisNodes } from './redis-nodes.ts';
import type { RedisScripts } from './redis-scripts.ts';
import { counterArguments, fixedTtlMs } from './store-keys.ts';

/** An operator waits longer than a request. */
const PATIENCE_MS = 2_000;

export interface OperatorsOptions {
  readonly nodes: RedisNodes;
  readonly scripts: RedisScripts;
  readonly clock: StoreClock;
  readonly random: () => number;
  readonly prefix: string;
  readonly channel: string;
  /** A counter's key now. */
  readonly nameOf: (target: CounterTarget) => string;
}

export class Operators {
  readonly #options: OperatorsOptions;
  readonly #windows = new FixedWindows();

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  async read(target: CounterTarget): Promise<CounterReading> {
    if (target.limit.limit === 0) return { used: 0, remaining: 0, resetMs: 0 };
    const [used = 0, available = 0, emptyUs = 0] = await this.#admin('read', target, 0);
    const nowUs = this.#options.clock.nowUs();
    const untilUs = target.limit.algorithm === 'fixed' ? this.#windows.at(target.limit, nowUs).endUs - nowUs : emptyUs;
    return { used, remaining: Math.max(0, available), resetMs: Math.ceil(untilUs / 1000) };
  }

  async change(what: 'reset' | 'grant' | 'announce', target: CounterTarget, hits: number): Promise<void> {
    if (target.limit.limit > 0) await this.#admin(what, target, hits);
  }

  /** R805: counts hits in a fixed window, and does not wait for an answer. */
  add(use: CounterUse, name: string, hits: number): void {
    const { nodes } = this.#options;
    const node = nodes.nodeOf((use.slot ?? use.key).text);
    if (node === undefined) return;
    void nodes.send(node, [
      ['set', name, 0, 'PX', this.#ttlMs(use), 'NX'],
      ['incrby', name, hits],
    ]);
  }

  async ledger(claim: LedgerClaim): Promise<LedgerAnswer> {
    const name = `${this.#options.prefix}:q:{${claim.key.text}}`;
    const { holder, limit, burst, share, wantedBurst, demand, ttlMs, isConfirmed } = claim;
    const arguments_ = [holder, limit, burst, share, wantedBurst, demand, ttlMs, isConfirmed ? 1 : 0];
    const value = await this.#ask(claim.key.text, ['evalsha', this.#options.scripts.ledger.sha, 1, name, ...arguments_]);
    const [grantedShare, grantedBurst, freeShare, freeBurst, ...rest] = value;
    const holders: LedgerEntry[] = [];
    for (let at = 0; at + 3 < rest.length; at += 4) {
      holders.push({ holder: String(rest[at]), share: Number(rest[at + 1]), burst: Number(rest[at + 2]), demand: Number(rest[at + 3]) });
    }
    return {
      share: Number(grantedShare),
      burst: Number(grantedBurst),
      freeShare: Number(freeShare),
      freeBurst: Number(freeBurst),
      holders,
    };
  }

  async #admin(what: string, target: CounterTarget, hits: number): Promise<readonly number[]> {
    const { scripts, channel, nameOf } = this.#options;
    const describe = counterArguments(target, this.#ttlMs(target));
    const given = [what, channel, target.key.text, hits, ...describe];
    const value = await this.#ask((target.slot ?? target.key).text, ['evalsha', scripts.admin.sha, 1, nameOf(target), ...given]);
    return value.map(Number);
  }

  #ttlMs({ limit }: CounterTarget): number {
    const nowUs = this.#options.clock.nowUs();
    return limit.algorithm === 'fixed' ? fixedTtlMs(this.#windows.at(limit, nowUs), nowUs, this.#options.random()) : 0;
  }

  async #ask(tag: string, command: Command): Promise<readonly unknown[]> {
    const { nodes } = this.#options;
    // What was given back in this turn of the event loop is sent at its end, and is to be seen.
    await new Promise((resolve) => setImmediate(resolve));
    const node = nodes.nodeOf(tag);
    if (node === undefined) throw new StoreError('unavailable', 'Redis is not connected');
    const replies = await inTime(nodes.send(node, [command]));
    const [reply] = replies ?? [];
    if (reply === undefined) throw new StoreError('timeout', `Redis did not answer within ${PATIENCE_MS} ms`);
    const value = valueOf(reply);
    if (Array.isArray(value)) return value;
    throw new StoreError('unavailable', 'error' in reply ? reply.error.message : 'Redis answered something else');
  }
}

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    void answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
