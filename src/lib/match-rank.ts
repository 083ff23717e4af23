// Which of several matches is the more exact one (ratelimit R107): one without patterns, then the one with most literal text, then the one with
// most parts. Order never decides, so two that may fit one request and stand equal are a tie, which nobody may serve. Pure.
import { patternsOverlap } from './star-pattern.ts';

/** A part of requests and the text it must have, in which each `*` stands for any characters. Parts of one match are different. */
export interface PartMatch {
  readonly part: string;
  readonly value: string;
}

export interface MatchRank {
  readonly isExact: boolean;
  readonly literals: number;
  readonly parts: number;
}

export function matchRank(match: readonly PartMatch[]): MatchRank {
  return {
    isExact: match.every(({ value }) => !value.includes('*')),
    literals: match.reduce((sum, { value }) => sum + value.replaceAll('*', '').length, 0),
    parts: match.length,
  };
}

/** Below 0 where the left one is more exact. Of those without patterns only the number of parts counts: two that fit one request say the same of common parts. */
export function compareMatchRanks(left: MatchRank, right: MatchRank): number {
  if (left.isExact !== right.isExact) return left.isExact ? -1 : 1;
  const byLiterals = left.isExact ? 0 : right.literals - left.literals;
  return byLiterals || right.parts - left.parts;
}

/** Whether some request fits both. */
export function matchesOverlap(left: readonly PartMatch[], right: readonly PartMatch[]): boolean {
  return left.every(({ part, value }) => {
    const other = right.find((each) => each.part === part);
    return other === undefined || patternsOverlap(value, other.value);
  });
}

/** By the index of each match that ties with an earlier one: the index of the first such. */
export function matchTies(matches: readonly (readonly PartMatch[])[]): ReadonlyMap<number, number> {
  const ties = new Map<number, number>();
  const groups = new Map<string, RankGroup>();
  for (const [index, match] of matches.entries()) {
    const { isExact, literals, parts } = matchRank(match);
    const rank = isExact ? `exact ${parts}` : `${literals} ${parts}`;
    const group = groups.get(rank) ?? new RankGroup();
    groups.set(rank, group);
    const first = group.firstTie(match, isExact);
    if (first !== undefined) ties.set(index, first);
    group.add(match, index);
  }
  return ties;
}

interface Member {
  readonly match: readonly PartMatch[];
  readonly index: number;
}

/** Matches of one rank. Thousands of values of one part are usual, so equal ones are found by their text. */
class RankGroup {
  readonly #bySameParts = new Map<string, { readonly members: Member[]; readonly byText: Map<string, number> }>();

  firstTie(match: readonly PartMatch[], isExact: boolean): number | undefined {
    let first: number | undefined;
    for (const [parts, { members, byText }] of this.#bySameParts) {
      const found =
        isExact && parts === partsText(match)
          ? byText.get(matchText(match))
          : members.find((member) => matchesOverlap(member.match, match))?.index;
      if (found !== undefined && (first === undefined || found < first)) first = found;
    }
    return first;
  }

  add(match: readonly PartMatch[], index: number): void {
    const parts = partsText(match);
    const same = this.#bySameParts.get(parts) ?? { members: [], byText: new Map<string, number>() };
    this.#bySameParts.set(parts, same);
    same.members.push({ match, index });
    const text = matchText(match);
    if (!same.byText.has(text)) same.byText.set(text, index);
  }
}

function partsText(match: readonly PartMatch[]): string {
  return JSON.stringify(match.map(({ part }) => part).sort());
}

function matchText(match: readonly PartMatch[]): string {
  return JSON.stringify(match.toSorted((a, b) => (a.part < b.part ? -1 : 1)).map(({ part, value }) => [part, value]));
}
