// Answers operators about the limits of one gateway (R811): finds the counter that a request with these values would have, by the same plan that
// decides requests, and reads or changes it in the store. Logs nothing; what it tells holds hashes only.
import type { HotKey } from './hot-keys.ts';
import type { CounterAddress, CounterAnswer, LimitRefusal, RecordedLimit, ShownCounter } from './limit-question.ts';
import type { LimitRule } from './limit-table.ts';
import type { DecisionRecord } from './operator/decision-record.ts';
import { limitPath } from './operator/limit-path.ts';
import { worstCases } from './operator/worst-case.ts';
import type { DescriptorPlan, PlannedCounter } from './plan/descriptor-plan.ts';
import type { DomainPlans } from './plan/domain-plans.ts';
import { ledgerKeyOf, nameOfLimit, quotaLimits } from './quota/quota-limit.ts';
import type { BudgetShares } from './quota/quota-shares.ts';
import { rateWords } from './rate-words.ts';
import type { EntrySpan } from './request-scan.ts';
import { StoreError } from './store/store-error.ts';
import type { CounterStore } from './store.ts';

/** On the wire and in a store, hits of one request are at most these. */
const MOST_HITS = 4_294_967_295;
/** The part under which operators tell what a claim says (R205); no part of a key is spelled so. */
const CLAIM = 'limitFrom';
const CLAIM_ENTRY = '_rate';

export interface OperatedLimits {
  readonly gateway: string;
  readonly domain: string;
  readonly revision: string;
  readonly limits: readonly LimitRule[];
  readonly lingering: ReadonlySet<string>;
  readonly storeKind: 'memory' | 'redis';
  readonly store: CounterStore;
  readonly plans: DomainPlans;
  readonly record: DecisionRecord;
  /** R410. */
  readonly keySecret: Uint8Array;
  readonly nowMs: () => number;
  /** The counters of a limit that are asked most. */
  readonly hot: (limit: string) => readonly HotKey[];
  /** Who has what of a limit that is divided (R704). */
  readonly shares: (limit: string) => readonly BudgetShares[];
}

const DIVIDED = 'divided over proxies by demand';

export type CounterDeed = 'show' | 'explain' | 'reset' | 'ban' | { readonly grant: number };

/** `hot`: with so many counters of each limit and who has what of those that are divided. */
export function recordedLimits(operated: OperatedLimits, hot?: number): readonly RecordedLimit[] {
  const { gateway, revision, limits, lingering, storeKind, record } = operated;
  return limits.map(({ name, source, parts, rates, overrides, mode, onStoreFailure, quota }) => ({
    gateway,
    name,
    ...(source === undefined ? {} : { source }),
    scope: quota === undefined ? 'shared' : 'quota',
    ...(quota === undefined ? {} : { reserve: quota.reserve, shares: operated.shares(name) }),
    parts: parts.map(({ part }) => part),
    rates: rates.map(rateWords),
    overrides: overrides.length,
    mode,
    onStoreFailure,
    store: storeKind,
    revision,
    isLingering: lingering.has(name),
    recorded: record.of(name, mode === 'shadow'),
    ...(hot === undefined ? {} : { hot: operated.hot(name).slice(0, hot) }),
  }));
}

/** Never rejects. */
export async function operate(operated: OperatedLimits, address: CounterAddress, deed: CounterDeed): Promise<CounterAnswer | LimitRefusal> {
  const rule = operated.limits.find(({ name }) => name === address.limit);
  if (rule === undefined) return refused(404, `there is no limit "${address.limit}" of gateway "${operated.gateway}"`);
  const problem = strayPart(operated, { rule, parts: address.parts, deed }) ?? changeProblem(rule, deed);
  if (problem !== undefined) return problem;
  const plan = planOf(operated.plans, rule, address.parts);
  try {
    if (plan.kind === 'counted') for (const counter of plan.counters) await change(operated.store, counter, deed);
    return {
      kind: 'counters',
      limit: rule.name,
      scope: rule.quota === undefined ? 'shared' : 'quota',
      applies: isOfAll(rule, address, deed) ? DIVIDED : appliesText(plan, rule),
      counters: isCounted(plan, rule) ? await Promise.all(plan.counters.map((counter) => shown(operated, counter))) : [],
      ...ledgerOf(operated, rule, address),
      ...(deed === 'explain' ? explained(operated, rule, address) : {}),
    };
  } catch (error) {
    if (error instanceof StoreError) return refused(503, error.message);
    throw error;
  }
}

interface Task {
  readonly rule: LimitRule;
  readonly parts: CounterAddress['parts'];
  readonly deed: CounterDeed;
}

function strayPart({ limits }: OperatedLimits, { rule, parts, deed }: Task): LimitRefusal | undefined {
  const known = new Set(rule.parts.map(({ part }) => part));
  if (rule.limitFromMax !== undefined) known.add(CLAIM);
  if (deed === 'explain') for (const { parts: more } of replacing(limits, rule)) for (const { part } of more) known.add(part);
  const stray = Object.keys(parts).find((part) => !known.has(part));
  return stray === undefined ? undefined : refused(400, `"${stray}" is no part of its key: ${partsText(rule)}`);
}

/** Of a bucket that is divided no counter is kept that could be changed. */
function changeProblem(rule: LimitRule, deed: CounterDeed): LimitRefusal | undefined {
  if (deed === 'show' || deed === 'explain' || rule.quota === undefined || rule.rates[0]?.algorithm !== 'bucket') return undefined;
  return refused(
    409,
    `"${rule.name}" is a token bucket that is divided over proxies: they hold its tokens, no counter here does. Change its rate instead`,
  );
}

async function change(store: CounterStore, { target, capacity }: PlannedCounter, deed: CounterDeed): Promise<void> {
  if (deed === 'reset') return store.reset(target);
  if (typeof deed === 'object') return store.grant(target, deed.grant);
  if (deed !== 'ban') return undefined;
  // All that is left and all that a bucket may owe: nothing passes for as long as one use can keep it closed.
  const { remaining } = await store.read(target);
  const hits = target.limit.algorithm === 'bucket' ? remaining + capacity : remaining;
  for (let left = hits; left > 0; left -= MOST_HITS) {
    const use = { ...target, kind: 'debit', hits: Math.min(left, MOST_HITS), isShadow: false } as const;
    const { source, failure = 'unavailable' } = await store.take([use], { deadlineMs: Number.POSITIVE_INFINITY });
    const reason = failure === 'shed' ? 'the limiter has too much to do just now: ask again' : 'the store did not answer';
    if (source === 'failure') throw new StoreError(failure, reason);
  }
  // It is counted in any case: who divides the counter elsewhere learns of it with the next report.
  if (hits === 0) return undefined;
  await store.announce(target).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
  });
}

function isCounted(plan: DescriptorPlan, { quota, rates }: LimitRule): boolean {
  return plan.kind === 'counted' && (quota === undefined || rates[0]?.algorithm !== 'bucket');
}

async function shown({ store, storeKind, nowMs }: OperatedLimits, { target }: PlannedCounter): Promise<ShownCounter> {
  const { used, remaining, resetMs } = await store.read(target);
  const { name, localPart } = store.placeOf(target);
  return {
    hash: target.key.text,
    key: name,
    rate: rateWords(target.limit),
    used,
    remaining,
    resetMs,
    resetAt: new Date(nowMs() + resetMs).toISOString(),
    ...(storeKind === 'redis' && target.limit.onStoreFailure === 'local' ? { localPart } : {}),
  };
}

/** The name of the ledger of these values; absent where the limit is not divided, or parts are missing. */
function ledgerOf(
  { domain, limits, revision, keySecret }: OperatedLimits,
  rule: LimitRule,
  { parts }: CounterAddress,
): { readonly ledger?: string } {
  const values = rule.parts.map(({ part }) => (Object.hasOwn(parts, part) ? parts[part] : undefined));
  const given = values.flatMap((value) => value ?? []);
  const divided = quotaLimits({ revision, domains: [{ domain, limits }] }).get(nameOfLimit(domain, rule.name));
  if (divided === undefined || given.length < values.length) return {};
  return { ledger: ledgerKeyOf(divided, given, keySecret).text };
}

function explained(operated: OperatedLimits, rule: LimitRule, { parts }: CounterAddress): Pick<CounterAnswer, 'path' | 'bounds'> {
  const { limits, plans, lingering, store, storeKind } = operated;
  const values = new Map(Object.entries(parts));
  const claim = values.get(CLAIM);
  values.delete(CLAIM);
  const applies = (other: LimitRule): boolean => !['none', 'unknown'].includes(planOf(plans, other, parts).kind);
  const { steps, rates } = limitPath({
    rule,
    isLingering: lingering.has(rule.name),
    values,
    claim,
    replacing: replacing(limits, rule).map((other) => ({ name: other.name, applies: applies(other) })),
  });
  const { kind, counters } = planOf(plans, rule, parts);
  const [first] = counters;
  const workers = first === undefined ? 1 : store.placeOf(first.target).localPart.workers;
  const isApplied = kind === 'counted' || kind === 'unlimited' || kind === 'blocked';
  return { path: steps, bounds: isApplied ? worstCases({ rule, rates, store: storeKind, workers }) : [] };
}

function replacing(limits: readonly LimitRule[], { name }: LimitRule): readonly LimitRule[] {
  return limits.filter(({ replaces }) => replaces.includes(name));
}

/** The descriptor that a proxy would send (R203). */
function planOf(plans: DomainPlans, rule: LimitRule, parts: CounterAddress['parts']): DescriptorPlan {
  const valueOf = (part: string): string | undefined => (Object.hasOwn(parts, part) ? parts[part] : undefined);
  const given = rule.parts.flatMap(({ part, entry }): [string, string][] => {
    const value = valueOf(part);
    return value === undefined ? [] : [[entry, value]];
  });
  const claim = rule.limitFromMax === undefined ? undefined : valueOf(CLAIM);
  const entries: [string, string][] = [['limit', rule.name], ...given];
  if (claim !== undefined) entries.push([CLAIM_ENTRY, claim]);
  const pieces = entries.flat().map((text) => Buffer.from(text));
  const ends: number[] = [];
  for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length);
  const spans: EntrySpan[] = [];
  for (let at = 0; at < pieces.length; at += 2) {
    const keyEnd = ends[at] ?? 0;
    spans.push({ keyStart: ends[at - 1] ?? 0, keyEnd, valueStart: keyEnd, valueEnd: ends[at + 1] ?? 0 });
  }
  return plans.plan({ bytes: Buffer.concat(pieces), entries: spans, override: undefined });
}

/** Without values all budgets of a limit that is divided are meant. */
function isOfAll({ quota }: LimitRule, { parts }: CounterAddress, deed: CounterDeed): boolean {
  return quota !== undefined && deed === 'show' && Object.keys(parts).length === 0;
}

function appliesText({ kind }: DescriptorPlan, rule: LimitRule): string {
  switch (kind) {
    case 'counted':
      if (rule.quota !== undefined) return DIVIDED;
      return rule.mode === 'shadow' ? 'counted, never denied (mode: shadow)' : 'counted';
    case 'unlimited':
      return 'unlimited: nothing is counted';
    case 'blocked':
      return rule.mode === 'shadow' ? 'would be blocked, its rate is 0 (mode: shadow)' : 'blocked: its rate is 0';
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

function refused(status: LimitRefusal['status'], reason: string): LimitRefusal {
  return { kind: 'refused', status, reason };
}
