// Runs an asynchronous step over many items, a few at a time, so that thousands of files do not open at once.

const AT_ONCE = 32;

/** Outcomes in the order of `items`. */
export async function inParallel<Item, Outcome>(
  items: readonly Item[],
  step: (item: Item) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    outcomes.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(step))));
  }
  return outcomes;
}
