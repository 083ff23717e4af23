// What changes of the policies that a companion enforces, as a delta. Where it comes from, and how it reaches the workers, stands elsewhere.
import type { Secret } from '../lib/secret.ts';

/** A resource by its xDS name; the bytes are the message itself, not an Any. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface NamedSecret {
  /** `<gateway>/<name by SDS>`: a process may serve several gateways, whose secrets are called alike. */
  readonly name: string;
  readonly value: Secret;
}

export interface PolicyUpdate {
  /** `<gateway>/<policy>@<version>` (authz D2). */
  readonly policies: readonly NamedBytes[];
  /** `<gateway>/<apiKeys>` (authz D4). */
  readonly apiKeys: readonly NamedBytes[];
  readonly secrets: readonly NamedSecret[];
  /** `<gateway>` → its limits (ratelimit R301); absent where there are none, and for authz companions. */
  readonly tables?: readonly NamedBytes[];
  /** Names of any kind. */
  readonly removed: readonly string[];
}

/** A resource that is not enforced, and why (authz D2, D3). What was held under its name stays. */
export interface RefusedResource {
  readonly name: string;
  readonly message: string;
}

export interface ApplyOutcome {
  readonly refused: readonly RefusedResource[];
}

export const NO_UPDATE: PolicyUpdate = { policies: [], apiKeys: [], secrets: [], removed: [] };
