// Workers as processes of their own (P19, authz G14): for a companion that runs alone. One that is killed takes nobody with it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WORKER_ENTRANCE } from './worker-entry.ts';
import type { StartWorker } from './worker-handle.ts';

export function processWorkers(): StartWorker {
  const entrance = fileURLToPath(WORKER_ENTRANCE);
  return () => {
    const child = fork(entrance, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return {
      send: (message) => {
        // It may end at any moment; `onEnd` tells, and the callback keeps the failed write from being thrown.
        if (child.connected) child.send(message, () => {});
      },
      // The other end is our own code, started here.
      onMessage: (listener) => child.on('message', listener),
      onEnd: (listener) => {
        let isTold = false;
        const tell = (reason: string): void => {
          if (!isTold) listener(reason);
          isTold = true;
        };
        child.on('error', (error) => tell(error.message));
        child.on('exit', (code, signal) =>
          tell(signal === null ? `the process ended with exit code ${code}` : `the process ended by ${signal}`),
        );
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
