// The part of the status page about limits (operating O9, ratelimit R811): what they decide, whom most, who has what of those that are divided, and
// how their stores are. Counters are hashes.
import type { LimitOverview } from '../companion/limit-api.ts';
import type { ListedLimit, StoreState } from '../ratelimit/limit-question.ts';
import { code, escape, marked, table } from './html.ts';

export interface PageLimits {
  /** Undefined: no rate limiter runs in this process. */
  readonly here: LimitOverview | undefined;
  /** Limiters of their own that are connected, by name and address. */
  readonly elsewhere: readonly string[];
}

/** More are in the API. */
const LIMITS_SHOWN = 200;
const HOT_SHOWN = 20;
const HOLDERS_SHOWN = 20;

const DENIED = ['over', 'blocked', 'oversize', 'degraded_over', 'fail_closed'] as const;
const PASSED = ['ok', 'near', 'unlimited', 'shadow_over', 'degraded_ok', 'fail_open'] as const;
const DEGRADED = { local: 'each worker counts its own part', allow: 'all pass', deny: 'all are denied' } as const;

export function limitsSection({ here, elsewhere }: PageLimits): string {
  const note = elsewhere.length === 0 ? '' : `<p>${elsewhereText(elsewhere)}</p>\n`;
  if (here === undefined || here.limits.length === 0)
    return `<h2>Limits</h2>\n${note || '<p>No gateway has a limit that is counted here.</p>\n'}`;
  const { limits, stores } = here;
  const rest = limits.length - LIMITS_SHOWN;
  const more = rest > 0 ? `<p>And ${rest} limits more: <a href="/api/v1/limits">/api/v1/limits</a></p>\n` : '';
  const head = ['Limit', 'Rate', 'Counted', 'Allowed', 'Near', 'Denied', 'Would deny', 'Now'];
  return `<h2>Limits</h2>
${note}${stores
  .filter(({ state }) => state === 'away')
  .map(awayText)
  .join('')}${table(head, limits.slice(0, LIMITS_SHOWN).map(limitRow), '')}
${more}${hotTable(limits)}${sharesTable(limits)}`;
}

function elsewhereText(names: readonly string[]): string {
  const list = names.map((name) => code(name)).join(', ');
  return `Limits are counted by ${list}: each tells of them on its own machine, where its metrics are: <code>chancery limits list --server URL</code>.`;
}

function awayText({ gateway, worker, reason = '', sinceMs, isBreakerOpen }: StoreState): string {
  const since = sinceMs === undefined ? '' : ` since <time>${new Date(sinceMs).toISOString()}</time>`;
  const breaker = isBreakerOpen ? ', its breaker is open' : '';
  return `<p><strong>${escape(gateway)}</strong>: ${marked('bad', `Redis is away for worker ${worker}${breaker}`)}${since}: ${escape(reason)}</p>\n`;
}

function limitRow(limit: ListedLimit): readonly string[] {
  const { gateway, name, source, rates, parts, decisions, perSecond, scope, mode, isLingering } = limit;
  const place = [escape(gateway), code(source)].filter((text) => text !== '').join(' ');
  const key = parts.length === 0 ? 'for all together' : `for each ${parts.map((part) => code(part)).join(', ')}`;
  const state = isLingering ? `<br>${marked('wait', 'left the configuration')}` : '';
  const near = decisions.near ?? 0;
  const denied = mode === 'shadow' ? 0 : timesOf(decisions, DENIED);
  const counts =
    scope === 'quota'
      ? ['', '', '', '']
      : [
          total(limit),
          near === 0 ? '0' : marked('wait', String(near)),
          denied === 0 ? '0' : marked('bad', String(denied)),
          wouldDenyCell(limit),
        ];
  return [
    `<strong>${escape(name)}</strong><br>${place}`,
    `${rates.map(escape).join('<br>') || 'unlimited'}<br>${key}`,
    `${countedText(limit)}${state}`,
    ...counts,
    scope === 'quota' ? divisionText(limit) : paceText(perSecond, limit.onStoreFailure),
  ];
}

/** Mode shadow denies nothing. */
function total({ decisions, mode }: ListedLimit): string {
  return String(timesOf(decisions, mode === 'shadow' ? [...PASSED, ...DENIED] : PASSED));
}

function timesOf(decisions: ListedLimit['decisions'], results: readonly (keyof ListedLimit['decisions'])[]): number {
  return results.reduce((sum, result) => sum + (decisions[result] ?? 0), 0);
}

function countedText({ scope, store, mode }: ListedLimit): string {
  const where = scope === 'quota' ? 'divided over proxies' : `in ${store === 'redis' ? 'Redis' : 'memory'}`;
  return mode === 'shadow' ? `${where}<br>${marked('wait', 'shadow')}` : where;
}

/** What mode shadow lets pass, its part of all, and how many counters that are. */
function wouldDenyCell({ mode, decisions, overKeys }: ListedLimit): string {
  if (mode !== 'shadow') return '';
  const times = timesOf(decisions, ['shadow_over', ...DENIED]);
  const all = Object.values(decisions).reduce((sum, each) => sum + each, 0);
  if (times === 0) return '0';
  const keys = `${overKeys.isExact ? '' : 'about '}${overKeys.count} ${overKeys.count === 1 ? 'counter' : 'counters'}`;
  return `${marked('wait', String(times))}<br>${((times / all) * 100).toFixed(1)} %, ${keys}`;
}

function paceText({ allowed, denied, degraded, shed }: ListedLimit['perSecond'], onStoreFailure: ListedLimit['onStoreFailure']): string {
  const pace = `${allowed}/s allowed<br>${denied === 0 ? '0/s denied' : marked('bad', `${denied}/s denied`)}`;
  const away = degraded === 0 ? '' : `<br>${marked('bad', `${degraded}/s without Redis: ${DEGRADED[onStoreFailure]}`)}`;
  const shedding = shed === 0 ? '' : `<br>${marked('bad', `${shed}/s not counted, too much to do: ${DEGRADED[onStoreFailure]}`)}`;
  return pace + away + shedding;
}

function divisionText({ shares = [], reserve = 0 }: ListedLimit): string {
  const [largest] = shares;
  if (largest === undefined) return 'no proxy has a share yet';
  const budgets = shares.length === 1 ? '' : ` of the largest of ${shares.length} budgets`;
  return `${largest.givenPerSecond} of ${largest.perSecond}/s given out${budgets}<br>${reserve * 100} % kept for newcomers`;
}

function hotTable(limits: readonly ListedLimit[]): string {
  const hot = limits.flatMap(({ name, hot: keys = [] }) => keys.map((key) => ({ name, ...key })));
  if (hot.length === 0) return '';
  const rows = hot
    .sort((left, right) => right.hits - left.hits)
    .slice(0, HOT_SHOWN)
    .map(({ name, hash, hits, error }) => [code(hash), escape(name), error === 0 ? String(hits) : `${hits - error} to ${hits}`]);
  return `<h3>Counters that are asked most</h3>\n${table(['Counter', 'Limit', 'Hits lately'], rows, '')}\n`;
}

function sharesTable(limits: readonly ListedLimit[]): string {
  const holders = limits.flatMap(({ name, shares = [] }) =>
    shares.flatMap((budget) => budget.holders.map((holder) => ({ name, budget: budget.hash, ...holder }))),
  );
  if (holders.length === 0) return '';
  const rows = holders
    .slice(0, HOLDERS_SHOWN)
    .map(({ name, budget, proxy, perSecond, burst, demand, isClosed }) => [
      escape(name),
      code(budget),
      `${proxy === undefined ? 'of another instance' : code(proxy)}${isClosed ? `<br>${marked('wait', 'its stream is closed')}` : ''}`,
      `${perSecond}/s, burst ${burst}`,
      `${Math.round(demand * 10) / 10}/s`,
    ]);
  const rest = holders.length - rows.length;
  const more = rest > 0 ? `<p>And ${rest} shares more: <code>chancery limits show LIMIT</code></p>\n` : '';
  return `<h3>Shares of divided limits</h3>\n${table(['Limit', 'Budget', 'Proxy', 'Share', 'Wants'], rows, '')}\n${more}`;
}
