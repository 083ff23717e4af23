// Which verifications are done on the spot: a few in each turn of the event loop; the rest goes to the thread pool, so that answers from the
// caches do not wait behind them (authz P6). Bounded.
import type { SignatureVerifier, SignedBytes } from './signature-verifier.ts';
import type { VerificationKey } from './verification-key.ts';

const ON_THE_SPOT = 2;
const MOST_WAITING = 256;

export class VerificationTurns {
  readonly #verifier: SignatureVerifier;
  #inThisTurn = 0;
  #waiting = 0;

  constructor(verifier: SignatureVerifier) {
    this.#verifier = verifier;
  }

  /** `overloaded`: too many wait already. */
  verify(key: VerificationKey, bytes: SignedBytes): boolean | Promise<boolean> | 'overloaded' {
    if (this.#inThisTurn === 0) setImmediate(() => (this.#inThisTurn = 0));
    this.#inThisTurn += 1;
    if (this.#inThisTurn <= ON_THE_SPOT) return this.#verifier.verify(key, bytes);
    if (this.#waiting >= MOST_WAITING) return 'overloaded';
    this.#waiting += 1;
    return this.#verifier.verifyLater(key, bytes).finally(() => {
      this.#waiting -= 1;
    });
  }
}
