// Whether some text fits two patterns, in which each `*` stands for any characters, also none. Exact; time is the product of their lengths.

export function patternsOverlap(left: string, right: string): boolean {
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
