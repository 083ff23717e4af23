// What the API of limits answers (ratelimit R811), as the commands read it. What they do not show is let pass.
import { z } from 'zod';

const pace = z.object({ allowed: z.number(), denied: z.number(), wouldDeny: z.number(), degraded: z.number(), shed: z.number() });
const holder = z.object({
  holder: z.string(),
  proxy: z.string().optional(),
  perSecond: z.number(),
  burst: z.number(),
  demand: z.number(),
  isClosed: z.boolean(),
});
const budget = z.object({
  hash: z.string(),
  perSecond: z.number(),
  burst: z.number(),
  reservePerSecond: z.number(),
  givenPerSecond: z.number(),
  holders: z.array(holder),
  others: z.number(),
});
const listed = z.object({
  gateway: z.string(),
  name: z.string(),
  source: z.string().optional(),
  scope: z.enum(['shared', 'quota']),
  reserve: z.number().optional(),
  parts: z.array(z.string()),
  rates: z.array(z.string()),
  overrides: z.number(),
  mode: z.enum(['enforce', 'shadow']),
  onStoreFailure: z.enum(['local', 'allow', 'deny']),
  store: z.string(),
  revision: z.string(),
  isLingering: z.boolean(),
  sinceMs: z.number(),
  decisions: z.record(z.string(), z.number()),
  perSecond: pace,
  overKeys: z.object({ count: z.number(), isExact: z.boolean() }),
  shares: z.array(budget).optional(),
});
const store = z.object({
  gateway: z.string(),
  worker: z.number(),
  kind: z.enum(['memory', 'redis']),
  state: z.enum(['ready', 'away']),
  isBreakerOpen: z.boolean(),
  reason: z.string().optional(),
  sinceMs: z.number().optional(),
});

export const limitList = z.object({ limits: z.array(listed), stores: z.array(store) });
export const hotList = z.object({ keys: z.array(z.object({ hash: z.string(), hits: z.number(), error: z.number() })) });
export const counterAnswer = z.object({
  limit: z.string(),
  scope: z.enum(['shared', 'quota']),
  applies: z.string(),
  counters: z.array(
    z.object({
      hash: z.string(),
      key: z.string(),
      rate: z.string(),
      used: z.number(),
      remaining: z.number(),
      resetMs: z.number(),
      resetAt: z.string(),
      localPart: z.object({ hits: z.number(), workers: z.number() }).optional(),
    }),
  ),
  ledger: z.string().optional(),
  path: z.array(z.object({ about: z.string(), outcome: z.enum(['yes', 'no', 'fact']), text: z.string() })).optional(),
  bounds: z
    .array(
      z.object({
        about: z.string(),
        rule: z.string(),
        atMost: z.number().optional(),
        withinSeconds: z.number().optional(),
        text: z.string(),
      }),
    )
    .optional(),
  shares: z.array(budget).optional(),
});

export type LimitList = z.output<typeof limitList>;
export type ListedLimit = LimitList['limits'][number];
export type StoreState = LimitList['stores'][number];
export type BudgetShares = z.output<typeof budget>;
export type HotKey = z.output<typeof hotList>['keys'][number];
export type Counters = z.output<typeof counterAnswer>;
