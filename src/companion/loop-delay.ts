// How late the event loop is: the delay of a timer, sampled (authz G12). Who has more to do than it can is late turn after turn; a pause, of the
// garbage collector or of a machine that is busy with something else, is followed by short turns, and to refuse calls then would make an outage of
// it. So what counts is how much of the last second was spent in turns that were late. Nor does it count while hardly anybody calls.

/** What a worker refuses: nothing, work that is not at hand in a cache, everything. */
export type Shedding = 'none' | 'cold' | 'all';

const WINDOW_MS = 1_000;
const SAMPLE_MS = 10;
const COLD_MS = 50;
const ALL_MS = 150;
/** Of the window, in turns later than that, and in so many at least. */
const MOST_LATE_MS = 500;
const LATE_TURNS = 2;
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
    if (!isBusy) this.#shedding = 'none';
    else this.#shedding = this.#isLate(ALL_MS) ? 'all' : this.#isLate(COLD_MS) ? 'cold' : 'none';
  }

  #isLate(ms: number): boolean {
    let turns = 0;
    let lateMs = 0;
    for (const { delayMs } of this.#samples) {
      if (delayMs <= ms) continue;
      turns += 1;
      lateMs += SAMPLE_MS + delayMs;
    }
    return turns >= LATE_TURNS && lateMs >= MOST_LATE_MS;
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
