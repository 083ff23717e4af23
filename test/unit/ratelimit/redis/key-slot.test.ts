import { expect, it } from 'vitest';
import { keySlot, SLOTS } from '../../../../src/ratelimit/redis/key-slot.ts';

it('the slot of a key is the one that Redis Cluster names: CRC-16 of the text, modulo 16,384', () => {
  // "123456789" is the check value of CRC-16/XMODEM, 0x31C3; the others as CLUSTER KEYSLOT tells them.
  expect(keySlot('123456789')).toBe(0x31c3);
  expect([keySlot(''), keySlot('foo'), keySlot('bar'), keySlot('hello')]).toEqual([0, 12_182, 5_061, 866]);
  const slots = Array.from({ length: 2_000 }, (_, at) => keySlot(`key ${at}`));
  expect(slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < SLOTS)).toBe(true);
});
