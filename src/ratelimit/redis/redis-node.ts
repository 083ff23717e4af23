// One connection to one Redis: sends what belongs to one turn of the event loop in one write, and tells replies from refusals. It never sends a
// command a second time unless Redis has said that it did not run (R407, R408).
import type { Redis } from 'ioredis';
import type { StoreListener } from '../store/store-listener.ts';
import { Breaker } from './breaker.ts';
import { keepConnected } from './keep-connected.ts';
import type { RedisScripts } from './redis-scripts.ts';
import type { ClientOptions } from './redis-settings.ts';

export type Command = [string, ...(string | number)[]];

/** What Redis said to one command. `isLost`: it was sent, and the link broke before an answer came: it may have run. */
export type Reply = { readonly value: unknown } | { readonly error: Error; readonly isLost: boolean };

export interface NodeOptions {
  readonly connect: (options: ClientOptions) => Redis;
  readonly options: ClientOptions;
  readonly scripts: RedisScripts;
  readonly listener: StoreListener;
  /** The connection can be used, with all scripts loaded. */
  readonly onReady: (node: RedisNode) => void;
  /** It cannot any more. */
  readonly onLost: () => void;
}

/** Refusals after which the node is asked anew who it is: it is no longer the one to write to. */
const STALE = /^(READONLY|MASTERDOWN)/;
const OLDEST = 7;
const POLICY: Command = ['config', 'get', 'maxmemory-policy'];
/** How long what a rehearsal writes is kept. */
const REHEARSED_MS = 1_000;

export class RedisNode {
  /** R804: of this node alone; another one may answer meanwhile. */
  readonly breaker = new Breaker();
  readonly #redis: Redis;
  readonly #scripts: RedisScripts;
  readonly #listener: StoreListener;
  readonly #disconnect: () => void;
  #isReady = false;
  #problem: string | undefined;
  #refusal: string | undefined;
  #lastError: string | undefined;
  #evictionPolicy: string | undefined;

  constructor(parts: NodeOptions) {
    this.#scripts = parts.scripts;
    this.#listener = parts.listener;
    this.#redis = parts.connect(parts.options);
    this.#redis.on('error', (error: Error) => {
      this.#listener.redisError(kindOf(error));
      this.#lastError = reasonOf(error);
    });
    this.#redis.on('close', () => {
      if (this.#isReady) parts.onLost();
      this.#isReady = false;
    });
    this.#redis.on('ready', () => void this.#prepare(parts));
    this.#disconnect = keepConnected(this.#redis);
  }

  /** Commands may be sent. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** It may be asked to decide: it is ready, and answered so far. */
  get isUsable(): boolean {
    return this.#isReady && !this.breaker.isOpen;
  }

  /** Why there was no connection last time; no secret is part of it. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Why this Redis cannot be used at all; undefined where nothing is known against it. */
  get problem(): string | undefined {
    return this.#problem ?? this.#refusal;
  }

  /** Sends what decisions are made of, to a counter of nobody: undefined, or why that cannot be done here (R804, R1008). */
  async rehearse(counter: string): Promise<string | undefined> {
    const replies = await this.send([
      ['set', counter, 0, 'PX', REHEARSED_MS],
      ['incrby', counter, 0],
      ['get', counter],
      ['evalsha', this.#scripts.take.sha, 1, counter, 'f', 1, REHEARSED_MS, 't', 1, 0],
      ['evalsha', this.#scripts.give.sha, 1, counter, '', 'f', 1, REHEARSED_MS, counter, 1],
    ]);
    const refused = replies.find((reply) => 'error' in reply);
    const reason = refused === undefined ? undefined : reasonOf(refused.error);
    this.#refusal = isRefusal(refused, 'NOPERM') ? `the user of Redis may not do what counting needs: ${reason}` : undefined;
    return reason;
  }

  /** R409: by which it may evict counters; undefined where it does not, or does not tell. */
  get evictionPolicy(): string | undefined {
    return this.#evictionPolicy;
  }

  /** Whether that was mended meanwhile. */
  async readEvictionPolicy(): Promise<void> {
    const [policy] = await this.#sendOnce([POLICY]);
    if (policy !== undefined && 'value' in policy) this.#evictionPolicy = evictionPolicy(policy.value);
  }

  /** In one write; one reply for each. Never rejects. */
  async send(commands: readonly Command[]): Promise<readonly Reply[]> {
    const replies = await this.#sendOnce(commands);
    if (!replies.some((reply) => isRefusal(reply, 'NOSCRIPT'))) return replies;
    const unknown = replies.flatMap((reply, at) => (isRefusal(reply, 'NOSCRIPT') ? [at] : []));
    const again = await this.#sendOnce(unknown.map((at) => this.#asEval(commands[at] ?? ['ping'])));
    const answered = new Map(unknown.map((at, place) => [at, again[place]]));
    return replies.map((reply, at) => answered.get(at) ?? reply);
  }

  /** For a node that asks us to take a key that is on its way (ASK): that command and no other. */
  async sendAsking(command: Command): Promise<Reply> {
    const [, reply] = await this.#sendOnce([['asking'], command]);
    return reply ?? { error: new Error('no reply'), isLost: true };
  }

  /** Gives the connection up for another one: it says nothing, or is not the master any more. */
  reconnect(): void {
    this.#redis.disconnect(true);
  }

  /** R1008: what was rotated is used for new connections, and a password on this one too: it need not be given up. */
  renew(credentials: ClientOptions): void {
    Object.assign(this.#redis.options, credentials);
    const { username, password } = credentials;
    // A Redis that does not know the new one yet refuses it, and goes on as before.
    if (this.#isReady && typeof password === 'string')
      this.#redis.call('AUTH', ...(typeof username === 'string' ? [username] : []), password).catch(() => undefined);
  }

  close(): void {
    this.#isReady = false;
    this.#disconnect();
  }

  async #sendOnce(commands: readonly Command[]): Promise<readonly Reply[]> {
    try {
      const results = await this.#redis.pipeline([...commands]).exec();
      return (results ?? []).map(([error, value]) => (error === null ? { value } : this.#refused(error)));
    } catch (error) {
      const refusal = this.#refused(error instanceof Error ? error : new Error(String(error)));
      return commands.map(() => refusal);
    }
  }

  #refused(error: Error): Reply {
    this.#listener.redisError(kindOf(error));
    if (STALE.test(error.message)) this.reconnect();
    return { error, isLost: !isAnswered(error) };
  }

  #asEval(command: Command): Command {
    const [, sha, ...rest] = command;
    const script = Object.values(this.#scripts).find((known) => known.sha === sha);
    return ['eval', script?.text ?? '', ...rest];
  }

  /** R407, R409: scripts are loaded and the server is looked at before the first decision. */
  async #prepare({ onReady }: NodeOptions): Promise<void> {
    const loads = Object.values(this.#scripts).map(({ text }): Command => ['script', 'load', text]);
    const [info, policy] = await this.#sendOnce([['info', 'server'], POLICY, ...loads]);
    this.#problem = versionProblem(valueOf(info));
    this.#evictionPolicy = evictionPolicy(valueOf(policy));
    if (this.#redis.status !== 'ready' || this.#problem !== undefined) return;
    this.#isReady = true;
    this.#lastError = undefined;
    onReady(this);
  }
}

/** Redis refused the command, or it never left this process: in both cases it did not run. */
function isAnswered(error: Error): boolean {
  return error.name === 'ReplyError' || error.message.startsWith("Stream isn't writeable");
}

export function isRefusal(reply: Reply | undefined, word: string): boolean {
  return reply !== undefined && 'error' in reply && reply.error.message.startsWith(word);
}

export function valueOf(reply: Reply | undefined): unknown {
  return reply !== undefined && 'value' in reply ? reply.value : undefined;
}

/** Redis' own word for what is wrong, or `link`: a small set, fit for a label. */
function kindOf(error: Error): string {
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0] ?? 'link';
}

/** For a person: what Redis said, which never holds a value that was sent; or the system's own words. */
function reasonOf(error: Error): string {
  if (error.name !== 'ReplyError') return error.message;
  return error.message.startsWith('NOPERM') ? error.message.replace(/'[^']*\{[^']*'/g, 'a key') : kindOf(error);
}

/** Valkey tells a Redis version of 7.2 beside its own. An ACL may hide it: then nothing is known against it. */
function versionProblem(info: unknown): string | undefined {
  const version = typeof info === 'string' ? /redis_version:(\d+)\.(\S+)/.exec(info) : null;
  if (version === null || Number(version[1]) >= OLDEST) return undefined;
  return `Redis ${version[1]}.${version[2]} is too old: 7.0 or Valkey 7.2 is needed`;
}

function evictionPolicy(reply: unknown): string | undefined {
  const policy = Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
  return policy === 'noeviction' ? undefined : policy;
}
