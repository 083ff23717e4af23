// What all workers of a rate limiter know, put together for operators (ratelimit R811): counts add up, a counter that several saw is one.
import type { HotKey } from '../ratelimit/hot-keys.ts';
import type { LimitAnswer, ListedLimit, RecordedLimit, WorkerAnswer } from '../ratelimit/limit-question.ts';
import { sumOfPaces } from '../ratelimit/operator/decision-record.ts';
import { KeySketch } from '../ratelimit/operator/key-sketch.ts';
import { joinedShares } from '../ratelimit/quota/quota-shares.ts';

const LISTED = 100;

/** At least one answer, all to one question. Where workers differ in kind, the first one's holds. */
export function summedAnswer(answers: readonly [WorkerAnswer, ...(readonly WorkerAnswer[])]): LimitAnswer {
  const [first] = answers;
  switch (first.kind) {
    case 'listed': {
      const lists = answers.flatMap((answer) => (answer.kind === 'listed' ? answer : []));
      const stores = lists
        .flatMap((list) => list.stores)
        .sort((left, right) => compare(left.gateway, right.gateway) || left.worker - right.worker);
      return { kind: 'list', limits: summedLimits(lists.flatMap(({ limits }) => limits)), stores };
    }
    case 'hot':
      return { kind: 'hot', keys: summedKeys(answers.flatMap((answer) => (answer.kind === 'hot' ? answer.keys : []))) };
    case 'shares':
      return { kind: 'shares', budgets: joinedShares(answers.flatMap((answer) => (answer.kind === 'shares' ? answer.budgets : []))) };
    case 'counters':
    case 'refused':
      return first;
  }
}

function summedLimits(limits: readonly RecordedLimit[]): readonly ListedLimit[] {
  const byName = new Map<string, RecordedLimit[]>();
  for (const limit of limits) {
    const name = JSON.stringify([limit.gateway, limit.name]);
    byName.set(name, [...(byName.get(name) ?? []), limit]);
  }
  return [...byName.values()].flatMap(summedLimit);
}

function summedLimit(workers: readonly RecordedLimit[]): readonly ListedLimit[] {
  const [first] = workers;
  if (first === undefined) return [];
  const { recorded: _, hot, shares, ...facts } = first;
  const recorded = workers.map((worker) => worker.recorded);
  const summed: ListedLimit = {
    ...facts,
    sinceMs: Math.min(...recorded.map(({ sinceMs }) => sinceMs)),
    decisions: summedDecisions(recorded.map(({ decisions }) => decisions)),
    perSecond: sumOfPaces(recorded.map(({ perSecond }) => perSecond)),
    overKeys: KeySketch.sum(recorded.map(({ overKeys }) => overKeys)).size,
    ...(hot === undefined ? {} : { hot: hottest(workers.map((worker) => worker.hot ?? [])) }),
    ...(shares === undefined ? {} : { shares: joinedShares(workers.flatMap((worker) => worker.shares ?? [])) }),
  };
  return [summed];
}

/** As many as the worker that told most. */
function hottest(all: readonly (readonly HotKey[])[]): readonly HotKey[] {
  return summedKeys(all.flat()).slice(0, Math.max(...all.map(({ length }) => length)));
}

function summedDecisions(all: readonly ListedLimit['decisions'][]): ListedLimit['decisions'] {
  const sum = new Map<string, number>();
  for (const decisions of all) for (const [result, times] of Object.entries(decisions)) sum.set(result, (sum.get(result) ?? 0) + times);
  return Object.fromEntries(sum);
}

/** Of a key that a worker does not list, it may have had some hits too: what is told is at least what is listed. */
function summedKeys(keys: readonly HotKey[]): readonly HotKey[] {
  const byHash = new Map<string, HotKey>();
  for (const { hash, hits, error } of keys) {
    const known = byHash.get(hash);
    byHash.set(hash, { hash, hits: hits + (known?.hits ?? 0), error: error + (known?.error ?? 0) });
  }
  return [...byHash.values()].sort((left, right) => right.hits - left.hits || compare(left.hash, right.hash)).slice(0, LISTED);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
