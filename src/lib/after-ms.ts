// A timer that keeps no process alive, for any time: Node's own runs at once where it is told to wait longer than 24.8 days.

const LONGEST_MS = 2 ** 31 - 1;

/** Calls `run` after `ms`; gives what cancels it. */
export function afterMs(ms: number, run: () => void): () => void {
  if (ms > LONGEST_MS) {
    let cancel = afterMs(LONGEST_MS, () => {
      cancel = afterMs(ms - LONGEST_MS, run);
    });
    return () => cancel();
  }
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}
