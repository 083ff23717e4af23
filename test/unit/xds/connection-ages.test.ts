import { expect, test } from 'vitest';
import { createConnectionAges } from '../../../src/xds/connection-ages.ts';

test('T7: the streams of a connection end at 1.2 times its age, ten per cent more or less, all at once; then they have half an age', () => {
  let nowMs = 1_000;
  const ages = createConnectionAges({ maxAgeMs: 10_000, salt: 's', nowMs: () => nowMs });
  const times = new Set<number>();
  for (let port = 0; port < 500; port += 1) {
    const first = ages.opened(`127.0.0.1:${port}`).retirement;
    nowMs += 5;
    const later = ages.opened(`127.0.0.1:${port}`).retirement;
    expect(later).toEqual(first);
    const atMs = (first?.atMs ?? 0) - (nowMs - 5);
    expect(atMs).toBeGreaterThanOrEqual(10_800);
    expect(atMs).toBeLessThanOrEqual(13_200);
    expect((first?.byMs ?? 0) - (first?.atMs ?? 0)).toBe(5_000);
    times.add(Math.round(atMs));
  }
  expect(times.size).toBeGreaterThan(300);
});

test('T7: a connection is forgotten with its last stream, so that an address that comes again is new', () => {
  let nowMs = 0;
  const ages = createConnectionAges({ maxAgeMs: 1_000, salt: 's', nowMs: () => nowMs });
  const streams = [ages.opened('peer'), ages.opened('peer')];
  nowMs = 5_000;
  streams[0]?.closed();
  expect(ages.opened('peer').retirement?.atMs).toBeLessThan(2_000);
  for (const stream of streams.slice(1)) stream.closed();
  const fresh = createConnectionAges({ maxAgeMs: 1_000, salt: 's', nowMs: () => nowMs });
  fresh.opened('peer').closed();
  nowMs = 9_000;
  expect(fresh.opened('peer').retirement?.atMs).toBeGreaterThan(10_000);
});

test('T7: without an age connections stay', () => {
  const ages = createConnectionAges({ maxAgeMs: undefined, salt: 's', nowMs: () => 0 });
  expect(ages.opened('peer').retirement).toBeUndefined();
});
