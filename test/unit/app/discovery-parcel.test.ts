import { expect, test } from 'vitest';
import { packDiscovery, unpackDiscovery } from '../../../src/build/discovery-parcel.ts';
import { aDiscovered } from '../discovery/endpoints.ts';

test('services under discovery travel once; unchanged ones stay the same objects on the other side (P8)', () => {
  const [a, b, c] = [
    aDiscovered('a', { kind: 'push' }),
    aDiscovered('b', { kind: 'push' }),
    aDiscovered('c', { kind: 'file', file: '/c' }),
  ];
  const first = packDiscovery(undefined, [a, b]);
  const held = unpackDiscovery(undefined, structuredClone(first.parcel));
  expect([...held.values()]).toEqual([a, b]);
  const second = packDiscovery(first.held, [c, b]);
  expect([...second.parcel.added.values()]).toEqual([c]);
  const after = [...unpackDiscovery(held, structuredClone(second.parcel)).values()];
  expect(after).toEqual([c, b]);
  expect(after[1]).toBe([...held.values()][1]);
  expect(() => unpackDiscovery(undefined, second.parcel)).toThrow('others than it was packed for');
});
