// Text that must never be printed (C7): keys, tokens, passwords. Only `reveal()` gives it back; every way of printing shows a mark.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself; call it only where the bytes leave for their one destination. */
  reveal(): string {
    return this.#text;
  }

  /** `sha256:` and the first 12 hex digits: tells two secrets apart without showing either. */
  fingerprint(): string {
    return `sha256:${createHash('sha256').update(this.#text).digest('hex').slice(0, 12)}`;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
