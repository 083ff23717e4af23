// Counts keys, so that a key that is there twice is noticed without going through all of them again.

export interface KeyCount {
  /** Items that stand in both lists at the same place from either end cost nothing. */
  replace(before: readonly { readonly key: string }[], after: readonly { readonly key: string }[]): void;
  has(key: string): boolean;
  hasRepeated(): boolean;
}

export function createKeyCount(): KeyCount {
  const counts = new Map<string, number>();
  let repeated = 0;
  const add = (key: string, change: 1 | -1) => {
    const before = counts.get(key) ?? 0;
    const now = before + change;
    if (now === 0) counts.delete(key);
    else counts.set(key, now);
    if (before < 2 && now >= 2) repeated += 1;
    if (before >= 2 && now < 2) repeated -= 1;
  };
  return {
    replace(before, after) {
      const most = Math.min(before.length, after.length);
      let start = 0;
      while (start < most && before[start] === after[start]) start += 1;
      let end = 0;
      while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
      for (const { key } of before.slice(start, before.length - end)) add(key, -1);
      for (const { key } of after.slice(start, after.length - end)) add(key, 1);
    },
    has: (key) => counts.has(key),
    hasRepeated: () => repeated > 0,
  };
}
