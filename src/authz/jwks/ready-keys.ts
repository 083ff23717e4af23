// The usable keys of one provider, imported once and found by algorithm and kid (authz A14, P21). Immutable.
import type { CanonicalJwk } from '../../lib/jose/key-set.ts';
import { publicVerificationKey, type VerificationKey } from '../identity/verification-key.ts';
import type { KeySet } from './key-source.ts';

/** A token without a kid, or with one that several keys have, is tried with so many at most. */
const MOST_TRIED = 4;

export function readyKeys(canonical: readonly CanonicalJwk[], generation: number): KeySet {
  const byAlgorithm = new Map<string, VerificationKey[]>();
  for (const jwk of canonical) {
    const key = publicVerificationKey(jwk);
    byAlgorithm.set(key.algorithm, [...(byAlgorithm.get(key.algorithm) ?? []), key]);
  }
  return {
    generation,
    candidates: (algorithm, kid) => {
      const keys = byAlgorithm.get(algorithm) ?? [];
      return (kid === undefined ? keys : keys.filter((key) => key.kid === kid)).slice(0, MOST_TRIED);
    },
  };
}
