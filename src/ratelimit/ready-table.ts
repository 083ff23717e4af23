// A table of limits, ours or the reference's, ready to answer requests: its domains and the plans made so far. Immutable but for the memory of
// plans, which ends with the table (R301, R902).
import type { LimitTable } from './limit-table.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';
import type { DomainPlans } from './plan/domain-plans.ts';
import { ownLimits } from './plan/own-limits.ts';
import { byteText, isSame, PlanCache } from './plan/plan-cache.ts';
import { type ReferenceTools, referenceLimits } from './reference/reference-limits.ts';
import type { ReferenceTable } from './reference/reference-table.ts';
import { type RequestScan, readEntries } from './request-scan.ts';

/** P27. */
export const MAX_PLANS = 131_072;

export interface ReadyTableOptions {
  /** Most plans remembered. Default `MAX_PLANS`. */
  readonly maxPlans?: number;
  /** Any 32 bits, different in each process. */
  readonly seed: number;
}

/** Either kind, or both side by side; domains are unique over both. */
export interface Tables {
  readonly own?: LimitTable;
  readonly reference?: ReferenceTable;
}

export class ReadyTable {
  readonly revision: string;
  readonly plans: PlanCache;
  readonly #domains: readonly DomainPlans[];
  readonly #names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  /** Of the request before: most come from one gateway. */
  #lastPlace = 0;

  constructor({ own, reference }: Tables, tools: ReferenceTools, { maxPlans = MAX_PLANS, seed }: ReadyTableOptions) {
    this.revision = [own?.revision, reference?.revision].filter((revision) => revision !== undefined).join('+');
    this.#domains = [
      ...(own?.domains ?? []).map((domain) => ownLimits(domain, tools)),
      ...(reference?.domains ?? []).map((domain) => referenceLimits(domain, tools)),
    ];
    this.#names = this.#domains.map(({ domain }) => Buffer.from(domain).toString('latin1'));
    this.#places = new Map(this.#names.map((name, place) => [name, place]));
    this.plans = new PlanCache({ capacity: maxPlans, seed });
  }

  get domains(): readonly DomainPlans[] {
    return this.#domains;
  }

  /** The place of the domain of a scanned request; -1 if there is none of that name. */
  placeOf(bytes: Uint8Array, { domainStart, domainEnd }: RequestScan): number {
    const span = { start: domainStart, end: domainEnd };
    const last = this.#names[this.#lastPlace];
    if (last !== undefined && isSame(last, bytes, span)) return this.#lastPlace;
    const place = this.#places.get(byteText(bytes, span)) ?? -1;
    if (place >= 0) this.#lastPlace = place;
    return place;
  }

  /** The plan of a scanned descriptor; undefined if its entries are malformed. */
  planOf(bytes: Uint8Array, scan: RequestScan, { domain, place }: DescriptorPlace): DescriptorPlan | undefined {
    const span = { domain, start: scan.starts[place] ?? 0, end: scan.keyEnds[place] ?? 0 };
    const hash = this.plans.hash(bytes, span);
    const known = this.plans.find(hash, bytes, span);
    if (known !== undefined) return known;
    const entries = readEntries(bytes, span.start, scan.ends[place] ?? 0);
    const plans = this.#domains[domain];
    if (entries === undefined || plans === undefined) return undefined;
    const override =
      plans.readsOverrides && scan.overridden[place] === 1
        ? { requests: scan.overrideRequests[place] ?? 0, unit: scan.overrideUnits[place] ?? 0 }
        : undefined;
    const plan = plans.plan({ bytes, entries, override });
    this.plans.keep(hash, { bytes, span }, plan);
    return plan;
  }
}

export interface DescriptorPlace {
  /** Place of the domain in the table. */
  readonly domain: number;
  /** Place of the descriptor in the request. */
  readonly place: number;
}
