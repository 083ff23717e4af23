/** FNV-1a over four characters at a time, with a final mix: 32 bits, unsigned, the same in every process. Collisions must cost time only. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  let index = 0;
  for (; index + 4 <= text.length; index += 4) {
    const low = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 8);
    hash = Math.imul(hash ^ (low | (text.charCodeAt(index + 2) << 16) | (text.charCodeAt(index + 3) << 24)), 0x01000193);
  }
  for (; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
