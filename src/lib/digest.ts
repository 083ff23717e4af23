// A short name for a text that no other text has.
import { createHash } from 'node:crypto';

/** The first hexadecimal digits of SHA-256; 16 unless told otherwise. */
export function digestOf(text: string, digits = 16): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
