// Keys that stand in the policy itself: parsed once for each text, never fetched.
import { parseKeySet } from '../../lib/jose/key-set.ts';
import { isSignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import type { KeyAnswer, KeyOwner } from './key-source.ts';
import { readyKeys } from './ready-keys.ts';

const UNAVAILABLE: KeyAnswer = { kind: 'unavailable' };

/** `unavailable` for a text without usable keys: it was refused before, at `validate`. */
export function createInlineKeys(): (owner: Pick<KeyOwner, 'algorithms'>, jwks: string) => KeyAnswer {
  // By the list of algorithms, which belongs to the settings of one provider and goes with them.
  const known = new WeakMap<readonly string[], { readonly jwks: string; readonly answer: KeyAnswer }>();
  let generation = 0;
  return ({ algorithms }, jwks) => {
    const kept = known.get(algorithms);
    if (kept?.jwks === jwks) return kept.answer;
    const verdict = parseKeySet(jwks, algorithms.filter(isSignatureAlgorithm));
    generation += 1;
    const keys = verdict.ok ? verdict.value.keys : [];
    const answer: KeyAnswer = keys.length === 0 ? UNAVAILABLE : { kind: 'keys', keys: readyKeys(keys, generation) };
    known.set(algorithms, { jwks, answer });
    return answer;
  };
}
