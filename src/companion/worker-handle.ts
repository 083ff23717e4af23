// A worker as its supervisor sees it, and the supervisor as the worker does: a thread, a process, or, in tests, neither.
import type { FromWorker, ToWorker } from './worker-messages.ts';

export interface WorkerHandle {
  /** What is sent to a worker that has ended is lost. */
  send(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once, with the reason in words. */
  onEnd(listener: (reason: string) => void): void;
  /** At once, without a chance to clean up. */
  kill(): void;
}

export type StartWorker = (index: number) => WorkerHandle;

/** The other end, inside the worker. */
export interface WorkerPort {
  send(message: FromWorker): void;
  onMessage(listener: (message: ToWorker) => void): void;
}
