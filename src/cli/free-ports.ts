// Makes sure that ports are free before anything is started, so that a taken one leaves nothing half-started.
import { createServer } from 'node:net';
import { ChanceryError } from '../lib/errors.ts';

export interface WantedPort {
  readonly host: string;
  /** 0 is always free. */
  readonly port: number;
  /** What it is for, in a sentence: `the xDS server`. */
  readonly use: string;
  /** How to choose another one, as the end of a sentence: `choose another one with --xds-port`. */
  readonly remedy: string;
}

/** Throws ERR_PORT_IN_USE that names every port that cannot be listened on. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const reasons = await Promise.all(wanted.map(whyNot));
  const taken = wanted.flatMap((want, index) => {
    const reason = reasons[index];
    return reason === undefined ? [] : [{ ...want, reason }];
  });
  if (taken.length === 0) return;
  const [lines, remedies] = [
    taken.map(({ host, port, use, reason }) => `port ${port} on ${host}, for ${use}, ${reason}`),
    taken.map(({ remedy }) => remedy),
  ];
  throw new ChanceryError('ERR_PORT_IN_USE', lines.join('\n       '), {
    remedy: `end the other program, or ${[...new Set(remedies)].join('; ')}`,
  });
}

function whyNot({ host, port }: WantedPort): Promise<string | undefined> {
  if (port === 0) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(reasonOf(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'is taken by another program';
  if (code === 'EACCES') return 'may only be opened by a privileged user';
  return `cannot be opened: ${message}`;
}
