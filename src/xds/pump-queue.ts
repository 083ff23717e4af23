// Runs the streams that have something to look at, once per turn of the event loop however often they were marked (X98), and in
// slices, so that a change for thousands of streams blocks nobody for long.

export interface Pumpable {
  /** Must not throw. */
  pump(): void;
}

export interface PumpQueue {
  mark(stream: Pumpable): void;
  remove(stream: Pumpable): void;
}

const SLICE_MS = 10;

export function createPumpQueue(nowMs: () => number): PumpQueue {
  const marked = new Set<Pumpable>();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || marked.size === 0) return;
    isScheduled = true;
    setImmediate(run);
  }

  function run(): void {
    isScheduled = false;
    const startedMs = nowMs();
    for (const stream of marked) {
      marked.delete(stream);
      stream.pump();
      if (nowMs() - startedMs >= SLICE_MS) break;
    }
    schedule();
  }

  return {
    mark: (stream) => {
      marked.add(stream);
      schedule();
    },
    remove: (stream) => void marked.delete(stream),
  };
}
