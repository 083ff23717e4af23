// Which of several matches is the more exact one (ratelimit R107): one without patterns, then the one with most literal text, with most parts, with
// fewest stars. Order never decides, so two that may fit one request and stand equal are a tie, which nobody may serve. Pure.
import { patternCovers, patternsCommon, patternsOverlap } from './star-pattern.ts';

/** A part of requests and the text it must have, in which each `*` stands for any characters. Parts of one match are different. */
export interface PartMatch {
  readonly part: string;
  readonly value: string;
}

export interface MatchRank {
  readonly isExact: boolean;
  readonly literals: number;
  readonly parts: number;
  readonly stars: number;
}

export function matchRank(match: readonly PartMatch[]): MatchRank {
  return {
    isExact: match.every(({ value }) => !value.includes('*')),
    literals: match.reduce((sum, { value }) => sum + value.replaceAll('*', '').length, 0),
    parts: match.length,
    stars: match.reduce((sum, { value }) => sum + (value.match(/\*+/g)?.length ?? 0), 0),
  };
}

/** Below 0 where the left one is more exact. Of those without patterns only the number of parts counts: two that fit one request say the same of common parts. */
export function compareMatchRanks(left: MatchRank, right: MatchRank): number {
  if (left.isExact !== right.isExact) return left.isExact ? -1 : 1;
  const byLiterals = left.isExact ? 0 : right.literals - left.literals;
  return byLiterals || right.parts - left.parts || left.stars - right.stars;
}

/** Whether some request fits both. */
export function matchesOverlap(left: readonly PartMatch[], right: readonly PartMatch[]): boolean {
  return left.every(({ part, value }) => {
    const other = right.find((each) => each.part === part);
    return other === undefined || patternsOverlap(value, other.value);
  });
}

/** Whether every request that fits `inner` fits `outer`. */
export function matchCovers(outer: readonly PartMatch[], inner: readonly PartMatch[]): boolean {
  return outer.every(({ part, value }) => {
    const other = inner.find((each) => each.part === part);
    return other !== undefined && patternCovers(value, other.value);
  });
}

/** Matches that together fit exactly the requests that fit both; undefined where they would be too many. */
export function matchesCommon(left: readonly PartMatch[], right: readonly PartMatch[]): readonly (readonly PartMatch[])[] | undefined {
  const only = right.filter(({ part }) => !left.some((each) => each.part === part));
  let found: readonly (readonly PartMatch[])[] = [only];
  for (const { part, value } of left) {
    const other = right.find((each) => each.part === part);
    const values = other === undefined ? [value] : patternsCommon(value, other.value);
    if (values === undefined) return undefined;
    found = found.flatMap((match) => values.map((each) => [...match, { part, value: each }]));
  }
  return found;
}

/**
 * By the index of each match that ties with an earlier one: the index of the first such. It is no tie where a more exact match holds for all
 * requests that fit both.
 */
export function matchTies(matches: readonly (readonly PartMatch[])[]): ReadonlyMap<number, number> {
  const ties = new Map<number, number>();
  const groups = new Map<string, RankGroup>();
  for (const [index, match] of matches.entries()) {
    const rank = matchRank(match);
    const { isExact, literals, parts, stars } = rank;
    const name = isExact ? `exact ${parts}` : `${literals} ${parts} ${stars}`;
    const group = groups.get(name) ?? new RankGroup();
    groups.set(name, group);
    const first = group.equals(match, isExact).find((place) => !isDecided(matches[place] ?? [], match, matches));
    if (first !== undefined) ties.set(index, first);
    group.add(match, index);
  }
  return ties;
}

/** Whether wherever both fit another match of the list does that is more exact than they. */
function isDecided(left: readonly PartMatch[], right: readonly PartMatch[], matches: readonly (readonly PartMatch[])[]): boolean {
  const rank = matchRank(left);
  const better = matches.filter((each) => compareMatchRanks(matchRank(each), rank) < 0);
  const common = better.length === 0 ? undefined : matchesCommon(left, right);
  return common !== undefined && common.every((each) => better.some((other) => matchCovers(other, each)));
}

interface Member {
  readonly match: readonly PartMatch[];
  readonly index: number;
}

/** Matches of one rank. Thousands of values of one part are usual, so equal ones are found by their text. */
class RankGroup {
  readonly #bySameParts = new Map<string, { readonly members: Member[]; readonly byText: Map<string, number> }>();

  /** Those that may fit one request with it, in the order in which they came. */
  equals(match: readonly PartMatch[], isExact: boolean): readonly number[] {
    const found: number[] = [];
    for (const [parts, { members, byText }] of this.#bySameParts) {
      if (isExact && parts === partsText(match)) found.push(...optional(byText.get(matchText(match))));
      else found.push(...members.filter((member) => matchesOverlap(member.match, match)).map(({ index }) => index));
    }
    return found.sort((left, right) => left - right);
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

function optional(index: number | undefined): readonly number[] {
  return index === undefined ? [] : [index];
}

function partsText(match: readonly PartMatch[]): string {
  return JSON.stringify(match.map(({ part }) => part).sort());
}

function matchText(match: readonly PartMatch[]): string {
  return JSON.stringify(match.toSorted((a, b) => (a.part < b.part ? -1 : 1)).map(({ part, value }) => [part, value]));
}
