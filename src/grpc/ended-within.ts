// The bounded end of a gRPC server: what is under way may finish, what does not is cut. Decides nothing about what clients are told before.
import type { Server } from '@grpc/grpc-js';

export interface Ending {
  readonly server: Pick<Server, 'forceShutdown'>;
  /** Calls `run` after `ms` and gives what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly graceMs: number;
}

/** Connections that were cut are gone in no time. */
const CUT_MS = 500;

/**
 * `closed`: the end of the server's `tryShutdown`. Cuts what is left after `graceMs`. A connection that came while the server closed can escape
 * that: half a second later it is cut and not waited for any more.
 */
export async function endedWithin(closed: Promise<void>, { server, after, graceMs }: Ending): Promise<void> {
  let cancel = (): void => undefined;
  const cut = new Promise<void>((resolve) => {
    cancel = after(graceMs, () => {
      server.forceShutdown();
      cancel = after(CUT_MS, () => {
        server.forceShutdown();
        resolve();
      });
    });
  });
  await Promise.race([closed, cut]);
  cancel();
}
