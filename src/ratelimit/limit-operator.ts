// Answers operators about the limits of one gateway (R811): finds the counter that a request with these values would have, by the same plan that
// decides requests, and reads or changes it in the store. Logs nothing; what it tells holds hashes only.
import type { RuleCounts } from './decision-counts.ts';
import { DECISION_RESULTS } from './decision-counts.ts';
import type { CounterAddress, LimitAnswer, ListedLimit, ShownCounter } from './limit-question.ts';
import type { LimitRule } from './limit-table.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';
import type { DomainPlans } from './plan/domain-plans.ts';
import { rateWords } from './rate-words.ts';
import type { EntrySpan } from './request-scan.ts';
import { StoreError } from './store/store-error.ts';
import type { CounterStore } from './store.ts';

/** On the wire and in a store, hits of one request are at most these. */
const MOST_HITS = 4_294_967_295;

export interface OperatedLimits {
  readonly gateway: string;
  readonly revision: string;
  readonly limits: readonly LimitRule[];
  readonly lingering: ReadonlySet<string>;
  readonly storeKind: 'memory' | 'redis';
  readonly store: CounterStore;
  readonly plans: DomainPlans;
  readonly counts: ReadonlyMap<string, RuleCounts>;
}

export type CounterDeed = 'show' | 'explain' | 'reset' | 'ban' | { readonly grant: number };

export function listedLimits({ gateway, revision, limits, lingering, storeKind, counts }: OperatedLimits): readonly ListedLimit[] {
  return limits.map(({ name, source, parts, rates, overrides, mode, onStoreFailure }) => ({
    gateway,
    name,
    ...(source === undefined ? {} : { source }),
    parts: parts.map(({ part }) => part),
    rates: rates.map(rateWords),
    overrides: overrides.length,
    mode,
    onStoreFailure,
    store: storeKind,
    revision,
    isLingering: lingering.has(name),
    decisions: decisionsOf(counts.get(name)),
  }));
}

/** Never rejects. */
export async function operate(limits: OperatedLimits, address: CounterAddress, deed: CounterDeed): Promise<LimitAnswer> {
  const rule = limits.limits.find(({ name }) => name === address.limit);
  if (rule === undefined) return refused(404, `there is no limit "${address.limit}" of gateway "${limits.gateway}"`);
  const stray = Object.keys(address.parts).find((part) => !rule.parts.some((known) => known.part === part));
  if (stray !== undefined) return refused(400, `"${stray}" is no part of its key: ${partsText(rule)}`);
  const plan = planOf(limits.plans, rule, address.parts);
  try {
    if (plan.kind === 'counted') for (const counter of plan.counters) await change(limits.store, counter, deed);
    const counters = plan.kind === 'counted' ? await shown(limits.store, plan) : [];
    return { kind: 'counters', limit: rule.name, applies: appliesText(plan, rule), counters };
  } catch (error) {
    if (error instanceof StoreError) return refused(503, error.message);
    throw error;
  }
}

function decisionsOf(counts: RuleCounts | undefined): Readonly<Record<string, number>> {
  if (counts === undefined) return {};
  return Object.fromEntries(DECISION_RESULTS.flatMap((result) => (counts.of(result) === 0 ? [] : [[result, counts.of(result)]])));
}

async function change(store: CounterStore, { target, capacity }: DescriptorPlan['counters'][number], deed: CounterDeed): Promise<void> {
  if (deed === 'reset') return store.reset(target);
  if (typeof deed === 'object') return store.grant(target, deed.grant);
  if (deed !== 'ban') return undefined;
  // All that is left and all that a bucket may owe: nothing passes for as long as one use can keep it closed.
  const { remaining } = await store.read(target);
  const hits = target.limit.algorithm === 'bucket' ? remaining + capacity : remaining;
  for (let left = hits; left > 0; left -= MOST_HITS) {
    const use = { ...target, kind: 'debit', hits: Math.min(left, MOST_HITS), isShadow: false } as const;
    const { source } = await store.take([use], { deadlineMs: Number.POSITIVE_INFINITY });
    if (source === 'failure') throw new StoreError('unavailable', 'the store did not answer');
  }
}

async function shown(store: CounterStore, { counters }: DescriptorPlan): Promise<readonly ShownCounter[]> {
  return Promise.all(
    counters.map(async ({ target }) => ({ hash: target.key.text, rate: rateWords(target.limit), ...(await store.read(target)) })),
  );
}

/** The descriptor that a proxy would send (R203). */
function planOf(plans: DomainPlans, rule: LimitRule, parts: CounterAddress['parts']): DescriptorPlan {
  const given = rule.parts.flatMap(({ part, entry }): [string, string][] => {
    const value = Object.hasOwn(parts, part) ? parts[part] : undefined;
    return value === undefined ? [] : [[entry, value]];
  });
  const pieces = [['limit', rule.name], ...given].flat().map((text) => Buffer.from(text));
  const ends: number[] = [];
  for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length);
  const entries: EntrySpan[] = [];
  for (let at = 0; at < pieces.length; at += 2) {
    const keyEnd = ends[at] ?? 0;
    entries.push({ keyStart: ends[at - 1] ?? 0, keyEnd, valueStart: keyEnd, valueEnd: ends[at + 1] ?? 0 });
  }
  return plans.plan({ bytes: Buffer.concat(pieces), entries, override: undefined });
}

function appliesText({ kind }: DescriptorPlan, rule: LimitRule): string {
  switch (kind) {
    case 'counted':
      return rule.mode === 'shadow' ? 'counted, never denied (mode: shadow)' : 'counted';
    case 'unlimited':
      return 'unlimited: nothing is counted';
    case 'blocked':
      return 'blocked: its rate is 0';
    case 'missing':
      return `denied: a part of the key is missing and whenMissing is deny (${partsText(rule)})`;
    case 'none':
    case 'unknown':
      return `not applied: a part of the key is missing and whenMissing is skip (${partsText(rule)})`;
  }
}

function partsText({ parts }: LimitRule): string {
  return parts.length === 0 ? 'it has none' : parts.map(({ part }) => part).join(', ');
}

function refused(status: 400 | 404 | 503, reason: string): LimitAnswer {
  return { kind: 'refused', status, reason };
}
