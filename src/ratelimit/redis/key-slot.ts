// The slot of a key in a Redis Cluster: CRC-16 (XMODEM) of what stands in braces, modulo 16,384. Pure.

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

export const SLOTS = 16_384;

/** `tag`: ASCII. */
export function keySlot(tag: string): number {
  let crc = 0;
  for (let at = 0; at < tag.length; at += 1) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ tag.charCodeAt(at)] ?? 0);
  return crc % SLOTS;
}
