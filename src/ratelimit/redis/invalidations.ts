// R505: hears from other workers which counters let hits pass again. One connection of its own: it can do nothing else.
import type { Redis } from 'ioredis';
import { keepConnected } from './keep-connected.ts';
import type { OverLimitCache } from './over-limit-cache.ts';
import type { ClientOptions, RedisAddress } from './redis-settings.ts';

/** A link that is half open says nothing: it is asked, and given up where it owes the answer (see `socketTimeout`). */
const ASK_MS = 2_000;
/** Before the hash of a counter that was set back (scripts/admin.lua). */
const RESET = 'reset ';

export interface InvalidationsOptions {
  readonly connect: (options: ClientOptions) => Redis;
  readonly options: ClientOptions;
  /** In a Cluster: who may be asked instead when the connection is lost. Each node is told everything. */
  readonly hosts: readonly RedisAddress[];
  readonly channel: string;
  readonly cache: OverLimitCache;
  /** A counter lets hits pass again. */
  readonly onChanged: (hash: string) => void;
  /** Beside that: what was taken of it before says nothing any more. */
  readonly onReset: (hash: string) => void;
}

export class Invalidations {
  readonly #redis: Redis;
  readonly #ticker: NodeJS.Timeout;
  readonly #disconnect: () => void;
  #attempts = 0;

  constructor({ connect, options, hosts, channel, cache, onChanged, onReset }: InvalidationsOptions) {
    this.#redis = connect({ ...options, autoResubscribe: false });
    // The other connections tell what is wrong; here it only shortens what is remembered.
    this.#redis.on('error', () => undefined);
    this.#redis.on('close', () => {
      cache.hears(false);
      this.#attempts += 1;
      Object.assign(this.#redis.options, hosts[this.#attempts % hosts.length]);
    });
    this.#redis.on('ready', () => {
      this.#redis.subscribe(channel).then(
        () => cache.hears(true),
        () => cache.hears(false),
      );
    });
    this.#redis.on('message', (_channel: string, key: string) => {
      if (key.startsWith(RESET)) return onReset(key.slice(RESET.length));
      cache.forget(key);
      onChanged(key);
    });
    this.#disconnect = keepConnected(this.#redis);
    this.#ticker = setInterval(() => this.#ask(), ASK_MS).unref();
  }

  renew(credentials: ClientOptions): void {
    Object.assign(this.#redis.options, credentials);
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#disconnect();
  }

  #ask(): void {
    if (this.#redis.status === 'ready') this.#redis.ping().catch(() => undefined);
  }
}
