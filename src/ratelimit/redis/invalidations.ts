// R505: hears from other workers which counters let hits pass again. One connection of its own: it can do nothing else.
import type { Redis } from 'ioredis';
import type { OverLimitCache } from './over-limit-cache.ts';
import type { ClientOptions } from './redis-settings.ts';

export class Invalidations {
  readonly #redis: Redis;

  constructor(parts: {
    readonly connect: (options: ClientOptions) => Redis;
    readonly options: ClientOptions;
    readonly channel: string;
    readonly cache: OverLimitCache;
  }) {
    const { channel, cache } = parts;
    this.#redis = parts.connect({ ...parts.options, autoResubscribe: false });
    // The other connections tell what is wrong; here it only shortens what is remembered.
    this.#redis.on('error', () => undefined);
    this.#redis.on('close', () => cache.hears(false));
    this.#redis.on('ready', () => {
      this.#redis.subscribe(channel).then(
        () => cache.hears(true),
        () => cache.hears(false),
      );
    });
    this.#redis.on('message', (_channel: string, key: string) => cache.forget(key));
    this.#redis.connect().catch(() => undefined);
  }

  authenticate(password: string): void {
    this.#redis.options.password = password;
  }

  close(): void {
    this.#redis.disconnect();
  }
}
