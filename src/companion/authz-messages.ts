// What the two halves of the authz companion tell each other beyond policies: keys of issuers, and counts. Plain data.

import type { KeyParcel } from '../authz/jwks/key-parcel.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import type { WantedAnswer } from '../authz/jwks/key-store.ts';
import type { AuthzCounts } from './authz-counts.ts';

export type AuthzToWorker =
  /** The keys of one provider, as they are now (J7). */
  | { readonly kind: 'keys'; readonly parcel: KeyParcel }
  /** The supervisor has done what it could about a `wanted`; the keys came before. */
  | { readonly kind: 'wanted.done'; readonly id: number; readonly answer: WantedAnswer };

export type AuthzFromWorker =
  /** Providers whose keys this worker needs. */
  | { readonly kind: 'owners'; readonly owners: readonly KeyOwner[] }
  /** A sound token names a key that is not known here (J6). */
  | { readonly kind: 'wanted'; readonly id: number; readonly owner: KeyOwner; readonly kid: string }
  | { readonly kind: 'counts'; readonly counts: AuthzCounts };
