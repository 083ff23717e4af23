// What a worker of the rate-limit companion is started with beside what every worker is. Plain data.
import type { GivenRedis } from '../ratelimit/redis/given-redis.ts';

export interface RatelimitWorkerSettings {
  /** Of all workers of this companion: memory counts in one alone (ratelimit R603). */
  readonly workers: number;
  /** Place of this one, from 0. */
  readonly worker: number;
  /** R810: used share above which a decision counts as near. */
  readonly nearRatio: number;
  /** Base64; in place of the one that the control plane sends (R410). */
  readonly keySecret?: string;
  /** In place of the store of the tables. */
  readonly redis?: GivenRedis;
}

export const DEFAULT_NEAR_RATIO = 0.8;
