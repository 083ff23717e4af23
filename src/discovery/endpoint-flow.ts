// From what is found of one service to what its proxies are told: damped (D21), kept when nothing is found (D18), drained (D12).
// Pure but for what it remembers: the time is an argument.
import type { Endpoint } from '../model/types.ts';
import { type DampingState, dampen, nextHoldEnd, startDamping } from './damping.ts';
import { type DrainState, drain, NOTHING_DRAINS, nextGone } from './draining.ts';
import { type EndpointSet, endpointSet, sameEndpoints } from './endpoint-set.ts';
import { type KeepState, keepLast, NOTHING_KEPT } from './keep-last.ts';

/** What the proxies are told of a service; a new object whenever it changes. */
export interface ToldEndpoints {
  /** Sorted by address. */
  readonly endpoints: readonly ToldEndpoint[];
}

export interface ToldEndpoint extends Endpoint {
  readonly isDraining?: true;
}

export interface FlowTimes {
  readonly drainForMs: number;
  readonly keepForMs: number;
}

export class EndpointFlow {
  /** Undefined until something was found or said to be empty. */
  told: ToldEndpoints | undefined;
  #found: EndpointSet | undefined;
  #isMeant = false;
  #damping: DampingState | undefined;
  #keeping: KeepState = NOTHING_KEPT;
  #draining: DrainState = NOTHING_DRAINS;

  /** What discovery finds now. Takes effect with the next `step`. */
  find(endpoints: readonly Endpoint[], isMeant: boolean): void {
    const found = endpointSet(endpoints);
    this.#found = this.#found !== undefined && sameEndpoints(found, this.#found) ? this.#found : found;
    this.#isMeant = isMeant;
  }

  /** Brings `told` to this moment; true when it changed. Gives nothing to do before `nextAtMs`, unless something new is found. */
  step(atMs: number, { drainForMs, keepForMs }: FlowTimes): { readonly isChanged: boolean; readonly nextAtMs?: number } {
    if (this.#found === undefined) return { isChanged: false };
    this.#damping = this.#damping === undefined ? startDamping(this.#found) : dampen(this.#damping, this.#found, atMs);
    const found = { endpoints: this.#damping.given, isMeant: this.#isMeant };
    this.#keeping = keepLast(this.#keeping, found, { keepForMs, atMs });
    this.#draining = drain(this.#draining, this.#keeping.given, { drainForMs, atMs });
    const { keptSinceMs } = this.#keeping;
    const keepEnd = keptSinceMs === undefined ? undefined : keptSinceMs + keepForMs;
    const times = [nextHoldEnd(this.#damping), keepEnd, nextGone(this.#draining)].filter((time) => time !== undefined);
    const isChanged = this.#tell();
    return { isChanged, ...(times.length === 0 ? {} : { nextAtMs: Math.min(...times) }) };
  }

  /** Addresses that are held at their last state (D21), sorted. */
  get held(): readonly string[] {
    return [...(this.#damping?.held.keys() ?? [])].sort();
  }

  /** Since when the last endpoints are kept although none is found (D18). */
  get keptSinceMs(): number | undefined {
    return this.#keeping.keptSinceMs;
  }

  #tell(): boolean {
    const { active, draining } = this.#draining;
    const leaving = [...draining].map(([key, { endpoint }]) => [key, { ...endpoint, isDraining: true as const }] as const);
    const endpoints = [...active, ...leaving].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
    if (this.told !== undefined && sameTold(endpoints, this.told.endpoints)) return false;
    this.told = { endpoints };
    return true;
  }
}

function sameTold(left: readonly ToldEndpoint[], right: readonly ToldEndpoint[]): boolean {
  if (left.length !== right.length) return false;
  if (left.some(({ isDraining }, index) => isDraining !== right[index]?.isDraining)) return false;
  return sameEndpoints(endpointSet(left), endpointSet(right));
}
