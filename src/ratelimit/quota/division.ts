// Divides a budget by demand (R704): nobody gets more than it wants while another lacks, what nobody wants goes in proportion, in whole tokens.
// Pure; the same wants give the same shares in every instance.

/**
 * Max-min fair whole shares that add up to `total` exactly. `wants`: above 0, in an order that all instances share; equal remainders go to
 * the first. `total`: whole, 0 and up.
 */
export function divided(wants: readonly number[], total: number): readonly number[] {
  const sum = wants.reduce((all, want) => all + want, 0);
  if (sum === 0) return wants.map(() => 0);
  if (sum <= total)
    return whole(
      wants.map((want) => (want * total) / sum),
      total,
    );
  const level = waterLevel(wants, total);
  return whole(
    wants.map((want) => Math.min(want, level)),
    total,
  );
}

/** z, so that the sum of min(want, z) is the total; there is less than all want. */
function waterLevel(wants: readonly number[], total: number): number {
  const rising = [...wants].sort((a, b) => a - b);
  let left = total;
  for (const [place, want] of rising.entries()) {
    const even = left / (rising.length - place);
    if (want >= even) return even;
    left -= want;
  }
  return Number.POSITIVE_INFINITY;
}

/** Largest remainder. */
function whole(parts: readonly number[], total: number): readonly number[] {
  const floors = parts.map((part) => Math.floor(part));
  const left = total - floors.reduce((sum, part) => sum + part, 0);
  const places = parts.map((_, place) => place);
  const remainder = (place: number): number => (parts[place] ?? 0) - (floors[place] ?? 0);
  const lucky = new Set(places.sort((a, b) => remainder(b) - remainder(a) || a - b).slice(0, Math.max(0, Math.round(left))));
  return floors.map((part, place) => part + (lucky.has(place) ? 1 : 0));
}

/**
 * What of the burst goes with each share: in proportion to the part of the limit, at least 1 as long as there are any, for a bucket that
 * holds nothing lets nothing pass. They add up to `burst` at most; a share without a burst is worth nothing.
 */
export function burstsOf(shares: readonly number[], limit: number, burst: number): readonly number[] {
  const bursts = shares.map((share) => (limit === 0 ? 0 : Math.floor((burst * share) / limit)));
  let left = burst - bursts.reduce((sum, part) => sum + part, 0);
  const poor = shares.map((share, place) => ({ share, place })).filter(({ share, place }) => share > 0 && bursts[place] === 0);
  for (const { place } of poor.sort((a, b) => b.share - a.share || a.place - b.place)) {
    if (left <= 0) break;
    bursts[place] = 1;
    left -= 1;
  }
  return bursts;
}
