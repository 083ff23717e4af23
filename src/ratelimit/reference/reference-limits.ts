// Reference tables, ready to be asked: makes plans as the reference would decide (R321-R324); counts nothing.
import { currentLimit } from '../plan/counter-bytes.ts';
import { type DescriptorPlan, type PlannedCounter, type PlannedRate, type PlannedRule, plainPlan } from '../plan/descriptor-plan.ts';
import { type DescriptorView, type DomainPlans, type PlanTools, spanText } from '../plan/domain-plans.ts';
import { structField } from '../reply/struct-fields.ts';
import { counterKey } from '../store/counter-key.ts';
import type { CounterUse, StoreLimit } from '../store.ts';
import { metricPath, overridePath, sharedValue } from './metric-path.ts';
import type { ReferenceDescriptor, ReferenceDomain, ReferenceLimit, ReferenceUnit } from './reference-table.ts';
import { type ReferenceMatch, referenceTree } from './reference-tree.ts';

const NOTHING = new Uint8Array(0);
const NONE = plainPlan('none');
const SECOND_US = 1_000_000;

/** R320: weeks, months and years count from the epoch. `number` is that of the response's enum. */
export const REFERENCE_UNITS: Readonly<Record<ReferenceUnit, { readonly number: number; readonly seconds: number }>> = {
  second: { number: 1, seconds: 1 },
  minute: { number: 2, seconds: 60 },
  hour: { number: 3, seconds: 3_600 },
  day: { number: 4, seconds: 86_400 },
  week: { number: 7, seconds: 7 * 86_400 },
  month: { number: 5, seconds: 30 * 86_400 },
  year: { number: 6, seconds: 365 * 86_400 },
};
/** envoy.type.v3.RateLimitUnit, whose numbers an override brings (R322). */
const OVERRIDE_UNITS: readonly (ReferenceUnit | undefined)[] = [undefined, 'second', 'minute', 'hour', 'day', 'month', 'year'];

export interface ReferenceTools extends PlanTools {
  /** `--on-store-failure`. */
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
}

/** Whether an override has a unit that exists; else it is passed over (R302, R322). */
export function isOverrideUnit(unit: number): boolean {
  return OVERRIDE_UNITS[unit] !== undefined;
}

interface ReferenceRate {
  readonly unit: ReferenceUnit;
  readonly requestsPerUnit: number;
}

/** What the descriptors of one metric path share. */
interface Shared {
  readonly path: string;
  readonly rule: PlannedRule;
  /** Absent: unlimited. */
  readonly rate: (PlannedRate & { readonly unit: ReferenceUnit }) | undefined;
}

export function referenceLimits(domain: ReferenceDomain, tools: ReferenceTools): DomainPlans {
  const tree = referenceTree(domain.descriptors);
  const planner = new Planner(domain.domain, tools);
  return {
    domain: domain.domain,
    kind: 'reference',
    readsOverrides: true,
    plan(view) {
      const entries = textEntries(view);
      const overridden = planner.overridden(view, entries);
      if (overridden !== undefined) return overridden;
      const match = tree.match(entries);
      return match === undefined ? NONE : planner.matched(view, match);
    },
  };
}

interface TextEntry {
  readonly key: string;
  readonly value: string;
}

function textEntries({ bytes, entries }: DescriptorView): readonly TextEntry[] {
  return entries.map(({ keyStart, keyEnd, valueStart, valueEnd }) => ({
    key: spanText(bytes, keyStart, keyEnd),
    value: spanText(bytes, valueStart, valueEnd),
  }));
}

class Planner {
  readonly #domain: string;
  readonly #tools: ReferenceTools;
  readonly #known = new WeakMap<ReferenceDescriptor, Shared>();

  constructor(domain: string, tools: ReferenceTools) {
    this.#domain = domain;
    this.#tools = tools;
  }

  /** R322. */
  overridden(view: DescriptorView, entries: readonly TextEntry[]): DescriptorPlan | undefined {
    const { override } = view;
    if (override === undefined) return undefined;
    const unit = OVERRIDE_UNITS[override.unit];
    if (unit === undefined) return undefined;
    const path = overridePath(this.#domain, entries);
    const rule = this.#rule({ name: '', replaces: [], isShadow: false, isQuota: false }, path);
    return this.#counted(rule, this.#rate({ unit, requestsPerUnit: override.requests }, rule, path), keyParts(view, undefined));
  }

  matched(view: DescriptorView, match: ReferenceMatch): DescriptorPlan {
    const last = match.steps.at(-1)?.descriptor;
    if (last?.limit === undefined) return NONE;
    const { rule, rate } = this.#shared(last, last.limit, metricPath(this.#domain, match.steps));
    if (rate === undefined) return { kind: 'unlimited', rule, counters: [], units: [], op: 'take', amiss: undefined };
    return this.#counted(rule, rate, keyParts(view, match));
  }

  /** Made once for each descriptor of the file, unless values are in its path. */
  #shared(last: ReferenceDescriptor, { name, replaces, rate }: ReferenceLimit, path: string): Shared {
    const known = this.#known.get(last);
    if (known?.path === path) return known;
    const planned = this.#rule({ name, replaces, isShadow: last.shadowMode, isQuota: last.quotaMode }, path);
    const rule = last.metadata === undefined ? planned : { ...planned, metadata: last.metadata };
    const shared = { path, rule, rate: rate === undefined ? undefined : this.#rate(rate, rule, path) };
    this.#known.set(last, shared);
    return shared;
  }

  #rule(own: Pick<PlannedRule, 'name' | 'replaces' | 'isShadow' | 'isQuota'>, path: string): PlannedRule {
    const { counts, onStoreFailure } = this.#tools;
    return {
      ...own,
      counts: counts.ofRule(path),
      headers: 'none',
      hasBody: false,
      onStoreFailure,
      nameField: structField('limit', own.name),
    };
  }

  #rate({ unit, requestsPerUnit }: ReferenceRate, { name }: PlannedRule, path: string): NonNullable<Shared['rate']> {
    const { nearRatio, onStoreFailure } = this.#tools;
    const { number, seconds } = REFERENCE_UNITS[unit];
    const limit: StoreLimit = {
      id: `${path}/${unit}`,
      algorithm: 'fixed',
      limit: requestsPerUnit,
      periodUs: seconds * SECOND_US,
      burst: requestsPerUnit,
      onStoreFailure,
    };
    return {
      unit,
      limit,
      capacity: requestsPerUnit,
      nearAbove: Math.floor(requestsPerUnit * nearRatio),
      currentLimit: currentLimit({ name, requests: requestsPerUnit, unit: number }),
      policyHeader: NOTHING,
    };
  }

  #counted(rule: PlannedRule, rate: NonNullable<Shared['rate']>, parts: readonly (string | Uint8Array)[]): DescriptorPlan {
    const { limit, capacity, nearAbove, currentLimit: shown, policyHeader } = rate;
    // As in the reference, the same entries in the same window are one counter, whichever rule they were found by.
    const key = counterKey(this.#tools.keySecret, { domain: this.#domain, identity: `reference/${rate.unit}`, parts });
    // Shadow is a matter of the answer here: each counter is asked alone (R307).
    const unit: CounterUse = { limit, key, kind: 'count', hits: 1, isShadow: true };
    const counter: PlannedCounter = { target: unit, unit, capacity, nearAbove, currentLimit: shown, policyHeader };
    return { kind: 'counted', rule, counters: [counter], units: [unit], op: 'take', amiss: undefined };
  }
}

/** Keys and values in turn; of patterns that share their threshold the pattern (R323). */
function keyParts({ bytes, entries }: DescriptorView, match: ReferenceMatch | undefined): readonly (string | Uint8Array)[] {
  return entries.flatMap(({ keyStart, keyEnd, valueStart, valueEnd }, place) => {
    const step = match?.steps[place];
    const shared = step === undefined ? undefined : sharedValue(step);
    return [bytes.subarray(keyStart, keyEnd), shared ?? bytes.subarray(valueStart, valueEnd)];
  });
}
