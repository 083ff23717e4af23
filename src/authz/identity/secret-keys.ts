// Keys of HS algorithms, made once of each secret (authz A6, P21). A secret that is replaced ends what the old one verified.
import type { SignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import type { Secret } from '../../lib/secret.ts';
import { secretVerificationKey, type VerificationKey } from './verification-key.ts';

interface KnownSecret {
  readonly generation: number;
  readonly keys: Map<SignatureAlgorithm, VerificationKey | undefined>;
}

const ABSENT = -1;

export class SecretKeys {
  readonly #secrets: (name: string) => Secret | undefined;
  readonly #known = new WeakMap<Secret, KnownSecret>();
  #generations = 0;

  constructor(secrets: (name: string) => Secret | undefined) {
    this.#secrets = secrets;
  }

  /** -1 while the secret is not here. */
  generation(name: string): number {
    const secret = this.#secrets(name);
    return secret === undefined ? ABSENT : this.#of(secret).generation;
  }

  /** Undefined where the secret is not here, or too short for the algorithm. */
  keyOf(name: string, algorithm: SignatureAlgorithm): { readonly key: VerificationKey; readonly generation: number } | undefined {
    const secret = this.#secrets(name);
    if (secret === undefined) return undefined;
    const { generation, keys } = this.#of(secret);
    if (!keys.has(algorithm)) keys.set(algorithm, secretVerificationKey(secret, algorithm));
    const key = keys.get(algorithm);
    return key && { key, generation };
  }

  #of(secret: Secret): KnownSecret {
    const known = this.#known.get(secret) ?? { generation: (this.#generations += 1), keys: new Map() };
    this.#known.set(secret, known);
    return known;
  }
}
