// Waits for the signals that end a long-running command.

export interface SignalOptions {
  /** What SIGHUP does. Without it SIGHUP ends the command too: its terminal was closed. */
  readonly onReload?: () => void;
}

/**
 * Resolves at the first SIGINT or SIGTERM (or SIGHUP). From then on the second one has its usual effect and ends the process at once, so that
 * nobody is kept waiting by a shutdown that hangs.
 */
export function untilStopSignal({ onReload }: SignalOptions = {}): Promise<NodeJS.Signals> {
  const ending = onReload === undefined ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const) : (['SIGINT', 'SIGTERM'] as const);
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const name of ending) process.off(name, stop);
      resolve(signal);
    };
    for (const name of ending) process.on(name, stop);
    if (onReload !== undefined) process.on('SIGHUP', onReload);
  });
}
