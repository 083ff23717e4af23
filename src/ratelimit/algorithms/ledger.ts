// R703: a budget that holders divide, so that what they may spend never adds up to more than there is, at any instant, whatever is lost on the
// way. Pure; src/ratelimit/scripts/ledger.lua is its transcription.
import type { LedgerAnswer, LedgerClaim } from '../store.ts';

/** How much longer than told an assignment is thought to be spent. */
export const GRACE_MS = 2_000;

export interface Holding {
  readonly holder: string;
  /** What it was told last. */
  readonly share: number;
  readonly burst: number;
  /** What it may still spend: what it was told before, until that is over or the holder has confirmed the smaller one. */
  readonly heldShare: number;
  readonly heldBurst: number;
  readonly heldUntilMs: number;
  readonly untilMs: number;
  readonly demand: number;
}

/** The holdings after a claim, by name, and what is answered. */
export function claimed(
  holdings: readonly Holding[],
  claim: LedgerClaim,
  nowMs: number,
): { readonly holdings: readonly Holding[]; readonly answer: LedgerAnswer } {
  const live = holdings.map((holding) => aged(holding, nowMs)).filter(({ untilMs }) => nowMs < untilMs + GRACE_MS);
  const others = live.filter(({ holder }) => holder !== claim.holder);
  const own = ownOf(live, claim);
  const freeShare = claim.limit - others.reduce((sum, { heldShare }) => sum + heldShare, 0);
  const freeBurst = claim.burst - others.reduce((sum, { heldBurst }) => sum + heldBurst, 0);
  const share = Math.min(claim.share, Math.max(own.heldShare, freeShare));
  const burst = Math.min(claim.wantedBurst, Math.max(own.heldBurst, freeBurst));
  const next: Holding = {
    holder: claim.holder,
    share,
    burst,
    heldShare: Math.max(share, own.heldShare),
    heldBurst: Math.max(burst, own.heldBurst),
    heldUntilMs: share < own.heldShare || burst < own.heldBurst ? Math.max(own.heldUntilMs, own.untilMs) : 0,
    untilMs: nowMs + claim.ttlMs,
    demand: claim.demand,
  };
  const isGone = next.heldShare === 0 && next.heldBurst === 0;
  const all = (isGone ? [...others] : [...others, next]).sort((a, b) => (a.holder < b.holder ? -1 : 1));
  const answer = {
    share,
    burst,
    freeShare: Math.max(0, freeShare - next.heldShare),
    freeBurst: Math.max(0, freeBurst - next.heldBurst),
    holders: all.map((holding) => ({
      holder: holding.holder,
      share: holding.share,
      burst: holding.burst,
      demand: holding.demand,
    })),
  };
  return { holdings: all, answer };
}

/** A larger assignment from before is over at its end and a grace. */
function aged(holding: Holding, nowMs: number): Holding {
  if (holding.heldUntilMs === 0 || nowMs < holding.heldUntilMs + GRACE_MS) return holding;
  return { ...holding, heldShare: holding.share, heldBurst: holding.burst, heldUntilMs: 0 };
}

function ownOf(live: readonly Holding[], { holder, isConfirmed }: LedgerClaim): Holding {
  const own = live.find((holding) => holding.holder === holder);
  if (own === undefined) {
    return { holder, share: 0, burst: 0, heldShare: 0, heldBurst: 0, heldUntilMs: 0, untilMs: 0, demand: 0 };
  }
  return isConfirmed ? { ...own, heldShare: own.share, heldBurst: own.burst, heldUntilMs: 0 } : own;
}
