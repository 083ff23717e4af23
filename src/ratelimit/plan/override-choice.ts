// Which override of a limit holds for a request (R107): exact before patterns, then the pattern with most literal text, then most parts. The
// order in which they are written decides nothing: ties are errors before a table is served.
import { compareMatchRanks, type MatchRank, matchRank } from '../../lib/match-rank.ts';
import { type StarPattern, starPattern } from '../../lib/star-pattern.ts';
import type { LimitOverride } from '../limit-table.ts';

export interface ReadyOverride {
  readonly override: LimitOverride;
  /** Tells this override's shared counter from others of the limit. */
  readonly identity: string;
}

interface Candidate extends ReadyOverride {
  readonly matches: readonly { readonly part: string; readonly pattern: StarPattern }[];
}

/** Gives the override for the values of a request's parts, by the spelling of the part. */
export type OverrideChoice = (values: ReadonlyMap<string, string>) => ReadyOverride | undefined;

export function overrideChoice(overrides: readonly LimitOverride[]): OverrideChoice {
  const candidates = overrides.map((override) => ({ candidate: candidateOf(override), ...rankOf(override) }));
  const inOrder = candidates
    .sort((left, right) => compareMatchRanks(left.rank, right.rank) || (left.text < right.text ? -1 : 1))
    .map(({ candidate }) => candidate);
  if (inOrder.length === 0) return () => undefined;
  return (values) =>
    inOrder.find(({ matches }) =>
      matches.every(({ part, pattern }) => {
        const value = values.get(part);
        return value !== undefined && pattern.fits(value);
      }),
    );
}

function candidateOf(override: LimitOverride): Candidate {
  const sorted = override.match.toSorted((left, right) => (left.part < right.part ? -1 : 1));
  return {
    override,
    identity: JSON.stringify(sorted.map(({ part, value }) => [part, value])),
    matches: sorted.map(({ part, value }) => ({ part, pattern: starPattern(value) })),
  };
}

/** `text` makes a table with a tie, which is refused elsewhere, at least the same everywhere. */
function rankOf({ match }: LimitOverride): { readonly rank: MatchRank; readonly text: string } {
  return { rank: matchRank(match), text: JSON.stringify(match.toSorted((left, right) => (left.part < right.part ? -1 : 1))) };
}
