// How late the event loop is: the delay of a timer, sampled, as the 99th percentile of the last second (authz G12). One long pause among many
// short turns is no overload and does not count.

/** What a worker refuses: nothing, work that is not at hand in a cache, everything. */
export type Shedding = 'none' | 'cold' | 'all';

const WINDOW_MS = 1_000;
const SAMPLE_MS = 10;
const COLD_MS = 50;
const ALL_MS = 150;

interface Sample {
  readonly atMs: number;
  readonly delayMs: number;
}

/** Pure but for its own memory: samples come in, the verdict comes out. */
export class LoopDelay {
  #samples: Sample[] = [];
  #shedding: Shedding = 'none';

  get shedding(): Shedding {
    return this.#shedding;
  }

  add(atMs: number, delayMs: number): void {
    this.#samples.push({ atMs, delayMs });
    const first = this.#samples.findIndex((sample) => sample.atMs > atMs - WINDOW_MS);
    if (first > 0) this.#samples.splice(0, first);
    const p99 = this.#percentile();
    this.#shedding = p99 > ALL_MS ? 'all' : p99 > COLD_MS ? 'cold' : 'none';
  }

  #percentile(): number {
    const delays = this.#samples.flatMap(({ delayMs }) => (delayMs > COLD_MS ? [delayMs] : [])).sort((a, b) => b - a);
    return delays[Math.floor(this.#samples.length / 100)] ?? 0;
  }
}

export interface LoopWatch {
  readonly shedding: Shedding;
  stop(): void;
}

/** Samples the loop that it runs in; keeps no process alive. */
export function watchLoop(monotonicMs: () => number): LoopWatch {
  const delay = new LoopDelay();
  let dueMs = monotonicMs() + SAMPLE_MS;
  const timer = setInterval(() => {
    const now = monotonicMs();
    delay.add(now, Math.max(0, now - dueMs));
    dueMs = now + SAMPLE_MS;
  }, SAMPLE_MS).unref();
  return {
    get shedding() {
      return delay.shedding;
    },
    stop: () => clearInterval(timer),
  };
}
