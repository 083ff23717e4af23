// The name of a counter: 128 bits of a keyed hash (R410), so that no store, log or page ever holds what was counted. It only carries and
// makes hashes; which parts belong to a counter is the caller's knowledge.
import { createHash } from 'node:crypto';

/** Immutable; callers keep one for each counter they see often, since its text is made once. */
export class CounterKey {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  #text: string | undefined;

  /** The first 16 bytes of a digest, read once. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.a = view.getUint32(0);
    this.b = view.getUint32(4);
    this.c = view.getUint32(8);
    this.d = view.getUint32(12);
  }

  /** 22 characters of base64url: the form in Redis, logs and pages. */
  get text(): string {
    if (this.#text === undefined) {
      const bytes = Buffer.allocUnsafe(16);
      bytes.writeUInt32BE(this.a, 0);
      bytes.writeUInt32BE(this.b, 4);
      bytes.writeUInt32BE(this.c, 8);
      bytes.writeUInt32BE(this.d, 12);
      this.#text = bytes.toString('base64url');
    }
    return this.#text;
  }
}

/** What a counter is named by (R101, R102). */
export interface CounterName {
  /** The domain of the request. */
  readonly domain: string;
  /** The limit's `id`. */
  readonly identity: string;
  /** Keys and values, in the limit's order. */
  readonly parts: readonly (string | Uint8Array)[];
}

/** R410: 128 bits of SHA-256 over the secret and each part with its length before it, so that ("a", "bc") and ("ab", "c") differ. */
export function counterKey(secret: Uint8Array, name: CounterName): CounterKey {
  const hash = createHash('sha256');
  for (const part of [secret, name.domain, name.identity, ...name.parts]) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return new CounterKey(hash.digest());
}
