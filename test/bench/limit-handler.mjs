// What the cases of PB11 share that measure the limiter's handler: how one is made, how many decisions a round takes, how it is reported.
import { DecisionCounts } from '../../dist/ratelimit/decision-counts.js';
import { createRateLimiter } from '../../dist/ratelimit/handler.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';

const DECISIONS = 50_000;
export const CALL = { deadlineMs: Number.POSITIVE_INFINITY };

export const storeClock = () => new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });

/** Each request of the case once at least. */
export const decisionsOf = (requests) => Math.max(DECISIONS, requests.length);

export function handlerOf(store, tables) {
  const limiter = createRateLimiter({
    store,
    tools: { keySecret: Buffer.from('secret'), counts: new DecisionCounts(), nearRatio: 0.8, onStoreFailure: 'local' },
    reference: { isShadow: false, isQuota: false, hasMetadata: false },
    nowMs: Date.now,
    seed: 7,
  });
  limiter.setTables(tables);
  return limiter.handler;
}

export function handlerRow({ name, goalId, decisions }, { cpuMs, wallMs }) {
  return {
    id: 'PB11',
    name: `${name}: µs of CPU`,
    goalId,
    count: Math.round((cpuMs.median * 1_000_000) / decisions) / 1_000,
    perSecond: (decisions * 1_000) / wallMs.median,
  };
}
