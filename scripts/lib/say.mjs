// What set-up prints: one line per step to stderr, and failures with a remedy.
export function say(text) {
  process.stderr.write(`chancery setup: ${text}\n`);
}

/**
 * Ends the process with exit code 1: what went wrong, then what to do.
 * @returns {never}
 */
export function fail(problem, remedy) {
  process.stderr.write(`chancery setup: ${problem}\n  remedy: ${remedy}\n`);
  process.exit(1);
}

/** Time since then, for people. */
export function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
