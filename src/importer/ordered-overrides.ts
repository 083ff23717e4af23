// Rules of which the first that fits holds, as the reference has them (ratelimit R321) → overrides of which the most exact one holds, as our
// language has them (R107). Exact: what cannot be said without a difference is told. Pure.
import { compareMatchRanks, matchRank, matchTies, type PartMatch } from '../lib/match-rank.ts';
import { type Region, RegionSet, type RulePair, valuesOf } from './region-set.ts';

export interface OrderedRule {
  /** Parts that it does not name may have any value. */
  readonly match: readonly PartMatch[];
  /** Equal texts do the same to every request. */
  readonly outcome: string;
  /** It must stay one override: its requests share a counter, which is named by the match. */
  readonly isWhole: boolean;
}

export interface SaidOverride {
  readonly match: readonly PartMatch[];
  /** Index of the rule that holds. */
  readonly rule: number;
}

export interface OrderedOverrides {
  readonly overrides: readonly SaidOverride[];
  /** No request reaches `rule`: `other`, which comes before, fits all that it fits. */
  readonly hidden: readonly RulePair[];
  /** Requests that fit both meet the other of the two now. */
  readonly lost: readonly RulePair[];
}

export interface KeyFrame {
  readonly parts: readonly string[];
  /** The outcome of requests that no override fits. */
  readonly fallback: string;
}

export function orderedOverrides(rules: readonly OrderedRule[], { parts, fallback }: KeyFrame): OrderedOverrides {
  const set = new RegionSet(rules.map(({ match }) => valuesOf(match, parts)));
  const regions = set.fromLargeToSmall();
  const say = (isFull: boolean): Said => new Sayer(rules, { parts, fallback, isFull }).say(regions);
  const short = say(false);
  const { said, lost } = short.isSound ? short : say(true);
  const overrides = [...said.values()];
  const ties = matchTies(overrides.map(({ match }) => match));
  const tied = [...ties].map(([later, first]) => ({ rule: overrides[later]?.rule ?? 0, other: overrides[first]?.rule ?? 0 }));
  const tangled = set.tangled.flatMap(([first, later]): readonly RulePair[] =>
    rules[first.rule]?.outcome === rules[later.rule]?.outcome || isMoreExact(said.get(first), said.get(later))
      ? []
      : [{ rule: later.rule, other: first.rule }],
  );
  return {
    overrides: overrides.filter((_, index) => !ties.has(index)),
    hidden: set.hidden,
    lost: onceEach([...tangled, ...lost, ...tied]),
  };
}

/** Then it holds wherever both fit, as it should, though nothing names just that. */
function isMoreExact(first: SaidOverride | undefined, later: SaidOverride | undefined): boolean {
  return first !== undefined && later !== undefined && compareMatchRanks(matchRank(first.match), matchRank(later.match)) < 0;
}

function onceEach(pairs: readonly RulePair[]): readonly RulePair[] {
  return [...new Map(pairs.map((pair) => [`${pair.rule} ${pair.other}`, pair])).values()];
}

interface Said {
  readonly said: ReadonlyMap<Region, SaidOverride>;
  readonly lost: readonly RulePair[];
  readonly isSound: boolean;
}

interface SayFrame extends KeyFrame {
  /** Names all parts, with `*` where any value will do: then more literal text is always more exact. */
  readonly isFull: boolean;
}

class Sayer {
  readonly #rules: readonly OrderedRule[];
  readonly #frame: SayFrame;
  readonly #said = new Map<Region, SaidOverride>();
  readonly #lost: RulePair[] = [];
  #isSound = true;

  constructor(rules: readonly OrderedRule[], frame: SayFrame) {
    this.#rules = rules;
    this.#frame = frame;
  }

  /** An override is written only where the larger ones around would say something else. */
  say(regions: readonly Region[]): Said {
    for (const region of regions) this.#region(region);
    const isSound = this.#isSound && matchTies([...this.#said.values()].map(({ match }) => match)).size === 0;
    return { said: this.#said, lost: this.#lost, isSound };
  }

  #region(region: Region): void {
    const around = region.around.flatMap((each) => this.#said.get(each) ?? []);
    const [best, second] = around.toSorted((left, right) => compareMatchRanks(matchRank(left.match), matchRank(right.match)));
    const isOne = best === undefined || second === undefined || compareMatchRanks(matchRank(best.match), matchRank(second.match)) < 0;
    const outcome = this.#rules[region.rule]?.outcome ?? this.#frame.fallback;
    const found = best === undefined ? this.#frame.fallback : this.#rules[best.rule]?.outcome;
    if (isOne && found === outcome) return;
    const match = this.#matchOf(region);
    if (match.length === 0) return;
    if (best !== undefined && compareMatchRanks(matchRank(match), matchRank(best.match)) >= 0) this.#isSound = false;
    if (best !== undefined && !region.isOwn && this.#rules[region.rule]?.isWhole === true)
      this.#lost.push({ rule: region.rule, other: best.rule });
    this.#said.set(region, { match, rule: region.rule });
  }

  #matchOf({ values }: Region): readonly PartMatch[] {
    const { parts, isFull } = this.#frame;
    // Not the rule for all: that is the fallback.
    const isAny = values.every((value) => value === '*');
    return parts.flatMap((part, place) => {
      const value = values[place] ?? '*';
      return value === '*' && !isFull && !isAny ? [] : [{ part, value }];
    });
  }
}
