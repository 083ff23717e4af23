// Merges bursts of events into one call (D5): waits for quiet, but never longer than a bound.

export interface Debounce {
  /** An event happened. */
  touch(): void;
  /** Forgets the events so far. */
  cancel(): void;
}

export interface DebounceOptions {
  /** After the last event, milliseconds. */
  readonly quietMs: number;
  /** After the first event, milliseconds. */
  readonly maxMs: number;
  readonly onQuiet: () => void;
}

export function createDebounce({ quietMs, maxMs, onQuiet }: DebounceOptions): Debounce {
  let quiet: NodeJS.Timeout | undefined;
  let bound: NodeJS.Timeout | undefined;
  const cancel = () => {
    clearTimeout(quiet);
    clearTimeout(bound);
    bound = undefined;
  };
  const end = () => {
    cancel();
    onQuiet();
  };
  return {
    touch() {
      clearTimeout(quiet);
      quiet = setTimeout(end, quietMs);
      bound ??= setTimeout(end, maxMs);
    },
    cancel,
  };
}
