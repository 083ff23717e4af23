// How many proxies each gateway has, as limits are divided by it (ratelimit R213). Errs upwards: a proxy whose stream broke counts for a moment
// longer, and after a start those of the run before count until they had time to come back. No clock and no I/O.
import type { ClientNode } from '../xds/node.ts';

/** A proxy whose stream broke is most likely on its way back, and goes on serving meanwhile. */
export const LEAVING_MS = 5_000;
/** Envoys come back within half a minute. */
export const RETURN_MS = 30_000;

interface Fleet {
  readonly connected: Set<string>;
  /** Until when they count. */
  readonly leaving: Map<string, number>;
  before: { readonly size: number; readonly untilMs: number } | undefined;
}

export class FleetSizes {
  readonly #fleets = new Map<string, Fleet>();

  /** Sizes that an earlier run knew. */
  restore(sizes: ReadonlyMap<string, number>, nowMs: number): void {
    for (const [gateway, size] of sizes) this.#of(gateway).before = { size, untilMs: nowMs + RETURN_MS };
  }

  connected({ cluster, id }: Pick<ClientNode, 'cluster' | 'id'>): void {
    const fleet = this.#of(cluster);
    fleet.leaving.delete(id);
    fleet.connected.add(id);
  }

  gone({ cluster, id }: Pick<ClientNode, 'cluster' | 'id'>, nowMs: number): void {
    const fleet = this.#of(cluster);
    if (fleet.connected.delete(id)) fleet.leaving.set(id, nowMs + LEAVING_MS);
  }

  /** At least 1. */
  size(gateway: string, nowMs: number): number {
    const fleet = this.#fleets.get(gateway);
    if (fleet === undefined) return 1;
    const { connected, leaving, before } = fleet;
    const away = [...leaving.values()].filter((untilMs) => untilMs > nowMs).length;
    return Math.max(1, connected.size + away, before !== undefined && before.untilMs > nowMs ? before.size : 0);
  }

  /** Gateways with proxies, and how many: for the next run. */
  sizes(nowMs: number): ReadonlyMap<string, number> {
    this.#forget(nowMs);
    return new Map([...this.#fleets.keys()].map((gateway) => [gateway, this.size(gateway, nowMs)]));
  }

  /** When a size may become smaller by the clock alone. */
  nextDeadlineMs(nowMs: number): number | undefined {
    const ends = [...this.#fleets.values()].flatMap(({ leaving, before }) => [...leaving.values(), ...(before ? [before.untilMs] : [])]);
    const ahead = ends.filter((atMs) => atMs > nowMs);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }

  /** Clients choose the gateway that they ask for: of one that nobody is of any more nothing is kept. */
  #forget(nowMs: number): void {
    for (const [gateway, fleet] of this.#fleets) {
      for (const [id, untilMs] of fleet.leaving) if (untilMs <= nowMs) fleet.leaving.delete(id);
      if (fleet.before !== undefined && fleet.before.untilMs <= nowMs) fleet.before = undefined;
      if (fleet.connected.size + fleet.leaving.size === 0 && fleet.before === undefined) this.#fleets.delete(gateway);
    }
  }

  #of(gateway: string): Fleet {
    const known = this.#fleets.get(gateway) ?? { connected: new Set(), leaving: new Map(), before: undefined };
    this.#fleets.set(gateway, known);
    return known;
  }
}
