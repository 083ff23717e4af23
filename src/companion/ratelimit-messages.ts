// What the two halves of the rate-limit companion tell each other beyond tables of limits: metrics, readiness, and questions of operators. Plain data.
import type { LimitQuestion, WorkerAnswer } from '../ratelimit/limit-question.ts';
import type { StoreReadiness } from '../ratelimit/store.ts';
import type { MetricParcel } from './metric-relay.ts';

/** What one worker has. */
export interface RatelimitWorkerStatus {
  /** Of the gateways whose limits are in force. */
  readonly gateways: readonly {
    readonly gateway: string;
    readonly revision: string;
    readonly store: 'memory' | 'redis';
    readonly readiness: StoreReadiness;
  }[];
  /** Gateways whose limits are known and cannot be served yet, and why. */
  readonly waiting: readonly { readonly gateway: string; readonly reason: string }[];
}

export type RatelimitToWorker = { readonly kind: 'limits.ask'; readonly id: number; readonly question: LimitQuestion };

export type RatelimitFromWorker =
  | { readonly kind: 'limits.status'; readonly worker: number; readonly status: RatelimitWorkerStatus }
  | { readonly kind: 'limits.metrics'; readonly worker: number; readonly parcel: MetricParcel }
  | { readonly kind: 'limits.answer'; readonly id: number; readonly answer: WorkerAnswer };
