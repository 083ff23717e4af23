// What one worker of the rate limiter answers operators (ratelimit R811): its limits with what they decided, its stores, and single counters. A
// counter that was changed is divided anew at once where its limit is.
import type { HotKey } from '../ratelimit/hot-keys.ts';
import type { HotRules } from '../ratelimit/hot-rules.ts';
import { operate, recordedLimits } from '../ratelimit/limit-operator.ts';
import type { LimitQuestion, StoreState, WorkerAnswer } from '../ratelimit/limit-question.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { DOMAIN_PREFIX } from './ratelimit-names.ts';
import type { WatchedStore } from './ratelimit-store-listener.ts';

export interface LimitAnswersOptions {
  /** Place of this worker, from 0. */
  readonly worker: number;
  readonly gateways: ReadonlyMap<string, Pick<GatewayLimits, 'operated' | 'counterChanged'>>;
  /** By gateway. */
  readonly stores: ReadonlyMap<string, Pick<WatchedStore, 'state'>>;
  readonly hot: Pick<HotRules, 'names' | 'top'>;
}

/** Rejects for what should not be. */
export async function limitAnswer(options: LimitAnswersOptions, question: LimitQuestion): Promise<WorkerAnswer> {
  if (question.kind === 'list') {
    const operated = [...options.gateways.values()].flatMap((limits) => limits.operated ?? []);
    return { kind: 'listed', limits: operated.flatMap((each) => recordedLimits(each, question.hot)), stores: storesOf(options) };
  }
  const limits = options.gateways.get(question.gateway);
  const operated = limits?.operated;
  if (limits === undefined || operated === undefined)
    return { kind: 'refused', status: 404, reason: `no limits of a gateway "${question.gateway}" are served here` };
  if (question.kind === 'hot') return { kind: 'hot', keys: operated.hot(question.limit) };
  if (question.kind === 'shares') {
    const budgets = operated.shares(question.limit);
    return { kind: 'shares', budgets: question.hash === undefined ? budgets : budgets.filter(({ hash }) => hash === question.hash) };
  }
  const deed = question.kind === 'grant' ? { grant: question.hits } : question.kind;
  const answer = await operate(operated, question, deed);
  const isChange = deed !== 'show' && deed !== 'explain';
  if (isChange && answer.kind === 'counters') for (const { hash } of answer.counters) limits.counterChanged(hash);
  return answer;
}

/** Of all windows of the limit. */
export function hotKeysOf(hot: LimitAnswersOptions['hot'], gateway: string, limit: string): readonly HotKey[] {
  const prefix = `${DOMAIN_PREFIX}${gateway}/${limit}/`;
  return hot
    .names()
    .filter((id) => id.startsWith(prefix))
    .flatMap((id) => hot.top(id)?.keys ?? []);
}

function storesOf({ worker, gateways, stores }: LimitAnswersOptions): readonly StoreState[] {
  return [...gateways].flatMap(([gateway, { operated }]): StoreState[] => {
    const state = stores.get(gateway)?.state;
    if (operated === undefined || state === undefined) return [];
    const { isBreakerOpen, away } = state;
    const base = { gateway, worker, kind: operated.storeKind, isBreakerOpen };
    return [away === undefined ? { ...base, state: 'ready' } : { ...base, state: 'away', ...away }];
  });
}
