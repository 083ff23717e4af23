// A timer that keeps no process alive.

/** Calls `run` after `ms`; gives what cancels it. */
export function afterMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}
