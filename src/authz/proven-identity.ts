// Who a credential was proven to belong to, with what follows from it and its provider alone: scopes, and the headers that tell backends (H7).
// Lives in the caches; holds no credential.
import { type ForwardedFacts, type Stamps, stampsOf } from './forwarded-text.ts';
import { claimAt } from './policy/claim-at.ts';

export type IdentityKind = 'jwt' | 'token' | 'apiKey' | 'certificate';

/** What an identity is made from. */
export interface IdentityFacts extends ForwardedFacts {
  readonly kind: IdentityKind;
  /** Name of the provider or source. */
  readonly provider: string;
  readonly issuer: string | undefined;
  /** Who; hashed before anybody sees it. */
  readonly subject: string | undefined;
  /** Name of a consumer: an operator's word, not a secret. */
  readonly client?: string;
  /** Where the scopes are not a claim. */
  readonly scopes?: ReadonlySet<string>;
}

export class ProvenIdentity {
  readonly facts: IdentityFacts;
  #scopes: ReadonlySet<string> | undefined;
  #stamps: Stamps | undefined;
  /** Most tokens meet one policy, and a map for each of thousands would be most of what the garbage collector walks through. */
  #first: { readonly policy: object; readonly bytes: Uint8Array } | undefined;
  #others: WeakMap<object, Uint8Array> | undefined;

  constructor(facts: IdentityFacts) {
    this.facts = facts;
    this.#scopes = facts.scopes;
  }

  /** The answer that was kept for a policy's version. */
  reply(policy: object): Uint8Array | undefined {
    return this.#first?.policy === policy ? this.#first.bytes : this.#others?.get(policy);
  }

  /** Keeps the answer, made once (S1); lives as long as the identity. */
  keepReply(policy: object, bytes: Uint8Array): void {
    if (this.#first === undefined) this.#first = { policy, bytes };
    else {
      this.#others ??= new WeakMap();
      this.#others.set(policy, bytes);
    }
  }

  /** Exact and case-sensitive (M7). */
  get scopes(): ReadonlySet<string> {
    this.#scopes ??= new Set(scopesOf(claimAt(this.facts.claims, this.facts.scopeClaim)));
    return this.#scopes;
  }

  /** The identity headers and their text; undefined where one cannot be told as it is (H7). */
  get stamps(): Stamps {
    this.#stamps ??= stampsOf(this.facts);
    return this.#stamps;
  }
}

function scopesOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === 'string') : [];
}
