// PB11, the memory part of the handler: from the bytes of a rate-limit request to the bytes of the answer, counting included; own tables and
// reference ones, one hot key, a thousand, a hundred thousand, and denials.

import { loadEnvoyApi } from '../../dist/proto/api.js';
import { DecisionCounts } from '../../dist/ratelimit/decision-counts.js';
import { createRateLimiter } from '../../dist/ratelimit/handler.js';
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';
import { measure, report } from './measure.mjs';

const DECISIONS = 50_000;
const api = loadEnvoyApi();
const CALL = { deadlineMs: Number.POSITIVE_INFINITY };

const own = (limit, algorithm) => ({
  revision: 'r1',
  domains: [
    {
      domain: 'chancery.edge',
      limits: [
        {
          name: 'per-user',
          parts: [{ part: 'jwt.sub', entry: 'jwt.sub' }],
          whenMissing: 'share',
          rates: [{ limit, algorithm, periodUs: 3_600_000_000, burst: limit }],
          overrides: [],
          mode: 'enforce',
          replaces: [],
          onStoreFailure: 'local',
          headers: 'draft',
        },
      ],
    },
  ],
});
const reference = {
  revision: 'r1',
  domains: [
    {
      domain: 'chancery.edge',
      descriptors: [
        {
          key: 'limit',
          value: 'per-*',
          descriptors: [
            {
              key: 'jwt.sub',
              limit: { name: '', replaces: [], rate: { unit: 'hour', requestsPerUnit: 4_000_000_000 } },
              descriptors: [],
              source: '',
            },
          ],
          source: '',
        },
      ],
    },
  ],
};

const request = (key) =>
  api.encode('envoy.service.ratelimit.v3.RateLimitRequest', {
    domain: 'chancery.edge',
    descriptors: [
      {
        entries: [
          { key: 'limit', value: 'per-user' },
          { key: 'jwt.sub', value: `auth0|5f7c8ec7c33c6c004bbafe${key}` },
        ],
      },
    ],
  });

function handlerOf(tables) {
  const clock = new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });
  const limiter = createRateLimiter({
    store: new MemoryStore({ clock, listener: SILENT_LISTENER, random: Math.random }),
    tools: { keySecret: Buffer.from('secret'), counts: new DecisionCounts(), nearRatio: 0.8, onStoreFailure: 'local' },
    reference: { isShadow: false, isQuota: false, hasMetadata: false },
    nowMs: Date.now,
    seed: 7,
  });
  limiter.setTables(tables);
  return limiter.handler;
}

function run(handler, requests) {
  const decisions = Math.max(DECISIONS, requests.length);
  let answered = 0;
  const count = (answer) => {
    if (answer instanceof Uint8Array) answered += 1;
  };
  for (let index = 0; index < decisions; index += 1) handler(requests[index % requests.length], CALL, count);
  if (answered !== decisions) throw new Error('a request was not answered on the spot');
}

const keys = (count) => Array.from({ length: count }, (_, index) => request(index));
const many = keys(100_000);
const CASES = {
  hot: { name: 'one hot key', tables: { own: own(2 ** 40, 'fixed') }, requests: many.slice(0, 1) },
  bucket: { name: 'one hot key, token bucket', tables: { own: own(10_000_000, 'bucket') }, requests: many.slice(0, 1) },
  denied: { name: 'one hot key, denied', tables: { own: own(1, 'fixed') }, requests: many.slice(0, 1) },
  '1k': { name: '1,000 keys', tables: { own: own(2 ** 40, 'fixed') }, requests: many.slice(0, 1_000) },
  '100k': { name: '100,000 keys', tables: { own: own(2 ** 40, 'fixed') }, requests: many },
  reference: { name: 'reference table, 1,000 keys', tables: { reference }, requests: many.slice(0, 1_000) },
};

const tasks = Object.fromEntries(
  Object.entries(CASES).map(([id, { tables, requests }]) => {
    const handler = handlerOf(tables);
    return [id, () => ({ measure: () => run(handler, requests) })];
  }),
);
const taken = await measure(tasks);
report(
  Object.entries(CASES).map(([id, { name, requests }]) => ({
    id: 'PB11',
    name: `handler in memory, ${name}: µs of CPU`,
    goalId: `limiter-memory-${id}`,
    count: Math.round((taken[id].cpuMs.median * 1_000_000) / Math.max(DECISIONS, requests.length)) / 1_000,
  })),
);
