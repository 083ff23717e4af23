// What every proxy should have of a budget (R704), and which differences are worth telling (R705). Pure, alike in every instance.
import { burstsOf, divided } from './division.ts';
import type { Portion } from './quota-holder.ts';

export interface Participant {
  readonly name: string;
  /** What it was told last. */
  readonly share: number;
  /** Tokens per fill interval that it would use, with room to be seen to grow. */
  readonly want: number;
}

/** By name of the participant, who come in the order of their names. */
export type Targets = ReadonlyMap<string, Portion>;

const CHANGE = 0.1;
const HEADROOM = 1.25;

export function wantOf(perSecond: number, fillSeconds: number): number {
  return HEADROOM * perSecond * fillSeconds + 1;
}

/** The demand that wants just as much. */
export function demandOf(share: number, fillSeconds: number): number {
  return Math.max(0, share - 1) / (HEADROOM * fillSeconds);
}

/** Shares add up to the size less the reserve. */
export function targetsOf(participants: readonly Participant[], size: Portion, reserve: number): Targets {
  const shares = divided(
    participants.map(({ want }) => want),
    size.share - Math.floor(size.share * reserve),
  );
  const bursts = burstsOf(shares, size.share, size.burst);
  return new Map(
    participants.map(({ name }, place) => {
      const burst = bursts[place] ?? 0;
      return [name, { share: burst === 0 ? 0 : (shares[place] ?? 0), burst }];
    }),
  );
}

/** What of the burst goes with a share. */
export function burstOf(share: number, size: Portion): number {
  return size.share === 0 ? 0 : Math.floor((size.burst * share) / size.share);
}

/** Whether somebody lacks more than becomes free by what was told already: then small differences count too. */
export function isShort(participants: readonly Participant[], targets: Targets): boolean {
  let coming = 0;
  let lack = 0;
  for (const { name, share } of participants) {
    const target = targets.get(name)?.share ?? 0;
    coming += target - share;
    if (target > share && isChange(share, target)) lack += target - share;
  }
  return lack > Math.max(0, coming);
}

/** R705: above a tenth, and at least one token. */
export function isChange(from: number, to: number): boolean {
  const difference = Math.abs(to - from);
  return difference >= 1 && difference > from * CHANGE;
}

/** What a newcomer may have at once: of the reserve half, so that the next one finds something too. */
export function roomOf(free: number, reserved: number): number {
  return Math.max(0, free - reserved) + Math.ceil(Math.min(free, reserved) / 2);
}
