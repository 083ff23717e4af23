// Workers as threads of this process (P19): for companions that live beside a control plane. Compiled code only: Node starts no TypeScript in a
// thread.
import { Worker } from 'node:worker_threads';
import { WORKER_ENTRANCE } from './worker-entry.ts';
import type { StartWorker } from './worker-handle.ts';

/** `name`: of the threads, for those who look at the process. */
export function threadWorkers(name: string): StartWorker {
  return (index) => {
    const worker = new Worker(WORKER_ENTRANCE, { name: `chancery-${name}-${index}` });
    return {
      send: (message) => worker.postMessage(message),
      onMessage: (listener) => worker.on('message', listener),
      onEnd: (listener) => {
        let reason: string | undefined;
        worker.on('error', (error) => {
          reason = error.message;
        });
        worker.on('exit', (code) => listener(reason ?? `the thread ended with exit code ${code}`));
      },
      kill: () => void worker.terminate(),
    };
  };
}
