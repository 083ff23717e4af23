// Keys in a worker: those that the store of its supervisor sends (J7), and those that stand in a policy. Fetches nothing; imports each set once.
import { parseKeySetText } from '../../lib/jose/key-set.ts';
import { createInlineKeys } from './inline-keys.ts';
import type { KeyParcel } from './key-parcel.ts';
import { keySetId } from './key-set-id.ts';
import type { KeyAnswer, KeyOwner, KeySet, KeySource } from './key-source.ts';
import type { WantedAnswer } from './key-store.ts';
import { readyKeys } from './ready-keys.ts';

export interface KeyMirrorOptions {
  readonly nowMs: () => number;
  /** Asks the store; the parcels that it changes come before the answer. Rejections mean that nobody can tell. */
  readonly wanted: (owner: KeyOwner, kid: string) => Promise<WantedAnswer>;
}

interface Mirrored {
  readonly jwks: string;
  readonly answer: KeyAnswer;
  readonly freshUntilMs: number;
}

const UNAVAILABLE: KeyAnswer = { kind: 'unavailable' };
/** Questions to the store at a time, of all providers. */
const MAX_WAITING = 64;

export class KeyMirror implements KeySource {
  readonly #options: KeyMirrorOptions;
  readonly #mirrored = new Map<string, Mirrored>();
  readonly #inline = createInlineKeys();
  /** By provider: when the store would look for another key. */
  readonly #quietUntil = new Map<string, number>();
  #waiting = 0;

  constructor(options: KeyMirrorOptions) {
    this.#options = options;
  }

  apply({ id, generation, jwks, freshUntilMs }: KeyParcel): void {
    const before = this.#mirrored.get(id);
    const isSame = before?.jwks === jwks && before?.answer.kind === 'keys' && before.answer.keys.generation === generation;
    if (jwks === undefined) {
      this.#mirrored.delete(id);
      this.#quietUntil.delete(id);
    } else this.#mirrored.set(id, { jwks, answer: isSame ? before.answer : imported(jwks, generation), freshUntilMs });
  }

  keysOf(owner: KeyOwner): KeyAnswer {
    switch (owner.keys.kind) {
      case 'remote':
        return this.#mirrored.get(keySetId(owner))?.answer ?? UNAVAILABLE;
      case 'inline':
        return this.#inline(owner, owner.keys.jwks);
      case 'secret':
        return UNAVAILABLE;
    }
  }

  wanted(owner: KeyOwner, kid: string): KeyAnswer | Promise<KeyAnswer> {
    if (owner.keys.kind !== 'remote') return this.keysOf(owner);
    const id = keySetId(owner);
    const now = this.#options.nowMs();
    // The store would not look again: what is fresh here is all there is, and a flood of made-up keys ends here.
    if (now < (this.#quietUntil.get(id) ?? 0) && now < (this.#mirrored.get(id)?.freshUntilMs ?? 0)) return this.keysOf(owner);
    if (this.#waiting >= MAX_WAITING) return UNAVAILABLE;
    return this.#ask(owner, kid, id);
  }

  async #ask(owner: KeyOwner, kid: string, id: string): Promise<KeyAnswer> {
    this.#waiting += 1;
    try {
      const { isKnown, quietUntilMs } = await this.#options.wanted(owner, kid);
      if (isKnown) this.#quietUntil.set(id, quietUntilMs);
      const answer = this.keysOf(owner);
      // The key may have come although the issuer is silent now.
      if (isKnown || (answer.kind === 'keys' && hasKey(answer.keys, owner, kid))) return answer;
      return UNAVAILABLE;
    } catch {
      return UNAVAILABLE;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function hasKey(keys: KeySet, { algorithms }: KeyOwner, kid: string): boolean {
  return algorithms.some((algorithm) => keys.candidates(algorithm, kid).length > 0);
}

/** The text is the store's own. */
function imported(jwks: string, generation: number): KeyAnswer {
  const keys = parseKeySetText(jwks);
  return keys.length === 0 ? UNAVAILABLE : { kind: 'keys', keys: readyKeys(keys, generation) };
}
