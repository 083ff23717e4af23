// Which services changed when, of one gateway: so that who follows the changes need not look at all services each time (P6).

/** Older changes are forgotten: who comes later looks at everything. */
const CHANGES_KEPT = 64;

export interface ChangeLog {
  /** Grows by one with each change. */
  readonly epoch: number;
  /** `undefined`: all services may have changed. */
  add(names: ReadonlySet<string> | undefined): void;
  /** What changed after that epoch; undefined: everything may have. */
  since(epoch: number): ReadonlySet<string> | undefined;
}

export function createChangeLog(): ChangeLog {
  const changes: (ReadonlySet<string> | undefined)[] = [];
  let epoch = 0;
  return {
    get epoch() {
      return epoch;
    },
    add: (names) => {
      epoch += 1;
      changes.push(names);
      if (changes.length > CHANGES_KEPT) changes.shift();
    },
    since: (from) => {
      const count = epoch - from;
      if (count > changes.length) return undefined;
      const all = new Set<string>();
      for (const names of changes.slice(changes.length - count)) {
        if (names === undefined) return undefined;
        for (const name of names) all.add(name);
      }
      return all;
    },
  };
}
