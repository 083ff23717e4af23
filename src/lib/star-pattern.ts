// Texts in which each `*` stands for any characters, also none: `value` of the reference service's files and of overrides of limits (ratelimit R107,
// R321). Pure.

export interface StarPattern {
  /** How many characters it fixes: the more, the more exact it is. */
  readonly literals: number;
  fits(text: string): boolean;
}

/** The parts between the stars are looked for from left to right, the first and the last at the ends; linear in the text. */
export function starPattern(source: string): StarPattern {
  const parts = source.split('*');
  const first = parts[0] ?? '';
  const last = parts.length > 1 ? (parts.at(-1) ?? '') : '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  const literals = source.length - (parts.length - 1);
  if (parts.length === 1) return { literals, fits: (text) => text === source };
  return {
    literals,
    fits(text) {
      if (text.length < literals || !text.startsWith(first) || !text.endsWith(last)) return false;
      const end = text.length - last.length;
      let at = first.length;
      for (const part of middle) {
        const found = text.indexOf(part, at);
        if (found === -1 || found + part.length > end) return false;
        at = found + part.length;
      }
      return true;
    },
  };
}

/** Whether every text that fits `inner` fits `outer`. Exact: a star of `inner` fits only into a star of `outer`. */
export function patternCovers(outer: string, inner: string): boolean {
  return starPattern(outer).fits(inner);
}

const MOST_PATTERNS = 32;

/** Patterns that together fit exactly the texts that fit both; undefined where they would be more than 32. */
export function patternsCommon(left: string, right: string): readonly string[] | undefined {
  const sides = { left: normal(left), right: normal(right) };
  const known = new Map<string, readonly string[]>();
  let isMany = false;
  const common = (i: number, j: number): readonly string[] => {
    const place = `${i}/${j}`;
    const before = known.get(place);
    if (before !== undefined) return before;
    const found = isMany ? [] : withoutCovered(commonRest(sides, [i, j], common));
    if (found.length > MOST_PATTERNS) isMany = true;
    known.set(place, found);
    return found;
  };
  const found = common(0, 0);
  return isMany ? undefined : found;
}

interface Sides {
  readonly left: string;
  readonly right: string;
}

/** What follows the first characters of both, which may be stars: of two stars one ends first. */
function commonRest(
  { left, right }: Sides,
  [i, j]: readonly [number, number],
  common: (i: number, j: number) => readonly string[],
): readonly string[] {
  const [a, b] = [left.charAt(i), right.charAt(j)];
  if (a === '' && b === '') return [''];
  if (a === '*' && b === '*') return [...common(i + 1, j), ...common(i, j + 1)].map((rest) => normal(`*${rest}`));
  if (a === '*') return [...common(i + 1, j), ...(b === '' ? [] : common(i, j + 1).map((rest) => b + rest))];
  if (b === '*') return [...common(i, j + 1), ...(a === '' ? [] : common(i + 1, j).map((rest) => a + rest))];
  return a === b ? common(i + 1, j + 1).map((rest) => a + rest) : [];
}

function withoutCovered(patterns: readonly string[]): readonly string[] {
  const different = [...new Set(patterns)];
  return different.filter((each) => !different.some((other) => other !== each && patternCovers(other, each)));
}

function normal(pattern: string): string {
  return pattern.replaceAll(/\*+/g, '*');
}

/** Whether some text fits both. Exact; time is the product of their lengths. */
export function patternsOverlap(left: string, right: string): boolean {
  if (!left.includes('*')) return starPattern(right).fits(left);
  if (!right.includes('*')) return starPattern(left).fits(right);
  const width = right.length + 1;
  const fits = new Uint8Array((left.length + 1) * width);
  // From the ends: what is left of both can be made the same.
  for (let i = left.length; i >= 0; i -= 1) {
    for (let j = right.length; j >= 0; j -= 1)
      fits[i * width + j] = restFits({ left, right, i, j }, (a, b) => fits[a * width + b] === 1) ? 1 : 0;
  }
  return fits[0] === 1;
}

interface Rest {
  readonly left: string;
  readonly right: string;
  readonly i: number;
  readonly j: number;
}

function restFits({ left, right, i, j }: Rest, fits: (i: number, j: number) => boolean): boolean {
  if (i === left.length && j === right.length) return true;
  if (left[i] === '*') return fits(i + 1, j) || (j < right.length && fits(i, j + 1));
  if (right[j] === '*') return fits(i, j + 1) || (i < left.length && fits(i + 1, j));
  return i < left.length && j < right.length && left[i] === right[j] && fits(i + 1, j + 1);
}
