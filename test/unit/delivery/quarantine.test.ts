import { expect, test } from 'vitest';
import { isQuarantined, NOTHING_QUARANTINED, type QuarantineEntry, withEntries } from '../../../src/delivery/quarantine.ts';
import { CLUSTER } from './support.ts';

const entry = (name: string, more: Partial<QuarantineEntry> = {}): QuarantineEntry => ({
  typeUrl: CLUSTER,
  resources: [{ name, version: '1' }],
  nodeId: 'n1',
  message: 'no',
  atMs: 5,
  ...more,
});

test('D15: what is refused is remembered at once, and its place when that is known', () => {
  const first = withEntries(NOTHING_QUARANTINED, [entry('a'), entry('b')]);
  const placed = withEntries(first, [entry('a', { place: 'gateway.yaml:7' })]);
  expect(placed.entries).toEqual([entry('a', { place: 'gateway.yaml:7' }), entry('b')]);
  expect(withEntries(placed, [entry('a'), entry('a', { place: 'elsewhere.yaml:1' })])).toBe(placed);
});

test('D15: the same content refused again by another node adds nothing', () => {
  const first = withEntries(NOTHING_QUARANTINED, [entry('a')]);
  expect(withEntries(first, [entry('a', { nodeId: 'n2', atMs: 9 })])).toBe(first);
  expect(isQuarantined(first, entry('a'))).toBe(true);
  expect(isQuarantined(first, entry('a', { atMs: 9 }))).toBe(false);
  expect(isQuarantined(NOTHING_QUARANTINED, entry('a'))).toBe(false);
});
