// Limits and counters as tables for people. Pure.
import type { Counters, HotKey, ListedLimit } from './limits-client.ts';
import { textTable } from './text-table.ts';

const LIMITED = ['over', 'blocked', 'oversize', 'degraded_over', 'fail_closed'];
const PASSED = ['ok', 'near', 'unlimited', 'degraded_ok', 'fail_open', 'shed'];

export function limitsTable(limits: readonly ListedLimit[]): string {
  const rows = limits.map((limit) => [
    limit.gateway,
    limit.name,
    limit.rates.join('; ') || 'unlimited',
    limit.parts.join(', ') || '-',
    sum(limit, PASSED),
    sum(limit, ['near']),
    sum(limit, LIMITED),
    sum(limit, ['shadow_over']),
    limit.store,
    limit.isLingering ? 'left the configuration' : limit.mode,
  ]);
  return textTable(['GATEWAY', 'LIMIT', 'RATE', 'KEY', 'ALLOWED', 'NEAR', 'LIMITED', 'SHADOW', 'STORE', 'MODE'], rows);
}

export function shadowTable(limits: readonly ListedLimit[]): string {
  const rows = limits.map((limit) => {
    const denied = limit.decisions['shadow_over'] ?? 0;
    const all = Object.values(limit.decisions).reduce((total, times) => total + times, 0);
    return [
      limit.gateway,
      limit.name,
      limit.rates.join('; '),
      String(all),
      String(denied),
      all === 0 ? '-' : `${((denied / all) * 100).toFixed(1)} %`,
    ];
  });
  return textTable(['GATEWAY', 'LIMIT', 'RATE', 'REQUESTS', 'WOULD DENY', 'SHARE'], rows);
}

export function hotTable(keys: readonly HotKey[]): string {
  return textTable(
    ['COUNTER', 'HITS', 'AT MOST TOO HIGH BY'],
    keys.map(({ hash, hits, error }) => [hash, String(hits), String(error)]),
  );
}

export function countersTable({ limit, applies, counters }: Counters): string {
  const rows = counters.map(({ hash, rate, used, remaining, resetMs }) => [
    hash,
    rate,
    String(used),
    String(remaining),
    `${(resetMs / 1_000).toFixed(1)} s`,
  ]);
  return `${limit}: ${applies}\n${textTable(['COUNTER', 'RATE', 'USED', 'REMAINING', 'NEW IN'], rows)}`;
}

function sum({ decisions }: ListedLimit, results: readonly string[]): string {
  return String(results.reduce((total, result) => total + (decisions[result] ?? 0), 0));
}
