// Which override of a limit holds for the values of a request, and why the others do not (ratelimit R107). The same order as the limiter's: both
// compare by lib/match-rank.ts.
import { compareMatchRanks, matchRank } from '../lib/match-rank.ts';
import { starPattern } from '../lib/star-pattern.ts';
import type { LimitOverride } from '../model/limits/types.ts';
import type { KeyValue } from './key-value.ts';

export interface OverrideView {
  readonly override: LimitOverride;
  /** Its place among those that are written. */
  readonly index: number;
  /** `open`: it would hold if a value that is not known here fits. */
  readonly standing: 'holds' | 'fails' | 'open';
  readonly why?: string;
}

/** The most exact first. At most one holds; where one before it is open, it holds unless that fits. */
export function overrideViews(overrides: readonly LimitOverride[], values: ReadonlyMap<string, KeyValue>): readonly OverrideView[] {
  const ranked = overrides
    .map((override, index) => ({ override, index, rank: matchRank(override.match) }))
    .sort((left, right) => compareMatchRanks(left.rank, right.rank) || left.index - right.index);
  let isTaken = false;
  return ranked.map(({ override, index }): OverrideView => {
    const misfit = override.match.find((match) => fits(match, values) === 'no');
    if (misfit !== undefined) return { override, index, standing: 'fails', why: misfitText(misfit.part, values) };
    if (isTaken) return { override, index, standing: 'fails', why: 'a more exact one holds' };
    const open = override.match.find((match) => fits(match, values) === 'open');
    if (open !== undefined) return { override, index, standing: 'open', why: `depends on ${open.part}` };
    isTaken = true;
    return { override, index, standing: 'holds' };
  });
}

function fits({ part, value: pattern }: LimitOverride['match'][number], values: ReadonlyMap<string, KeyValue>): 'yes' | 'no' | 'open' {
  const given = values.get(part);
  if (given?.kind === 'open') return 'open';
  return given?.kind === 'known' && starPattern(pattern).fits(given.value) ? 'yes' : 'no';
}

function misfitText(part: string, values: ReadonlyMap<string, KeyValue>): string {
  return values.get(part)?.kind === 'missing' ? `${part} is missing` : `${part} is another`;
}
