// The part of a kind of companion that lives with the supervisor, as the companion sees it. A type only.
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { ProviderStatus } from './key-feed.ts';
import type { RatelimitWorkerStatus } from './ratelimit-messages.ts';

export interface Supervision {
  /** What a worker that starts must know before its first update. */
  greeting(): readonly AsideToWorker[];
  /** `worker`: its place among the workers. */
  receive(body: AsideFromWorker, answer: (body: AsideToWorker) => void, worker: number): void;
  /** Resolves when the companion, which knows all that it is to enforce, may serve. */
  tried(): Promise<void>;
  /** Of authz; none of others. */
  providers(): readonly ProviderStatus[];
  /** Of the rate limiter, by worker; absent of others. */
  limits?(): readonly RatelimitWorkerStatus[];
  refreshGauges(): void;
  stop(): void;
}
