// Where two texts differ: what they share at their beginnings and ends. Compares large pieces at once, so that a small change in a large text is cheap.

export interface TextChange {
  /** Characters that both begin with. */
  readonly prefix: number;
  /** Characters that both end with, not counting any of the prefix. */
  readonly suffix: number;
}

export function findChange(before: string, after: string): TextChange {
  const most = Math.min(before.length, after.length);
  const prefix = longest(most, (length) => before.slice(0, length) === after.slice(0, length));
  const suffix = longest(most - prefix, (length) => before.slice(before.length - length) === after.slice(after.length - length));
  return { prefix, suffix };
}

/** The greatest number up to `most` that fits, where all below it fit too. */
function longest(most: number, fits: (length: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
