// Headers of tokens, read once for each text (P5): an issuer writes the same few thousands of times. Holds nothing that is secret or that
// belongs to one caller.
import { isCanonicalBase64url } from '../../lib/jose/base64url.ts';
import { type JsonLimits, type JsonObject, parseStrictJson } from '../../lib/jose/strict-json.ts';

/** So many texts; strangers who send others empty it, which costs what it saves. */
const MOST_KNOWN = 256;

/** Reads canonical base64url of strict JSON (authz A4, A5); undefined for anything else, which is not remembered. */
export class KnownHeaders {
  readonly #limits: JsonLimits;
  readonly #known = new Map<string, JsonObject>();

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  read(segment: string): JsonObject | undefined {
    const known = this.#known.get(segment);
    if (known !== undefined) return known;
    if (!isCanonicalBase64url(segment)) return undefined;
    const header = parseStrictJson(Buffer.from(segment, 'base64url'), this.#limits);
    if (header === undefined) return undefined;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    // A part of a token would keep all of it in memory.
    this.#known.set(Buffer.from(segment, 'latin1').toString('latin1'), header);
    return header;
  }
}
