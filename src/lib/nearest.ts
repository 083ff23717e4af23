// Finds what a misspelt name was meant to be; domain-free. Decides nothing: it only words a "did you mean".

/** Longer names are not compared: no user-given name is that long, and the cost grows with the square of the length. */
const LONGEST_COMPARED = 200;

/**
 * The candidate with the fewest edits (insert, delete, replace, swap of neighbours; case counts for nothing) from `name`, or undefined
 * when even the best differs in more than a third of its letters. Equal distances: the first in code-unit order, so that output is stable.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LONGEST_COMPARED) {
    return undefined;
  }
  const wanted = name.toLowerCase();
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    const bound = best === undefined ? limit : Math.min(limit, best.distance);
    if (candidate.length > LONGEST_COMPARED || Math.abs(candidate.length - name.length) > bound) {
      continue;
    }
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance > bound) {
      continue;
    }
    if (best === undefined || distance < best.distance || candidate < best.candidate) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** Optimal string alignment distance, in three rolling rows. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = left[row - 1] === right[column - 1] ? 0 : 1;
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, at(previous, column - 1) + replaced);
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, right.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
