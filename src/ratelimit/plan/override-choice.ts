// Which override of a limit holds for a request (R107): exact before patterns, then the pattern with most literal text, then most parts. The
// order in which they are written decides nothing: ties are errors before a table is served.
import type { LimitOverride } from '../limit-table.ts';
import { type TextPattern, textPattern } from './text-pattern.ts';

export interface ReadyOverride {
  readonly override: LimitOverride;
  /** Tells this override's shared counter from others of the limit. */
  readonly identity: string;
}

interface Candidate extends ReadyOverride {
  readonly matches: readonly { readonly part: string; readonly pattern: TextPattern }[];
}

/** Gives the override for the values of a request's parts, by the spelling of the part. */
export type OverrideChoice = (values: ReadonlyMap<string, string>) => ReadyOverride | undefined;

export function overrideChoice(overrides: readonly LimitOverride[]): OverrideChoice {
  const candidates = overrides.map((override) => ({ candidate: candidateOf(override), rank: rankOf(override) }));
  const inOrder = candidates.sort((left, right) => compareRanks(left.rank, right.rank)).map(({ candidate }) => candidate);
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
    matches: sorted.map(({ part, value }) => ({ part, pattern: textPattern(value) })),
  };
}

interface Rank {
  readonly isExact: boolean;
  readonly literals: number;
  readonly parts: number;
  /** Makes a table with a tie, which is refused elsewhere, at least the same everywhere. */
  readonly text: string;
}

function rankOf({ match }: LimitOverride): Rank {
  return {
    isExact: match.every(({ value }) => !value.includes('*')),
    literals: match.reduce((sum, { value }) => sum + textPattern(value).literals, 0),
    parts: match.length,
    text: JSON.stringify(match.toSorted((left, right) => (left.part < right.part ? -1 : 1))),
  };
}

/** Among exact ones only the number of parts counts: two that fit one request say the same of the parts that both name. */
function compareRanks(left: Rank, right: Rank): number {
  if (left.isExact !== right.isExact) return left.isExact ? -1 : 1;
  const byLiterals = left.isExact ? 0 : right.literals - left.literals;
  return byLiterals || right.parts - left.parts || (left.text < right.text ? -1 : 1);
}
