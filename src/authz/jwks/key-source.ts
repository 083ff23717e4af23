// Where the verifier gets keys from, as an interface: the store that fetches them, or a mirror of it in a worker. Types only.
import type { VerificationKey } from '../identity/verification-key.ts';
import type { JwtSettings } from '../policy/settings.ts';

/** What of a provider decides its keys. */
export type KeyOwner = Pick<JwtSettings, 'issuer' | 'algorithms' | 'keys'>;

/** The usable keys of one provider at one moment. Immutable; imported once (P21). */
export interface KeySet {
  /** Rises when a key that was there is gone or changed, so that what it verified is forgotten (J10); added keys do not raise it. */
  readonly generation: number;
  /** A14: keys of exactly this algorithm, and of this `kid` where one is given; at most 4, in the order of the set. */
  candidates(algorithm: string, kid: string | undefined): readonly VerificationKey[];
}

export type KeyAnswer =
  | { readonly kind: 'keys'; readonly keys: KeySet }
  /** Never fetched, or too old to be used (J5); of `wanted` also: nobody can say now whether that key exists (J6). Not the caller's fault. */
  | { readonly kind: 'unavailable' };

export interface KeySource {
  /** The keys now; asks for them where nobody did yet. */
  keysOf(owner: KeyOwner): KeyAnswer;
  /**
   * A token that is sound so far (A1-A13) names a `kid` that `keysOf` did not have. Causes at most one fetch per provider and 30 s and
   * waits at most 100 ms (J6). `keys` without that `kid` means that the issuer does not have it.
   */
  wanted(owner: KeyOwner, kid: string): KeyAnswer | Promise<KeyAnswer>;
}
