// The companions of all gateways: who is here, who was, what each one has, and where proxies are to find them (authz D5, D8, G14). A state
// machine: time is an argument; knows no streams and no workers.
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { CompanionFacts } from './companion-facts.ts';
import { soleCompanion, soleDeadlines } from './sole-companion.ts';

export interface CompanionKey {
  readonly gateway: string;
  readonly role: CompanionRole;
  /** Of the node; unique within the gateway. */
  readonly id: string;
}

/** `connected`; `lost`: its stream broke, and it may serve still; one that left in good order is forgotten. */
export type CompanionState = 'connected' | 'lost';

export interface Companion extends CompanionKey {
  readonly endpoints: readonly string[];
  readonly state: CompanionState;
  /** Since when it is in that state; milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly held: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, string>;
  /** It has answered since it connected: `held` is of now. */
  readonly isSettled: boolean;
  /** Proxies are told of its endpoints. */
  readonly isServing: boolean;
  /** It could serve, and does not because another one does and only one may. */
  readonly isSpare: boolean;
}

/** What companions of one role of a gateway must be for proxies to be sent to them. */
export interface CompanionNeeds {
  /** The policies that proxies of the gateway may ask for. */
  readonly required: readonly string[];
  /** Two would each count for themselves (ratelimit R603). Default false. */
  readonly isSole?: boolean;
}

/** What an earlier run knew. */
export type KeptCompanion = CompanionKey & { readonly endpoints: readonly string[] };

/** One whose stream broke gives way to another after this long: it had its time to come back. */
const LOST_MS = 30_000;
/** The last one stays this long: that nobody can be heard says more of the control plane than of the companions. */
const LAST_LOST_MS = 600_000;
/** One that is back is believed to have what it had until it answers. */
const SETTLE_MS = 10_000;

export class CompanionBook {
  readonly #companions = new Map<string, Companion>();

  connected(key: CompanionKey, endpoints: readonly string[], nowMs: number): void {
    const known = this.#companions.get(textOf(key));
    const fresh = { ...key, endpoints, held: new Set<string>(), refused: new Map<string, string>(), isServing: false, isSpare: false };
    const isHere = known?.state === 'connected';
    const sinceMs = isHere ? known.sinceMs : nowMs;
    this.#companions.set(textOf(key), {
      ...(known ?? fresh),
      endpoints,
      state: 'connected',
      sinceMs,
      isSettled: isHere && known.isSettled,
    });
  }

  answered(key: CompanionKey, answer: Pick<Companion, 'held' | 'refused'>): void {
    const known = this.#companions.get(textOf(key));
    if (known !== undefined) this.#companions.set(textOf(key), { ...known, ...answer, isSettled: true });
  }

  gone(key: CompanionKey, isMeant: boolean, nowMs: number): void {
    const known = this.#companions.get(textOf(key));
    // One that no proxy was told of is no loss.
    if (known === undefined || isMeant || !known.isServing) this.#companions.delete(textOf(key));
    else this.#companions.set(textOf(key), { ...known, state: 'lost', sinceMs: nowMs, isSettled: false });
  }

  restore(kept: readonly KeptCompanion[], nowMs: number): void {
    for (const { gateway, role, id, endpoints } of kept) {
      const nothing = { held: new Set<string>(), refused: new Map<string, string>(), isSettled: false, isSpare: false };
      const companion: Companion = { gateway, role, id, endpoints, ...nothing, state: 'lost', sinceMs: nowMs, isServing: true };
      this.#companions.set(textOf(companion), companion);
    }
  }

  /** Brings `isServing` and `isSpare` up to date. Gives the endpoints, sorted. */
  look({ gateway, role }: Omit<CompanionKey, 'id'>, { required, isSole = false }: CompanionNeeds, nowMs: number): readonly string[] {
    const own = [...this.#companions].filter(([, each]) => each.gateway === gateway && each.role === role);
    const isReady = (each: Companion): boolean => each.state === 'connected' && mayServe(each, required, nowMs);
    const readySinceMs = Math.min(...own.flatMap(([, each]) => (isReady(each) ? [each.sinceMs] : [])));
    const isAble = (each: Companion): boolean =>
      each.state === 'connected' ? isReady(each) : each.isServing && nowMs < endOf(each, readySinceMs);
    const able = own.flatMap(([, each]) => (isAble(each) ? [each] : []));
    const serving = new Set(isSole ? [soleCompanion(able, nowMs)] : able);
    for (const [key, each] of own) {
      const isServing = serving.has(each);
      const isSpare = !isServing && able.includes(each);
      if (each.state === 'lost' && !isServing) this.#companions.delete(key);
      else if (each.isServing !== isServing || each.isSpare !== isSpare) this.#companions.set(key, { ...each, isServing, isSpare });
    }
    return [...new Set([...serving].flatMap((each) => each?.endpoints ?? []))].sort();
  }

  /** When `look` may give something else although nothing happened. */
  nextDeadlineMs(nowMs: number): number | undefined {
    const ends = [...this.#companions.values()].flatMap((each) => {
      const own = [each.sinceMs + LOST_MS, ...soleDeadlines(each)];
      if (each.state === 'lost') return [...own, each.sinceMs + LAST_LOST_MS];
      return each.isSettled ? own : [...own, each.sinceMs + SETTLE_MS];
    });
    const ahead = ends.filter((atMs) => atMs > nowMs);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }

  /** For the gate. */
  facts(gateway: string): readonly CompanionFacts[] {
    return this.all(gateway).map(({ id, role, state, held, refused }) => ({ id, role, isConnected: state === 'connected', held, refused }));
  }

  /** Sorted by role and id; of one gateway, or of all. */
  all(gateway?: string): readonly Companion[] {
    const found = [...this.#companions].filter(([, each]) => gateway === undefined || each.gateway === gateway);
    return found.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each);
  }
}

function mayServe({ held, isSettled, isServing, sinceMs }: Companion, required: readonly string[], nowMs: number): boolean {
  if (required.length === 0) return true;
  if (!isSettled) return isServing && nowMs < sinceMs + SETTLE_MS;
  return required.every((name) => held.has(name));
}

/** Others are believed when they had been here for as long as a lost one has to come back: when all were cut off, none goes first. */
function endOf({ sinceMs }: Companion, readySinceMs: number): number {
  return Math.min(Math.max(sinceMs, readySinceMs) + LOST_MS, sinceMs + LAST_LOST_MS);
}

function textOf({ gateway, role, id }: CompanionKey): string {
  return JSON.stringify([gateway, role, id]);
}
