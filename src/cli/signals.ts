// Waits for the signals that end a long-running command.

export interface SignalOptions {
  /** SIGHUP. */
  readonly onReload: () => void;
}

/**
 * Resolves at the first SIGINT or SIGTERM. From then on the second one has its usual effect and ends the process at once, so that
 * nobody is kept waiting by a shutdown that hangs.
 */
export function untilStopSignal({ onReload }: SignalOptions): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    process.on('SIGHUP', onReload);
  });
}
