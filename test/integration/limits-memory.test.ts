// Counters in memory under a flood of keys (ratelimit R601, R602, R1009): bytes are bounded and counted, and a key that is over stays denied. Small as
// part of all tests; LIMITS_FULL=1 sends 5 million keys at a million places.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../support/child.ts';
import { REPOSITORY } from '../support/envoy-binary.ts';

const IS_FULL = process.env['LIMITS_FULL'] === '1';
const SIZE = IS_FULL ? { places: 1_000_000, keys: 5_000_000 } : { places: 20_000, keys: 80_000 };

interface Flood {
  readonly samples: readonly {
    readonly keys: number;
    readonly held: number;
    readonly bytesPerKey: number;
    readonly heapMiB: number;
    readonly rssMiB: number;
  }[];
  readonly hotPassed: number;
  readonly evicted: number;
  readonly overflowed: number;
}

async function flood(algorithm: string): Promise<Flood> {
  const script = path.join(REPOSITORY, 'test/support/memory-flood.mjs');
  const child = startChild(process.execPath, ['--expose-gc', script, String(SIZE.places), String(SIZE.keys), algorithm]);
  expect(await child.exited, child.stderr()).toBe(0);
  return JSON.parse(child.stdout()) as Flood;
}

describe('a flood of keys in memory', () => {
  it.each([
    ['fixed', 100],
    ['bucket', 100],
    ['sliding', 200],
  ] as const)(
    '%s: takes less than %d bytes for each key that is held, no more with each that comes, and a hot key stays denied',
    async (algorithm, most) => {
      const { samples, hotPassed, evicted } = await flood(algorithm);
      if (IS_FULL) process.stdout.write(`${algorithm} ${JSON.stringify({ samples, evicted })}\n`);
      const [first] = samples;
      const last = samples.at(-1);
      if (first === undefined || last === undefined) throw new Error('no samples');
      expect(samples.map(({ held }) => held)).toEqual(samples.map(() => SIZE.places));
      // The overflow counters have a table of their own, of 10,000 places: that counts little among a million.
      const overflow = (10_000 / SIZE.places) * most;
      expect(first.bytesPerKey).toBeLessThan(most + overflow);
      for (const { bytesPerKey } of samples) expect(bytesPerKey).toBeLessThanOrEqual(first.bytesPerKey * 1.001);
      // No object is kept for a key: a number and a pointer for each would be seen.
      for (const { heapMiB } of samples) expect(heapMiB).toBeLessThan(4 + (8 * SIZE.places) / 2 ** 20);
      // What the collector of garbage keeps for itself is part of it.
      if (IS_FULL) expect(last.rssMiB).toBeLessThan(first.rssMiB + 64);
      expect(hotPassed).toBe(10);
      expect(evicted).toBe(SIZE.keys + 1 - SIZE.places);
    },
    IS_FULL ? 600_000 : 60_000,
  );
});
