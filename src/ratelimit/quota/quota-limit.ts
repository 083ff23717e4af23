// A limit that is divided over proxies, as the allocator counts it: in tokens per fill interval, which Envoy takes in whole seconds only.
import type { LimitPart, LimitRate, LimitRule, LimitTable, QuotaTerms } from '../limit-table.ts';
import { counterIdentity, counterParts } from '../plan/counter-identity.ts';
import { type CounterKey, counterKey } from '../store/counter-key.ts';
import type { CounterTarget } from '../store.ts';

export interface QuotaLimit {
  readonly domain: string;
  readonly name: string;
  readonly parts: readonly LimitPart[];
  readonly rate: LimitRate;
  readonly terms: QuotaTerms;
  /** R702: constant for a bucket, so that an assignment differs by its numbers alone. */
  readonly fillSeconds: number;
  /** Tokens that all proxies have together per fill interval; of fixed windows the most that `peak` allows. */
  readonly units: number;
  readonly onStoreFailure: LimitRule['onStoreFailure'];
}

const UINT32_MAX = 4_294_967_295;
const US = 1_000_000;
/** As few tokens as can still be divided. */
const LEAST_UNITS = 10;
const SHORT_FILLS = [1, 10, 60];
const WINDOW_FILL = 10;

/** By domain and name; limits that are counted request by request are not among them. */
export function quotaLimits(table: LimitTable): ReadonlyMap<string, QuotaLimit> {
  const limits = new Map<string, QuotaLimit>();
  for (const { domain, limits: rules } of table.domains) {
    for (const rule of rules) {
      const [rate] = rule.rates;
      if (rule.quota !== undefined && rate !== undefined) limits.set(nameOfLimit(domain, rule.name), quotaLimit(domain, rule, rate));
    }
  }
  return limits;
}

export function nameOfLimit(domain: string, name: string): string {
  return JSON.stringify([domain, name]);
}

function quotaLimit(domain: string, { name, parts, quota, onStoreFailure }: LimitRule, rate: LimitRate): QuotaLimit {
  const terms = quota ?? { reserve: 0 };
  const fillSeconds = fillOf(rate);
  const most = terms.peakPerSecond ?? Number.POSITIVE_INFINITY;
  const units = rate.algorithm === 'bucket' ? Math.round((rate.limit * fillSeconds * US) / rate.periodUs) : most * fillSeconds;
  return { domain, name, parts, rate, terms, fillSeconds, units: Math.min(units, UINT32_MAX), onStoreFailure };
}

/** The least interval with whole tokens, and enough of them: Envoy fills evenly, so a longer one is no coarser in time. */
function fillOf({ algorithm, limit, periodUs }: LimitRate): number {
  if (algorithm !== 'bucket' || limit === 0) return WINDOW_FILL;
  const short = SHORT_FILLS.find((seconds) => (limit * seconds * US) % periodUs === 0 && limit * seconds * US >= LEAST_UNITS * periodUs);
  return short ?? Math.round(periodUs / US) * Math.ceil(LEAST_UNITS / limit);
}

/** What a proxy calls one budget: the limit's name, values that its route fixes, and one value for each other part (R214). */
export type BucketId = Readonly<Record<string, string>>;

export function isSameId(a: BucketId, b: BucketId): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Values that routes fix, in the order of the key's parts. */
export function joinFixedValues(values: readonly string[]): string {
  return values.map(encodeURIComponent).join('/');
}

/** Values in the order of the key; undefined where the id is not one of this limit. */
export function valuesOf({ parts }: QuotaLimit, id: BucketId): readonly string[] | undefined {
  const fixed = id['key'] === undefined ? [] : fixedValues(id['key']);
  const named = parts.filter(({ part }) => Object.hasOwn(id, part));
  const known = 1 + named.length + (id['key'] === undefined ? 0 : 1);
  if (fixed === undefined || known !== Object.keys(id).length || named.length + fixed.length !== parts.length) return undefined;
  const rest = fixed.values();
  return parts.map(({ part }) => (Object.hasOwn(id, part) ? (id[part] ?? '') : (rest.next().value ?? '')));
}

function fixedValues(text: string): readonly string[] | undefined {
  try {
    return text.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The counter that requests of scope shared would use: a change of scope keeps what was used (R706). */
export function counterOf(limit: QuotaLimit, values: readonly string[], keySecret: Uint8Array): CounterTarget {
  const { domain, name, rate, onStoreFailure } = limit;
  const id = counterIdentity(domain, name, rate);
  const { algorithm, limit: most, periodUs, burst, calendar } = rate;
  return {
    limit: {
      id,
      algorithm,
      limit: most,
      periodUs,
      burst,
      onStoreFailure,
      ...(calendar === undefined ? {} : { calendar }),
    },
    key: counterKey(keySecret, { domain, identity: id, parts: counterParts(values) }),
  };
}

/** The ledger of a budget; its shares mean nothing at another fill interval. */
export function ledgerKeyOf(limit: QuotaLimit, values: readonly string[], keySecret: Uint8Array): CounterKey {
  const identity = `${counterIdentity(limit.domain, limit.name, limit.rate)}/quota/${limit.fillSeconds}`;
  return counterKey(keySecret, { domain: limit.domain, identity, parts: counterParts(values) });
}
