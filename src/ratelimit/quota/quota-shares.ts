// Who has what of a budget that is divided (R704), for operators: plain data, made when asked for. Values of keys are not in it.
import type { LedgerEntry } from '../store.ts';
import type { QuotaBudget } from './quota-budget.ts';
import type { QuotaHolder } from './quota-holder.ts';

export interface HolderShare {
  /** Its name in the ledger. */
  readonly holder: string;
  /** SAN or address of the proxy; absent where another instance answers it. */
  readonly proxy?: string;
  /** Tokens a second. */
  readonly perSecond: number;
  readonly burst: number;
  /** Requests a second that it would send. */
  readonly demand: number;
  /** Its stream is closed: it goes on with what it was told until that is over. */
  readonly isClosed: boolean;
}

export interface BudgetShares {
  /** The name of its ledger, a keyed hash (R410). */
  readonly hash: string;
  /** Tokens a second that there are to divide now; of fixed windows they follow what the window has left (R706). */
  readonly perSecond: number;
  readonly burst: number;
  /** Kept for newcomers. */
  readonly reservePerSecond: number;
  /** Sum of the shares: never above `perSecond`. */
  readonly givenPerSecond: number;
  /** The largest shares; `others` says how many are left out. */
  readonly holders: readonly HolderShare[];
  readonly others: number;
}

const MOST_HOLDERS = 100;

/** What workers of one instance know of one limit, put together: each knows its own proxies best. */
export function joinedShares(all: readonly BudgetShares[]): readonly BudgetShares[] {
  const byHash = new Map<string, BudgetShares>();
  for (const budget of all) {
    const known = byHash.get(budget.hash);
    byHash.set(budget.hash, known === undefined ? budget : joined(known, budget));
  }
  return [...byHash.values()].sort((left, right) => right.givenPerSecond - left.givenPerSecond || (left.hash < right.hash ? -1 : 1));
}

function joined(left: BudgetShares, right: BudgetShares): BudgetShares {
  const holders = new Map(left.holders.map((holder) => [holder.holder, holder]));
  for (const holder of right.holders)
    if (holder.proxy !== undefined || holders.get(holder.holder)?.proxy === undefined) holders.set(holder.holder, holder);
  return { ...left, ...ranked([...holders.values()]) };
}

/** The sum is of all, the list of the largest. */
function ranked(holders: readonly HolderShare[]): Pick<BudgetShares, 'holders' | 'others' | 'givenPerSecond'> {
  const sorted = holders.toSorted((left, right) => right.perSecond - left.perSecond || (left.holder < right.holder ? -1 : 1));
  return {
    holders: sorted.slice(0, MOST_HOLDERS),
    others: Math.max(0, sorted.length - MOST_HOLDERS),
    givenPerSecond: perSecond(holders.reduce((sum, holder) => sum + holder.perSecond, 0)),
  };
}

export function sharesOf({ key, limit, standing }: Pick<QuotaBudget, 'key' | 'limit' | 'standing'>): BudgetShares {
  const { size, own, entries } = standing;
  const { fillSeconds, terms } = limit;
  const names = new Set(own.map(({ name }) => name));
  const others = entries.filter(({ holder, share }) => share > 0 && !names.has(holder));
  return {
    hash: key.text,
    perSecond: perSecond(size.share / fillSeconds),
    burst: size.burst,
    reservePerSecond: perSecond(Math.floor(size.share * terms.reserve) / fillSeconds),
    ...ranked([...own.map((holder) => ownShare(holder, fillSeconds)), ...others.map((entry) => foreignShare(entry, fillSeconds))]),
  };
}

function ownShare({ name, proxy, portion, demand, asker }: QuotaHolder, fillSeconds: number): HolderShare {
  const { share, burst } = portion;
  return {
    holder: name,
    proxy,
    perSecond: perSecond(share / fillSeconds),
    burst,
    demand: perSecond(demand.perSecond),
    isClosed: asker === undefined,
  };
}

function foreignShare({ holder, share, burst, demand }: LedgerEntry, fillSeconds: number): HolderShare {
  return { holder, perSecond: perSecond(share / fillSeconds), burst, demand: perSecond(demand), isClosed: false };
}

/** Thousandths are enough for people. */
function perSecond(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
