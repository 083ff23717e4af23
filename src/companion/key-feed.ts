// Where the supervisor of the authz companion has keys from, as an interface: one place fetches for all workers (J7).

import type { KeyParcel } from '../authz/jwks/key-parcel.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import type { WantedAnswer } from '../authz/jwks/key-store.ts';

export interface KeyFeed {
  /** Keeps the keys of these providers fresh; others are forgotten. */
  watch(owners: readonly KeyOwner[]): void;
  /** The keys of all watched providers as they are now. */
  parcels(): readonly KeyParcel[];
  /** Looks for a key that nobody has seen (J6). */
  wanted(owner: KeyOwner): Promise<WantedAnswer>;
  /** Resolves when each watched provider was tried once. */
  tried(): Promise<void>;
  providers(): readonly ProviderStatus[];
  stop(): void;
}

/** For `/readyz` (authz G13). */
export interface ProviderStatus {
  readonly issuer: string;
  readonly state: 'fresh' | 'stale' | 'unavailable';
  /** Since its keys were fetched or confirmed; absent: never. */
  readonly ageSeconds?: number;
}
