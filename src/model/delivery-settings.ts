// What delivery must know of a model: how its revisions roll out, how long dropped resources stay, and what it consists of. Plain data that
// crosses threads; knows neither nodes nor streams. Types only.

/** How far one wave goes: so many nodes, a share of the connected ones (rounded up), or those whose metadata says `canary`. */
export type RolloutStep =
  | { readonly kind: 'count'; readonly nodes: number }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'canary' };

/** How a revision reaches the nodes of its gateway (D13, D14). */
export interface RolloutSettings {
  /** Each adds to those before it; the last one is everyone. */
  readonly steps: readonly RolloutStep[];
  /** How long a wave that ended well is watched before the next; 0: not at all. */
  readonly soakMs: number;
  readonly abortOn: {
    /** The revision is withdrawn when so many nodes refused it; at least 1. */
    readonly nacks: number;
    /** Percent of answers of the nodes of the wave that are 5xx; absent: not watched. */
    readonly error5xx?: number;
  };
  /** Percent of the nodes that answered that must have accepted all of it. */
  readonly quorum: number;
  /** A node that has not answered for so long is stale: it is shown, and nobody waits for it (D8). */
  readonly timeoutMs: number;
}

/** What a configuration consists of, by name; tells a shrunken one from an edited one (D18). */
export interface GatewayShape {
  readonly listeners: readonly string[];
  readonly services: readonly string[];
  /** Host name → names of its routes. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
}

export interface DeliverySettings {
  readonly rollout: RolloutSettings;
  /** From the accepted switch to the removal of what nothing refers to any more: at least the longest timeout of a route (D6). */
  readonly lingerMs: number;
  /** Longest that a changed service takes to be warm where no ACK says so: its first health check, or its names (D7). */
  readonly warmUpMs: number;
  /** The file says that much may go at once (D18). */
  readonly allowLargeRemoval: boolean;
  readonly shape: GatewayShape;
}
