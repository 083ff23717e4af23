// What workers count, in the program's metrics.
import { expect, it } from 'vitest';
import { CountBook } from '../../../src/companion/authz-counts.ts';
import { AuthzMetrics } from '../../../src/companion/authz-metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const NONE = { entries: 0, bytes: 0 };

it('counts of all workers add up; of what a cache holds each worker tells the newest (P27)', async () => {
  const metrics = createMetrics({ version: 'test' });
  const sum = new AuthzMetrics(metrics);
  const tell = (worker: number, use: (book: CountBook) => void, entries: number): void => {
    const book = new CountBook();
    use(book);
    const sizes = { token: { entries, bytes: entries * 10 }, token_refused: NONE, introspection: NONE, certificate: NONE };
    const counts = book.take(sizes);
    if (counts !== undefined) sum.add(worker, counts);
    expect(book.take(sizes)).toBeUndefined();
  };
  tell(0, (book) => book.cache('token', 'miss'), 1);
  tell(1, (book) => book.cache('token', 'miss'), 5);
  tell(
    0,
    (book) => {
      for (const result of ['hit', 'hit', 'miss', 'evicted'] as const) book.cache('token', result);
    },
    2,
  );
  tell(1, () => undefined, 9);
  const text = await metrics.text();
  for (const line of [
    'chancery_cache_hits_total{cache="authz_token"} 2',
    'chancery_cache_misses_total{cache="authz_token"} 3',
    'chancery_cache_evictions_total{cache="authz_token"} 1',
    'chancery_cache_entries{cache="authz_token"} 7',
    'chancery_cache_bytes{cache="authz_token"} 70',
  ])
    expect(text).toContain(line);
  expect(text).not.toContain('authz_certificate');
});

it('names that strangers make up are forgotten once they are told, and are no longer than names may be (P27)', () => {
  const book = new CountBook();
  const sizes = { token: NONE, token_refused: NONE, introspection: NONE, certificate: NONE };
  const decided = (route: string): void =>
    book.decided({ route, decision: 'deny', reason: 'policy.missing', mode: 'enforce', durationMs: 1 });
  for (let index = 0; index < 20_000; index += 1) decided(`made-up-${index}`);
  decided('x'.repeat(100_000));
  const told = book.take(sizes)?.decisions ?? [];
  expect(told).toHaveLength(10_001);
  expect(told.find(({ route }) => route === 'other')?.times).toBe(10_001);
  expect(told.every(({ route }) => route.length < 300)).toBe(true);
  decided('real');
  expect(book.take(sizes)?.decisions).toMatchObject([{ route: 'real', times: 1 }]);
});
