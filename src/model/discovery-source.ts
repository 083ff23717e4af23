// Where the endpoints of a service come from, as the model has it. Plain data; says nothing of Envoy.
import type { ConfigPath } from '../lib/issue.ts';

/** Which addresses of a name are used. `preferV4`: IPv6 only where a name has no IPv4 address. */
export type IpFamily = 'preferV4' | 'v4' | 'v6' | 'both';

/** Where the list of endpoints comes from. Host names in any list are resolved by the control plane (D20). */
export type DiscoverySource =
  /** The list in the configuration, which has host names. */
  | { readonly kind: 'dns'; readonly ipFamily: IpFamily }
  /** SRV records give hosts, ports, weights and priorities. */
  | { readonly kind: 'srv'; readonly name: string; readonly ipFamily: IpFamily }
  /** `file` is as written in the model, absolute in a DiscoveredService. */
  | { readonly kind: 'file'; readonly file: string }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly intervalMs: number;
      readonly timeoutMs: number;
      /** May hold credentials: never logged or shown (C7). */
      readonly headers: Readonly<Record<string, string>>;
    }
  /** Lists are pushed through the admin API. `tokenHash`: SHA-256 in hex of the token that a push must show. */
  | { readonly kind: 'push'; readonly ttlMs?: number; readonly tokenHash?: string };

/** How the endpoints of a service are found, as the model has it. */
export interface Discovery {
  /** Where it was written, for files that are relative to the file that names them (C6). */
  readonly path: ConfigPath;
  readonly source: DiscoverySource;
  /** How long a removed endpoint is told DRAINING before it goes (D12). */
  readonly drainForMs: number;
  /** How long the last endpoints stay when discovery finds none (D18). */
  readonly keepLastForMs: number;
}
