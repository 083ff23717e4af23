// What a resolve is told besides the configuration: the time, and whether the result will be served.
import type { BrokenNames } from '../config/schema/gateway.ts';
import type { Model } from './types.ts';

export interface ResolveContext {
  /** Milliseconds since the epoch: what has expired. */
  readonly nowMs: number;
  /**
   * Given in a running server: bad certificates are warnings then, and the last good one, or none, is used (B3-B5). Without it, as in
   * `validate`, they are errors.
   */
  readonly serving?: { readonly previous?: Model };
  /** Entries that the configuration lacks because they have errors of their own: a reference to them is no mistake. Default: none. */
  readonly broken?: BrokenNames;
}
