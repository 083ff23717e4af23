// Sets of requests that ordered rules tell apart: one for each rule, and one for each set that several fit, each with the rule that holds there.
import type { PartMatch } from '../lib/match-rank.ts';
import { patternCovers, patternsCommon } from '../lib/star-pattern.ts';

/** Indexes of two rules. */
export interface RulePair {
  readonly rule: number;
  readonly other: number;
}

export interface Region {
  /** A pattern for each part of the key. */
  readonly values: readonly string[];
  /** The first rule that fits all of it. */
  readonly rule: number;
  /** It is all that its rule fits. */
  readonly isOwn: boolean;
  /** Larger ones that it lies in. */
  readonly around: readonly Region[];
}

interface OpenRegion {
  readonly values: readonly string[];
  readonly rule: number;
  readonly isOwn: boolean;
  readonly around: OpenRegion[];
}

/** Beside one for each rule. More are no list of limits that people keep by hand. */
const MOST_COMMON = 2_000;

/** `*` for parts that are not named. */
export function valuesOf(match: readonly PartMatch[], parts: readonly string[]): readonly string[] {
  return parts.map((part) => match.find((each) => each.part === part)?.value ?? '*');
}

export class RegionSet {
  /** Rules that no request reaches. */
  readonly hidden: RulePair[] = [];
  /** Those that have more in common than one region can be; the one that holds there comes first. */
  readonly tangled: (readonly [Region, Region])[] = [];
  readonly #known = new Map<string, OpenRegion>();
  readonly #near: NearRegions;
  readonly #rules: readonly OpenRegion[];

  constructor(rules: readonly (readonly string[])[]) {
    this.#near = new NearRegions(pivotOf(rules));
    for (const [index, values] of rules.entries()) {
      const by = this.#near.of(values).find((each) => covers(each.values, values));
      if (by === undefined) this.#add({ values, rule: index, isOwn: true, around: [] });
      else this.hidden.push({ rule: index, other: by.rule });
    }
    this.#rules = [...this.#known.values()];
    this.#close();
  }

  fromLargeToSmall(): readonly Region[] {
    const regions = [...this.#known.values()];
    for (const region of regions)
      region.around.push(...this.#near.of(region.values).filter((each) => each !== region && covers(each.values, region.values)));
    return regions.sort((left, right) => left.around.length - right.around.length || left.rule - right.rule);
  }

  #add(region: OpenRegion): void {
    this.#known.set(keyOf(region.values), region);
    this.#near.add(region);
  }

  /** Until what any two have in common is there, too. */
  #close(): void {
    const open = [...this.#known.values()];
    for (let at = 0; at < open.length; at += 1) {
      const region = open[at];
      if (region === undefined) continue;
      for (const other of this.#near.of(region.values)) {
        if (other === region || covers(other.values, region.values) || covers(region.values, other.values)) continue;
        open.push(...this.#common(region, other));
      }
    }
  }

  #common(left: OpenRegion, right: OpenRegion): readonly OpenRegion[] {
    const common = commonValues(left.values, right.values);
    if (common === undefined || this.#known.size > this.#rules.length + MOST_COMMON) {
      if (left.rule !== right.rule) this.tangled.push(left.rule < right.rule ? [left, right] : [right, left]);
      return [];
    }
    return common.flatMap((values) => {
      if (this.#known.has(keyOf(values))) return [];
      const first = this.#rules.find((each) => covers(each.values, values));
      const region = { values, rule: first?.rule ?? Math.min(left.rule, right.rule), isOwn: false, around: [] };
      this.#add(region);
      return [region];
    });
  }
}

/** Finds regions that may have something in common with another: of thousands of values of one part only the same one. */
class NearRegions {
  readonly #pivot: number;
  readonly #byValue = new Map<string, OpenRegion[]>();
  readonly #patterns: OpenRegion[] = [];
  readonly #all: OpenRegion[] = [];

  constructor(pivot: number) {
    this.#pivot = pivot;
  }

  add(region: OpenRegion): void {
    const value = region.values[this.#pivot] ?? '*';
    this.#all.push(region);
    if (value.includes('*')) {
      this.#patterns.push(region);
      return;
    }
    const same = this.#byValue.get(value);
    if (same === undefined) this.#byValue.set(value, [region]);
    else same.push(region);
  }

  /** As they are now: more may be added meanwhile. */
  of(values: readonly string[]): readonly OpenRegion[] {
    const value = values[this.#pivot] ?? '*';
    return value.includes('*') ? [...this.#all] : [...(this.#byValue.get(value) ?? []), ...this.#patterns];
  }
}

/** The part with the most different values without stars. */
function pivotOf(rules: readonly (readonly string[])[]): number {
  const counts = (rules[0] ?? []).map((_, part) => {
    const values = rules.map((each) => each[part] ?? '*').filter((value) => !value.includes('*'));
    return new Set(values).size;
  });
  return counts.indexOf(Math.max(...counts));
}

function covers(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.every((value, place) => patternCovers(value, inner[place] ?? '*'));
}

/** None, one, or undefined where it takes several patterns of one part to say what fits both: these may have things in common without end. */
function commonValues(left: readonly string[], right: readonly string[]): readonly (readonly string[])[] | undefined {
  const common = left.map((value, place) => patternsCommon(value, right[place] ?? '*'));
  if (common.some((each) => each?.length === 0)) return [];
  return common.some((each) => each?.length !== 1) ? undefined : [common.flatMap((each) => each ?? [])];
}

function keyOf(values: readonly string[]): string {
  return JSON.stringify(values);
}
