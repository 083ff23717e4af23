// What a limit that is divided over proxies cannot be (ratelimit R111): proxies count it by themselves, never forget a value of its key, and know
// one rate of it.
import type { RateLimitConfig } from '../../config/schema/rate-limit.ts';
import { errorAt, type Report } from '../issue.ts';
import type { Limit, LimitKeyPart } from './types.ts';

const UINT32_MAX = 4_294_967_295;
const HOUR_S = 3_600;
/** Each is a place in the filter of every proxy. */
const MOST_BUCKETS = 1_000;
const MOST_RESERVED_PERMILLE = 500;
const NEEDS_SHARED = ['limitFrom', 'lease', 'replaces', 'precision', 'slotBy', 'body', 'onStoreFailure', 'overrides'] as const;

export function checkQuota(limit: Limit, entry: RateLimitConfig, report: Report): void {
  const { path, quota, parts, rates, cost, mode, phase, headers, whenMissing } = limit;
  if (quota === undefined) return checkListed(limit, report);
  const refuse = (key: string, message: string, help = 'write scope: shared'): void =>
    report(
      errorAt([...path, key], 'CH2912', { message, at: 'key', help, related: [{ message: 'scope is here', path: [...path, 'scope'] }] }),
    );
  for (const key of NEEDS_SHARED.filter((each) => entry[each] !== undefined))
    refuse(key, `${key} has no meaning where proxies count for themselves`);
  const endless = parts.find((part) => part.kind !== 'route' && part.kind !== 'const' && part.kind !== 'service' && !isListed(part));
  if (endless !== undefined) {
    const listed = endless.kind === 'header' ? `list its values: {header: ${endless.name}, in: [gold, free]}, ` : '';
    refuse(
      'key',
      `proxies never forget a value of ${endless.part}: what routes fix can be divided, and headers with listed values`,
      `${listed}write key: [route] or key: [], or scope: shared`,
    );
  }
  const buckets = parts.reduce((product, part) => product * (isListed(part) ? part.values.length : 1), 1);
  if (buckets > MOST_BUCKETS)
    refuse('key', `its listed values make ${buckets} counters, and ${MOST_BUCKETS} is the most`, 'list fewer values');
  if (whenMissing !== 'skip') refuse('whenMissing', 'proxies let requests pass that lack a part of the key', 'leave whenMissing out');
  if (cost.kind !== 'constant' || cost.hits !== 1) refuse('cost', 'a proxy takes 1 of each request');
  if (mode === 'shadow') refuse('mode', 'a proxy has no dry run of one limit');
  if (phase === 'early') refuse('phase', 'proxies count after auth', 'leave phase out');
  if (headers !== 'none') refuse('headers', 'proxies tell nothing of quotas', 'leave headers out');
  if (quota.reservePermille > MOST_RESERVED_PERMILLE) refuse('reserve', 'more than half of the rate would lie idle', 'write reserve: 5%');
  if (quota.peakPerSecond !== undefined && rates.some(({ algorithm }) => algorithm !== 'fixed'))
    refuse('peak', 'a bucket has its rate as peak', 'remove it');
  if (entry.peak !== undefined && entry.peak.limit < entry.peak.seconds)
    refuse('peak', 'a peak is one request a second at least', 'write 1/second or more');
  checkRate(limit, entry, refuse);
}

/** Elsewhere a value that nobody listed would have to be denied or counted, and nobody said which. */
function checkListed({ path, parts }: Limit, report: Report): void {
  const index = parts.findIndex(isListed);
  if (index === -1) return;
  report(
    errorAt([...path, 'key', index, 'in'], 'CH2922', {
      message: 'values are listed for scope: quota alone, whose proxies never forget one',
      at: 'key',
      help: `write ${parts[index]?.part}, and whenMissing or overrides for values that matter`,
    }),
  );
}

function checkRate({ rates }: Limit, entry: RateLimitConfig, refuse: (key: string, message: string, help?: string) => void): void {
  const [rate, ...more] = rates;
  if (rate === undefined || more.length > 0) return refuse('rate', 'one rate can be divided');
  const key = entry.algorithm === undefined ? 'rate' : 'algorithm';
  if (rate.algorithm !== 'bucket' && rate.algorithm !== 'fixed') refuse(key, 'tokenBucket and fixedWindow can be divided');
  if (rate.algorithm === 'fixed' && rate.seconds < HOUR_S)
    refuse('rate', 'a window must last an hour at least to be divided', 'write algorithm: tokenBucket');
  if (rate.limit > UINT32_MAX || rate.burst > UINT32_MAX) refuse('rate', `proxies count up to ${UINT32_MAX}`);
}

export type ListedPart = LimitKeyPart & { readonly kind: 'header'; readonly values: readonly string[] };

/** The filter of each proxy knows all values that are counted. */
export function isListed(part: LimitKeyPart): part is ListedPart {
  return part.kind === 'header' && part.values !== undefined;
}
