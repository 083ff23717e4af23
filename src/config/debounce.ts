// Merges bursts of events into one call (D5): waits for quiet, but never longer than a bound.

export interface Debounce {
  /** An event happened. */
  touch(): void;
  cancel(): void;
}

export interface DebounceOptions {
  /** After the last event, milliseconds. */
  readonly quietMs: number;
  /** After the first event, milliseconds. */
  readonly maxMs: number;
  readonly nowMs: () => number;
  readonly onQuiet: () => void;
}

/** Uses the global timers; `nowMs` must run with them. */
export function createDebounce({ quietMs, maxMs, nowMs, onQuiet }: DebounceOptions): Debounce {
  let timer: NodeJS.Timeout | undefined;
  let firstAtMs: number | undefined;
  const cancel = () => {
    clearTimeout(timer);
    timer = undefined;
    firstAtMs = undefined;
  };
  return {
    touch() {
      firstAtMs ??= nowMs();
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          cancel();
          onQuiet();
        },
        Math.max(0, Math.min(quietMs, firstAtMs + maxMs - nowMs())),
      );
    },
    cancel,
  };
}
