// Limits as tables for people, with what somebody should look at below. Pure.
import { ago } from './age.ts';
import type { BudgetShares, HotKey, LimitList, ListedLimit, StoreState } from './limits-schema.ts';
import { textTable } from './text-table.ts';

const DENIED = ['over', 'blocked', 'oversize', 'degraded_over', 'fail_closed'];
const ALLOWED = ['ok', 'near', 'unlimited', 'shadow_over', 'degraded_ok', 'fail_open'];

/** Empty where there are none. */
export function limitsTable({ limits, stores }: LimitList, nowMs: number): string {
  const rows = limits.map((limit) => [
    limit.gateway,
    limit.name,
    limit.rates.join('; ') || 'unlimited',
    limit.parts.join(', ') || '-',
    ...(limit.scope === 'quota' ? ['-', '-', '-', '-'] : countsOf(limit)),
    limit.scope === 'quota' ? 'divided' : limit.store,
    limit.isLingering ? 'left the configuration' : limit.mode,
  ]);
  const head = ['GATEWAY', 'LIMIT', 'RATE', 'KEY', 'ALLOWED', 'NEAR', 'DENIED', 'A SECOND', 'STORE', 'MODE'];
  const remarks = [...stores.flatMap((store) => awayLine(store, nowMs)), ...limits.flatMap(degradedLine), ...limits.flatMap(divisionLines)];
  return joined(textTable(head, rows), remarks);
}

/** Only limits in shadow mode are to be given. */
export function shadowTable({ limits, stores }: LimitList, nowMs: number): string {
  const rows = limits.map((limit) => {
    const { decisions, perSecond, overKeys } = limit;
    const denied = [...DENIED, 'shadow_over'].reduce((total, result) => total + (decisions[result] ?? 0), 0);
    const all = Object.values(decisions).reduce((total, times) => total + times, 0);
    const share = all === 0 ? '-' : `${((denied / all) * 100).toFixed(1)} %`;
    const keys = `${overKeys.isExact ? '' : 'about '}${overKeys.count}`;
    return [
      limit.gateway,
      limit.name,
      limit.rates.join('; '),
      ago(limit.sinceMs, nowMs),
      String(all),
      String(denied),
      share,
      paceText(perSecond.wouldDeny),
      keys,
    ];
  });
  const head = ['GATEWAY', 'LIMIT', 'RATE', 'SINCE', 'REQUESTS', 'WOULD DENY', 'SHARE', 'A SECOND', 'COUNTERS OVER'];
  return joined(
    textTable(head, rows),
    stores.flatMap((store) => awayLine(store, nowMs)),
  );
}

export function hotTable(keys: readonly HotKey[]): string {
  return textTable(
    ['COUNTER', 'HITS', 'AT MOST TOO HIGH BY'],
    keys.map(({ hash, hits, error }) => [hash, String(hits), String(error)]),
  );
}

/** Each holder's share of each budget, what is kept free, and the sum. */
export function sharesText(shares: readonly BudgetShares[]): string {
  return shares
    .map((budget) => {
      const { hash, perSecond, reservePerSecond, givenPerSecond, holders, others } = budget;
      const rows = holders.map((holder) => [
        holder.proxy ?? 'of another instance',
        `${holder.perSecond}/s`,
        String(holder.burst),
        `${paceText(holder.demand)}/s`,
        holder.isClosed ? 'its stream is closed' : '',
      ]);
      const more = others === 0 ? '' : `and ${others} more\n`;
      const sum = `budget ${hash}: ${givenPerSecond} of ${perSecond}/s given out, ${reservePerSecond}/s kept for newcomers`;
      return `${sum}\n${textTable(['PROXY', 'SHARE', 'BURST', 'WANTS', 'REMARK'], rows)}${more}`;
    })
    .join('\n');
}

function countsOf(limit: ListedLimit): readonly string[] {
  const { perSecond } = limit;
  const pace = `${paceText(perSecond.allowed)} / ${paceText(perSecond.denied)}`;
  const isShadow = limit.mode === 'shadow';
  return [sum(limit, isShadow ? [...ALLOWED, ...DENIED] : ALLOWED), sum(limit, ['near']), isShadow ? '0' : sum(limit, DENIED), pace];
}

function awayLine({ gateway, worker, state, reason, sinceMs, isBreakerOpen }: StoreState, nowMs: number): readonly string[] {
  if (state === 'ready') return [];
  const breaker = isBreakerOpen ? ', its breaker is open' : '';
  return [
    `Redis of ${gateway} is away for worker ${worker}${breaker} (${ago(sinceMs, nowMs)}): ${reason ?? ''}. Its limits answer by their onStoreFailure`,
  ];
}

const DEGRADED = {
  local: 'each worker counts its own part of it',
  allow: 'all of them pass',
  deny: 'all of them are denied',
} as const;

function degradedLine({ gateway, name, perSecond, onStoreFailure }: ListedLimit): readonly string[] {
  const { degraded, shed } = perSecond;
  const lines = [
    ...(degraded === 0 ? [] : [`${paceText(degraded)} requests a second are decided without Redis`]),
    ...(shed === 0 ? [] : [`${paceText(shed)} requests a second are not counted, the limiter has too much to do`]),
  ];
  return lines.map((line) => `${gateway} ${name}: ${line}: ${DEGRADED[onStoreFailure]}`);
}

function divisionLines({ gateway, name, scope, reserve = 0, shares = [] }: ListedLimit): readonly string[] {
  if (scope !== 'quota') return [];
  const [largest] = shares;
  if (largest === undefined) return [`${gateway} ${name}: no proxy has a share of it yet`];
  const proxies = largest.holders.length + largest.others;
  const rest = shares.length === 1 ? '' : `, the largest of ${shares.length} budgets`;
  return [
    `${gateway} ${name}: ${largest.givenPerSecond} of ${largest.perSecond}/s with ${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}${rest}; ${reserve * 100} % kept for newcomers (limits show ${name})`,
  ];
}

function joined(table: string, remarks: readonly string[]): string {
  return table === '' || remarks.length === 0 ? table : `${table}\n${remarks.map((line) => `${line}\n`).join('')}`;
}

function paceText(perSecond: number): string {
  return perSecond >= 100 ? String(Math.round(perSecond)) : String(Math.round(perSecond * 10) / 10);
}

function sum({ decisions }: ListedLimit, results: readonly string[]): string {
  return String(results.reduce((total, result) => total + (decisions[result] ?? 0), 0));
}
