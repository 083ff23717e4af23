// One limit and its counters as text: what stands there, and where asked for, the way there and the worst case (ratelimit R811). Pure.
import type { Counters } from './limits-schema.ts';
import { sharesText } from './limits-table.ts';
import { textTable } from './text-table.ts';

const MARKS = { yes: '✓', no: '✗', fact: '·' } as const;

export function counterText(answer: Counters, nowMs: number): string {
  const { limit, applies, path = [], bounds = [], shares } = answer;
  const steps = path.map(({ outcome, text }) => `  ${MARKS[outcome]} ${text}\n`).join('');
  const worst = bounds.map(({ rule, text }) => `  ${text} (${rule})\n`).join('');
  const parts = [
    `${limit}: ${applies}\n${steps}`,
    countersTable(answer, nowMs),
    shares === undefined ? '' : sharesText(shares) || 'no proxy has a share of it yet\n',
    worst === '' ? '' : `at worst passes:\n${worst}`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** With `explain` also what each counter is called. */
function countersTable({ counters, path }: Counters, nowMs: number): string {
  const rows = counters.map(({ hash, rate, used, remaining, resetMs, resetAt }) => [
    hash,
    rate,
    String(used),
    String(remaining),
    resetMs === 0 ? 'it is new' : `${spanText(resetMs)}, at ${clockText(resetAt, nowMs)}`,
  ]);
  const table = textTable(['COUNTER', 'RATE', 'USED', 'REMAINING', 'NEW AGAIN IN'], rows);
  if (path === undefined) return table;
  const names = counters.map(({ key, localPart }) => {
    const who = localPart?.workers === 1 ? 'the one worker' : `one of ${localPart?.workers} workers`;
    const away = localPart === undefined ? '' : `; were Redis away, ${who} would let ${localPart.hits} pass`;
    return `  kept as ${key}${away}\n`;
  });
  return table + names.join('');
}

function spanText(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** The time, and the day where it is not today; UTC. */
function clockText(iso: string, nowMs: number): string {
  const [day = '', time = ''] = iso.split('T');
  const clock = `${time.slice(0, 8)} UTC`;
  return day === new Date(nowMs).toISOString().slice(0, 10) ? clock : `${day} ${clock}`;
}
