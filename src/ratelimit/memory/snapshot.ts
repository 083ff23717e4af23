// R603: what memory keeps across a restart: counters of windows of an hour and longer, as bytes. It reads and writes no file.
import type { CounterState } from '../algorithms/counter.ts';
import { CounterKey } from '../store/counter-key.ts';
import type { Algorithm } from '../store.ts';
import type { MemoryStore } from './memory-store.ts';

const SHORTEST_US = 3_600_000_000;
/** Changes when the form does: an older file is then as if there were none. */
const FORM = 'chancery-counters-1';
/** Entries that are looked at before other work has its turn. */
const SLICE = 2_000;

/** One counter: number of its limit, key, and the numbers of its state. */
type Row = readonly [number, string, ...number[]];

/** The lines of a snapshot: first the limits, then a line for each slice of counters. Other work goes on between them. */
export async function* snapshotLines({ contents: { table, limits } }: MemoryStore): AsyncGenerator<string> {
  yield `${JSON.stringify({ form: FORM, limits: limits.all().map(({ id, algorithm }) => [id, algorithm]) })}\n`;
  for (let first = 0; first < table.made; first += SLICE) {
    const rows: Row[] = [];
    for (let entry = first; entry < Math.min(first + SLICE, table.made); entry += 1) {
      if (!table.isHeld(entry)) continue;
      const number = table.limitNumberOf(entry);
      const limit = limits.at(number)?.limit;
      if (limit !== undefined && limit.periodUs < SHORTEST_US) continue;
      const key = Buffer.from(new Uint32Array(table.keyWordsOf(entry)).buffer)
        .swap32()
        .toString('base64url');
      rows.push([number, key, ...numbersOf(table.read(entry))]);
    }
    if (rows.length > 0) yield `${JSON.stringify(rows)}\n`;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Puts counters back that are not over; those that are known already stay. False for bytes that are no snapshot of this form. */
export function restoreSnapshot(store: MemoryStore, text: string): boolean {
  const [head = '', ...lines] = text.split('\n');
  const known = parsed(head);
  if (!isHead(known)) return false;
  const algorithms = known.limits.map(([, algorithm]) => algorithm);
  const numbers = known.limits.map(([id, algorithm]) => store.contents.limits.restore(id, algorithm));
  for (const line of lines) {
    const rows = parsed(line);
    if (!Array.isArray(rows)) continue;
    for (const row of rows) {
      if (!isRow(row)) continue;
      const [number, key, ...state] = row;
      const algorithm = algorithms[number];
      const limit = numbers[number];
      const bytes = Buffer.from(key, 'base64url');
      if (algorithm === undefined || limit === undefined || bytes.length !== 16) continue;
      store.restore(new CounterKey(bytes), limit, stateOf(algorithm, state));
    }
  }
  return true;
}

function numbersOf(state: CounterState): readonly number[] {
  switch (state.algorithm) {
    case 'fixed':
      return [state.used, state.endUs];
    case 'sliding':
      return [state.hits.index, ...state.hits.counts];
    case 'slidingExact':
      return state.times;
    case 'bucket':
      return [state.full.whole, state.full.part];
  }
}

function stateOf(algorithm: Algorithm, numbers: readonly number[]): CounterState {
  const [first = 0, second = 0, ...rest] = numbers;
  switch (algorithm) {
    case 'fixed':
      return { algorithm, used: first, endUs: second };
    case 'sliding':
      return { algorithm, hits: { index: first, counts: [second, ...rest] } };
    case 'slidingExact':
      return { algorithm, times: numbers };
    case 'bucket':
      return { algorithm, full: { whole: first, part: second } };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is { readonly limits: readonly (readonly [string, Algorithm])[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'form' in value &&
    value.form === FORM &&
    'limits' in value &&
    Array.isArray(value.limits)
  );
}

function isRow(value: unknown): value is Row {
  return Array.isArray(value) && value.every((part, at) => typeof part === (at === 1 ? 'string' : 'number')) && value.length >= 2;
}
