// Where the control plane has the key sets of issuers from, for policies that proxies enforce themselves (authz C5): the contract. Types only.
import type { KeyOwner } from '../authz/jwks/key-source.ts';

export interface FetchedKeySet {
  /** The canonical set (A19). */
  readonly text: string;
  /** When the issuer last said so; milliseconds since the epoch. */
  readonly fetchedAtMs: number;
}

export interface FetchedKeys {
  /** Keeps the keys of these providers fresh; others are forgotten. */
  watch(owners: readonly KeyOwner[]): void;
  /** Undefined: never fetched, or past the bound of J5. */
  keySetOf(owner: KeyOwner): FetchedKeySet | undefined;
  /** Resolves when each watched provider was tried once. */
  tried(): Promise<void>;
  stop(): void;
}

/** `onChange`: the keys of some provider changed, came or may not be used any more. */
export type CreateFetchedKeys = (onChange: () => void) => FetchedKeys;
