import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressSet, addressKey } from '../../../../src/authz/policy/address-set.ts';

const has = (set: AddressSet, text: string) => set.has(addressKey(text) ?? 'none');

it('an address is in a set when a block holds it, v4-mapped ones as v4 (authz M9)', () => {
  const set = new AddressSet(['203.0.113.0/24', '10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32', '::ffff:192.0.2.0/120', '198.51.100.7/32']);
  for (const inside of [
    '203.0.113.0',
    '203.0.113.255',
    '10.255.255.255',
    '10.1.2.3',
    '2001:db8:ffff::1',
    '192.0.2.9',
    '::ffff:10.0.0.1',
    '198.51.100.7',
  ]) {
    expect([inside, has(set, inside)]).toEqual([inside, true]);
  }
  for (const outside of ['203.0.112.255', '203.0.114.0', '11.0.0.0', '9.255.255.255', '2001:db9::', '192.0.3.0', '::', '198.51.100.8']) {
    expect([outside, has(set, outside)]).toEqual([outside, false]);
  }
});

it('what is no plain address is none', () => {
  for (const text of ['', '10.1', '010.0.0.1', '0x0a000001', '10.0.0.1:80', '[::1]', 'fe80::1%eth0', '1.2.3.4, 5.6.7.8'])
    expect(addressKey(text)).toBeUndefined();
});

it('many overlapping blocks say the same as one after the other', () => {
  const block = fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: 8, max: 16 })).map(([second, length]) => {
    const bits = ((10 << 24) | (second << 16)) >>> 0;
    const start = length === 0 ? 0 : (bits & (0xffffffff << (32 - length))) >>> 0;
    return { start, end: start + 2 ** (32 - length) - 1, text: `${start >>> 24}.${(start >>> 16) & 255}.0.0/${length}` };
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), fc.nat({ max: 255 }), fc.nat({ max: 255 }), (blocks, second, third) => {
      const address = ((10 << 24) | (second << 16) | (third << 8)) >>> 0;
      const isIn = blocks.some(({ start, end }) => address >= start && address <= end);
      expect(has(new AddressSet(blocks.map(({ text }) => text)), `10.${second}.${third}.0`)).toBe(isIn);
    }),
    { numRuns: 500, seed: 1 },
  );
});
