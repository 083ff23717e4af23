// What one gateway file looks like from outside: what is served for it, since when, and what is wrong with the file. Plain data.

/** An error or warning in the configuration, as the API shows it. */
export interface ProblemView {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** `file:line:column`, where known. */
  readonly source?: string;
  readonly help?: string;
}

export interface GatewayStatus {
  /** Name of the gateway, equals node.cluster; absent until a configuration was good. */
  readonly gateway?: string;
  /** Absolute path of the root file. */
  readonly file: string;
  /**
   * `current`: the files as they are. `last-good`: the files have errors, what was good before is served, of this run or kept from an
   * earlier one (D17). `nothing`: nothing was good yet.
   */
  readonly serving: 'current' | 'last-good' | 'nothing';
  /** True where what is served was kept from an earlier run (D17). */
  readonly isRestored: boolean;
  /** Version of the served snapshot. */
  readonly version?: string;
  /** ISO time at which what is served was accepted. */
  readonly acceptedAt?: string;
  /** Absent where what is served was kept from an earlier run. */
  readonly counts?: { readonly listeners: number; readonly routes: number; readonly services: number };
  /** Earliest expiry of each certificate chain, in milliseconds since the epoch, by certificate name. */
  readonly certificates: Readonly<Record<string, number>>;
  /** Of the files as they are now; errors first, the first hundred. */
  readonly problems: readonly ProblemView[];
  /** How many there are in all. */
  readonly problemCounts: { readonly errors: number; readonly warnings: number };
}
