// Limits of an explanation in words: what counts by what, which rate holds and why, who counts it, what happens while nobody does.
import type { LimitOverride, LimitService, Rate } from '../model/limits/types.ts';
import { isEarly, isRefusedFirst, refuses } from './answer.ts';
import type { LimitKeyView, LimitView } from './limit-view.ts';
import { LIMIT_STEPS, stepOf } from './limits-view.ts';
import type { Walk } from './walk.ts';

/** What values of a request are called where they are not to be repeated. */
const GIVEN = 'given';

export interface ValueWords {
  /** Values of keys are left out: somebody else reads the answer (ratelimit R1009). */
  readonly hidesValues: boolean;
  /** Lower-case names of headers whose values are credentials. */
  readonly secretHeaders: ReadonlySet<string>;
}

const UNITS: ReadonlyMap<number, string> = new Map([
  [1, 'second'],
  [60, 'minute'],
  [3_600, 'hour'],
  [86_400, 'day'],
  [604_800, 'week'],
]);
const ALGORITHMS = { fixed: 'fixedWindow', sliding: 'slidingWindow', slidingExact: 'slidingWindow, exact', bucket: 'tokenBucket' } as const;

/** `100/minute burst 20, tokenBucket`. */
export function rateText({ limit, algorithm, seconds, burst, calendar }: Rate): string {
  const span = calendar === undefined ? (UNITS.get(seconds) ?? `${seconds}s`) : calendar.count === 1 ? calendar.unit : `${calendar.count}d`;
  const bucket = algorithm === 'bucket' && burst !== limit ? ` burst ${burst}` : '';
  const zone = calendar === undefined ? '' : ` of ${calendar.timeZone}`;
  return `${limit}/${span}${bucket}, ${ALGORITHMS[algorithm]}${zone}`;
}

export function ratesText(rates: readonly Rate[]): string {
  return rates.length === 0 ? 'unlimited' : rates.map(rateText).join(' and ');
}

/** `jwt.sub = alice, route = orders`. */
export function keyText(key: readonly LimitKeyView[], words: ValueWords): string {
  if (key.length === 0) return 'nothing: one counter for all requests';
  return key.map((each) => partText(each, words)).join(', ');
}

/** The value as it is counted, or what is said in its place. */
export function shownValue({ part, value }: LimitKeyView, { hidesValues, secretHeaders }: ValueWords): string | undefined {
  if (value.kind !== 'known') return undefined;
  const isFixed = part.kind === 'route' || part.kind === 'const' || part.kind === 'service';
  const isSecret = part.kind === 'header' && secretHeaders.has(part.name);
  return isFixed || !(hidesValues || isSecret) ? value.value : GIVEN;
}

function partText(view: LimitKeyView, words: ValueWords): string {
  const { part, value } = view;
  if (value.kind === 'known') return `${part.part} = ${shownValue(view, words) ?? ''}`;
  return value.kind === 'missing' ? `${part.part}: none, ${value.why}` : `${part.part}: not known here, ${value.why}`;
}

export function outcomeText({ limit, outcome, key }: LimitView): string {
  const lacks = key.some(({ value }) => value.kind === 'missing');
  switch (outcome.kind) {
    case 'counted':
      return lacks ? 'counted, on one counter with all requests that lack the same (whenMissing: share)' : 'counted';
    case 'unlimited':
      return 'not limited';
    case 'denied': {
      const what = limit.mode === 'shadow' ? 'would be denied, but for mode: shadow' : 'denied';
      return outcome.reason === 'blocked' ? `${what}: the rate is 0` : `${what}: a part of the key is missing (whenMissing: deny)`;
    }
    case 'skipped':
      return 'does not concern this request: a part of the key is missing';
    case 'replaced':
      return `not counted: ${outcome.by} replaces it`;
    case 'open':
      return 'depends on what is not known here';
    default:
      return outcome satisfies never;
  }
}

const PLACES = {
  'early-allow': 'before auth, asked of the limiter',
  'early-deny': 'before auth, asked of the limiter',
  local: 'counted by each Envoy for itself',
  fleet: 'counted by each Envoy, which has its share of the rate',
  'main-allow': 'asked of the limiter',
  'main-deny': 'asked of the limiter',
  quota: 'counted by each Envoy, by the part of the rate that the limiter gave it',
} as const;

export function placeText({ limit }: LimitView): string {
  return `${PLACES[stepOf(limit)]}${limit.mode === 'shadow' ? ', shadow' : ''}`;
}

/** Undefined where nothing can fail. */
export function failureText({ limit }: LimitView, { timeoutMs, store }: Pick<LimitService, 'timeoutMs' | 'store'>): string | undefined {
  if (limit.scope === 'local') return undefined;
  const passes = limit.onFailure === 'allow' ? 'it passes' : limit.scope === 'quota' ? 'it is denied' : '503';
  if (limit.scope === 'quota') return `without a part of the rate: ${passes} (onFailure: ${limit.onFailure})`;
  const silent = `no answer within ${timeoutMs} ms: ${passes} (onFailure: ${limit.onFailure})`;
  return store.kind === 'memory'
    ? silent
    : `${silent}; Redis away: ${STORE_AWAY[limit.onStoreFailure]} (onStoreFailure: ${limit.onStoreFailure})`;
}

const STORE_AWAY = { local: 'each limiter counts its share', allow: 'it passes', deny: 'it is denied' } as const;

/** `jwt.tenant: "trial-*"`. */
export function matchText({ match }: LimitOverride): string {
  return match.map(({ part, value }) => `${part}: ${JSON.stringify(value)}`).join(', ');
}

/** Why a limit takes nothing from the request although it concerns it: something else refuses it. Undefined: nothing does. */
export function spared(view: LimitView, { limits, auth }: Pick<Walk, 'limits' | 'auth'>): string | undefined {
  if (auth !== undefined && isRefusedFirst(auth)) return `policy ${auth.policy.name} refuses the request before`;
  const denier = limits.find((each) => each !== view && isDenial(each) && isSparedBy(view, each));
  if (!isEarly(view) && auth !== undefined && refuses(auth) && (denier === undefined || !isEarly(denier)))
    return `policy ${auth.policy.name} refuses the request before`;
  return denier === undefined ? undefined : `limit ${denier.limit.name} denies the request`;
}

/** What is asked together takes all or nothing, but for what only watches (R108, R307). */
function isSparedBy({ limit }: LimitView, { limit: denier }: LimitView): boolean {
  const [own, other] = [LIMIT_STEPS.indexOf(stepOf(limit)), LIMIT_STEPS.indexOf(stepOf(denier))];
  return other < own || (other === own && limit.mode === 'enforce');
}

function isDenial({ limit, outcome }: LimitView): boolean {
  return outcome.kind === 'denied' && limit.mode === 'enforce';
}
