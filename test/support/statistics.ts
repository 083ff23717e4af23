// Chi-square test of counts against expected shares.

/** Values of chi-square that pure chance exceeds once in a million, by degrees of freedom. */
const LIMITS = [0, 23.9, 27.6, 30.7, 33.4, 35.9];

export interface ChiSquare {
  readonly value: number;
  /** Above it the counts do not have these shares. */
  readonly limit: number;
}

/** `weights` and `counts` are by name; a name with weight 0 must not be counted at all. */
export function chiSquare(counts: ReadonlyMap<string, number>, weights: Readonly<Record<string, number>>): ChiSquare {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sum = Object.values(weights).reduce((all, weight) => all + weight, 0);
  const names = new Set([...counts.keys(), ...Object.keys(weights)]);
  let value = 0;
  for (const name of names) {
    const expected = (total * (weights[name] ?? 0)) / sum;
    const seen = counts.get(name) ?? 0;
    if (expected > 0) value += (seen - expected) ** 2 / expected;
    else if (seen > 0) value = Number.POSITIVE_INFINITY;
  }
  const limit = LIMITS[Object.values(weights).filter((weight) => weight > 0).length - 1];
  if (limit === undefined) throw new Error('too many shares for this table');
  return { value, limit };
}
