// How late the event loop is: the delay of a timer, sampled, as the 99th percentile of the last second (authz G12). One long pause among many
// short turns is no overload and does not count; nor does a machine that is busy with something else, while hardly anybody calls.

/** What a worker refuses: nothing, work that is not at hand in a cache, everything. */
export type Shedding = 'none' | 'cold' | 'all';

const WINDOW_MS = 1_000;
const SAMPLE_MS = 10;
const COLD_MS = 50;
const ALL_MS = 150;
/** Calls in the window below which they are not what makes the loop late: to refuse them would help nobody. */
const BUSY_CALLS = 200;

interface Sample {
  readonly atMs: number;
  readonly delayMs: number;
  /** Since the sample before. */
  readonly calls: number;
}

/** Pure but for its own memory: samples come in, the verdict comes out. */
export class LoopDelay {
  #samples: Sample[] = [];
  #shedding: Shedding = 'none';
  #calls = 0;

  /** A call has come. */
  called(): void {
    this.#calls += 1;
  }

  get shedding(): Shedding {
    return this.#shedding;
  }

  add(atMs: number, delayMs: number): void {
    this.#samples.push({ atMs, delayMs, calls: this.#calls });
    this.#calls = 0;
    const first = this.#samples.findIndex((sample) => sample.atMs > atMs - WINDOW_MS);
    if (first > 0) this.#samples.splice(0, first);
    const isBusy = this.#samples.reduce((sum, { calls }) => sum + calls, 0) >= BUSY_CALLS;
    const p99 = isBusy ? this.#percentile() : 0;
    this.#shedding = p99 > ALL_MS ? 'all' : p99 > COLD_MS ? 'cold' : 'none';
  }

  #percentile(): number {
    const delays = this.#samples.flatMap(({ delayMs }) => (delayMs > COLD_MS ? [delayMs] : [])).sort((a, b) => b - a);
    return delays[Math.floor(this.#samples.length / 100)] ?? 0;
  }
}

export interface LoopWatch {
  readonly shedding: Shedding;
  called(): void;
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
    called: () => delay.called(),
    stop: () => clearInterval(timer),
  };
}
