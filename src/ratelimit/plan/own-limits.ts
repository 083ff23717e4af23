// Our own tables, ready to be asked: a descriptor is `limit=NAME` and one entry per part (R203), matched by structure (R303), never by joined
// text. Makes plans; counts nothing.

import { isFaster, parseRate } from '../../lib/rate-text.ts';
import { limitProblem } from '../algorithms/limit-problem.ts';
import type { LimitDomain, LimitPart, LimitRate, LimitRule } from '../limit-table.ts';
import { structField } from '../reply/struct-fields.ts';
import { type CounterKey, counterKey } from '../store/counter-key.ts';
import type { CounterUse, StoreLimit } from '../store.ts';
import { currentLimit, policyHeader, unitNumber } from './counter-bytes.ts';
import { counterIdentity, counterParts } from './counter-identity.ts';
import {
  type DescriptorPlan,
  type PlanKind,
  type PlannedCounter,
  type PlannedRate,
  type PlannedRule,
  plainPlan,
} from './descriptor-plan.ts';
import { type DescriptorView, type DomainPlans, type PlanTools, spanText } from './domain-plans.ts';
import { type OverrideChoice, overrideChoice, type ReadyOverride } from './override-choice.ts';

/** The entry that says which limit is meant (R203). */
const LIMIT_ENTRY = 'limit';
/** R205, R207: no parts of the key. */
const RATE_ENTRY = '_rate';
const OP_ENTRY = '_op';

/** R101: what is longer is nobody's name, and is not kept. */
const LONGEST_NAME = 63;

const NOTHING = new Uint8Array(0);
const NONE = plainPlan('none');

interface ReadyRule {
  readonly rule: LimitRule;
  readonly planned: PlannedRule;
  readonly chooseOverride: OverrideChoice;
  /** By the rate of the table, or of a claim. */
  readonly rates: WeakMap<LimitRate, PlannedRate>;
}

export function ownLimits(domain: LimitDomain, tools: PlanTools): DomainPlans {
  const hidesLimits = domain.limits.some(({ headers }) => headers === 'legacy');
  const rules = new Map(domain.limits.map((rule) => [rule.name, readyRule(rule, tools)]));
  const makePlan = (ready: ReadyRule, entries: NamedEntries) =>
    new PlanMaker({ domain: domain.domain, ready, entries, tools, hidesLimits }).plan();
  return {
    domain: domain.domain,
    kind: 'own',
    readsOverrides: false,
    plan(descriptor) {
      const [name, ...entries] = namedEntries(descriptor);
      const ready = name?.key === LIMIT_ENTRY ? rules.get(name.text) : undefined;
      if (ready === undefined)
        return name?.key === LIMIT_ENTRY ? plainPlan('unknown', name.text.length > LONGEST_NAME ? '' : name.text) : NONE;
      return makePlan(ready, entries);
    },
  };
}

function readyRule(rule: LimitRule, { counts }: PlanTools): ReadyRule {
  const { name, mode, replaces, headers, body, onStoreFailure, overrides } = rule;
  const planned: PlannedRule = {
    name,
    counts: counts.ofLimit(name),
    isShadow: mode === 'shadow',
    isQuota: false,
    replaces,
    headers,
    hasBody: body !== undefined,
    onStoreFailure,
    nameField: structField('limit', name),
  };
  return { rule, planned, chooseOverride: overrideChoice(overrides), rates: new WeakMap() };
}

interface NamedEntry {
  readonly key: string;
  readonly text: string;
  readonly value: Uint8Array;
}
type NamedEntries = readonly NamedEntry[];

function namedEntries({ bytes, entries }: DescriptorView): NamedEntries {
  return entries.map(({ keyStart, keyEnd, valueStart, valueEnd }) => ({
    key: spanText(bytes, keyStart, keyEnd),
    text: spanText(bytes, valueStart, valueEnd),
    value: bytes.subarray(valueStart, valueEnd),
  }));
}

interface PlanTask {
  readonly domain: string;
  readonly ready: ReadyRule;
  readonly entries: NamedEntries;
  readonly tools: PlanTools;
  readonly hidesLimits: boolean;
}

/** The plan of one descriptor whose limit is known. */
class PlanMaker {
  readonly #task: PlanTask;

  constructor(task: PlanTask) {
    this.#task = task;
  }

  plan(): DescriptorPlan {
    const { ready, entries } = this.#task;
    const { rule, planned } = ready;
    const given = givenParts(
      rule.parts,
      entries.filter(({ key }) => !key.startsWith('_')),
    );
    if (given === undefined) return NONE;
    const op = opOf(entries);
    const uncounted = (kind: PlanKind): DescriptorPlan => ({ kind, rule: planned, counters: [], units: [], op, amiss: undefined });
    if (given.includes(undefined) && rule.whenMissing !== 'share') return rule.whenMissing === 'deny' ? uncounted('missing') : NONE;
    const override = ready.chooseOverride(valuesOf(rule.parts, given));
    const claimed = override === undefined ? this.#claimed() : undefined;
    // An override wins over what a claim says, a claim over the limit's own rates (R107).
    const rates = override?.override.rates ?? (claimed === undefined || claimed === 'refused' ? rule.rates : [claimed]);
    if (rates.length === 0) return uncounted('unlimited');
    if (rates.some(({ limit }) => limit === 0)) return uncounted('blocked');
    const amiss = claimed === 'refused' ? ({ what: 'rate', limit: rule.name } as const) : undefined;
    const counters = rates.map((rate) => this.#counter(rate, given, override));
    return { kind: 'counted', rule: planned, counters, units: counters.map(({ unit }) => unit), op, amiss };
  }

  /** The rate that the request's claim says; undefined: it says none. */
  #claimed(): LimitRate | 'refused' | undefined {
    const { ready, entries } = this.#task;
    const { rates, limitFromMax } = ready.rule;
    const [own] = rates;
    const text = entries.find(({ key }) => key === RATE_ENTRY)?.text;
    if (limitFromMax === undefined || own === undefined || text === undefined) return undefined;
    const claimed = parseRate(text, own);
    if (claimed === undefined || isFaster(claimed, limitFromMax)) return 'refused';
    return limitProblem(this.#storeLimit(claimed)) === undefined ? claimed : 'refused';
  }

  #counter(rate: LimitRate, given: GivenParts, override: ReadyOverride | undefined): PlannedCounter {
    const { domain, ready, tools } = this.#task;
    const { limit, capacity, nearAbove, currentLimit, policyHeader } = this.#planned(rate);
    const parts = override?.override.shared === true ? ['*', override.identity] : keyParts(given);
    const key = counterKey(tools.keySecret, { domain, identity: limit.id, parts });
    const unit: CounterUse = { limit, key, kind: 'take', hits: 1, isShadow: ready.planned.isShadow, ...this.#slot(given) };
    return { target: unit, unit, capacity, nearAbove, currentLimit, policyHeader };
  }

  #planned(rate: LimitRate): PlannedRate {
    const { ready, tools, hidesLimits } = this.#task;
    const known = ready.rates.get(rate);
    if (known !== undefined) return known;
    const { rule } = ready;
    const capacity = rate.algorithm === 'bucket' ? rate.burst : rate.limit;
    const made: PlannedRate = {
      limit: this.#storeLimit(rate),
      capacity,
      nearAbove: Math.floor(capacity * tools.nearRatio),
      currentLimit:
        hidesLimits && rule.headers !== 'legacy'
          ? NOTHING
          : currentLimit({ name: rule.name, requests: rate.limit, unit: unitNumber(rate) }),
      policyHeader: rule.headers === 'draft' ? policyHeader(rule.name, rate) : NOTHING,
    };
    ready.rates.set(rate, made);
    return made;
  }

  #slot(given: GivenParts): { readonly slot?: CounterKey } {
    const { domain, ready, tools } = this.#task;
    const { slotBy, parts } = ready.rule;
    const value = given[parts.findIndex(({ part }) => part === slotBy)];
    if (slotBy === undefined || value === undefined) return {};
    return { slot: counterKey(tools.keySecret, { domain, identity: `slot/${slotBy}`, parts: [value.value] }) };
  }

  #storeLimit({ limit, algorithm, periodUs, burst, calendar }: LimitRate): StoreLimit {
    const { domain, ready } = this.#task;
    const { name, onStoreFailure, lease } = ready.rule;
    return {
      id: counterIdentity(domain, name, { algorithm, periodUs, calendar }),
      algorithm,
      limit,
      periodUs,
      burst,
      onStoreFailure,
      ...(calendar === undefined ? {} : { calendar }),
      ...(lease === undefined ? {} : { lease }),
    };
  }
}

function opOf(entries: NamedEntries): DescriptorPlan['op'] {
  const op = entries.find(({ key }) => key === OP_ENTRY)?.text;
  return op === 'check' || op === 'debit' ? op : 'take';
}

/** Parallel to a limit's parts; undefined where the request lacks one (R109, R204). */
type GivenParts = readonly (NamedEntry | undefined)[];

/** Undefined where the entries are not those of this limit: Envoy may leave parts out, but it changes no order and adds none. */
function givenParts(parts: readonly LimitPart[], entries: NamedEntries): GivenParts | undefined {
  let at = 0;
  const given = parts.map(({ entry }) => (entries[at]?.key === entry ? entries[at++] : undefined));
  return at === entries.length ? given : undefined;
}

function valuesOf(parts: readonly LimitPart[], given: GivenParts): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [place, { part }] of parts.entries()) {
    const value = given[place];
    if (value !== undefined) values.set(part, value.text);
  }
  return values;
}

function keyParts(given: GivenParts): readonly (string | Uint8Array)[] {
  return counterParts(given.map((entry) => entry?.value));
}
