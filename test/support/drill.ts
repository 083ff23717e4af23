// One drill, once in an ordinary run; DRILL_RUNS=20 repeats it to look for what happens rarely.

const RUNS = Number(process.env.DRILL_RUNS ?? 1);

/** Runs it so many times in a row. The error says which run failed. */
export async function drill(run: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 1; n <= RUNS; n += 1) {
    try {
      await run(n);
    } catch (error) {
      if (RUNS > 1) throw new Error(`run ${n} of ${RUNS}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      throw error;
    }
  }
}
