// The rate-limit companion inside the process of a control plane: one worker on a thread of its own (P19), since memory counts in one alone
// (ratelimit R603), fed by the updates it is handed.
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Companion, type CompanionSettings, type CompanionStatus, createCompanion } from './companion.ts';
import { createLimitApi, type LimitApi } from './limit-api.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';
import { DEFAULT_NEAR_RATIO } from './ratelimit-worker-settings.ts';
import { systemPorts } from './system-ports.ts';
import { threadWorkers } from './thread-workers.ts';

export interface InProcessRatelimit {
  /** Delta; resolves when the worker holds it. One that starts later gets the sum. */
  apply(update: PolicyUpdate): Promise<ApplyOutcome>;
  /** As Envoys reach the worker that lives now: `127.0.0.1:18002`. */
  endpoints(): readonly string[];
  onEndpoints(listener: () => void): void;
  /** For operators (R811). */
  readonly limits: LimitApi;
  status(): CompanionStatus;
  /** Drains for at most 10 s. */
  stop(): Promise<void>;
}

export interface InProcessRatelimitOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Loopback. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** In place of what the tables say. */
  readonly store?: Pick<NonNullable<CompanionSettings['ratelimit']>, 'redis' | 'keySecret'>;
}

/** Resolves when the worker listens. Rejects with ERR_PORT_IN_USE. */
export async function startInProcessRatelimit(options: InProcessRatelimitOptions): Promise<InProcessRatelimit> {
  const { logger, metrics, host, port, store = {} } = options;
  const companion: Companion = await createCompanion(
    {
      kind: 'ratelimit',
      address: { host, port },
      workers: 1,
      reflection: false,
      dev: false,
      ratelimit: { nearRatio: DEFAULT_NEAR_RATIO, ...store },
    },
    { ...systemPorts(), logger, metrics, startWorker: threadWorkers('ratelimit') },
  );
  return {
    apply: async (update) => {
      const outcome = await companion.apply(update);
      companion.complete();
      return outcome;
    },
    endpoints: () => companion.endpoints(),
    onEndpoints: (listener) => companion.onEndpoints(listener),
    limits: createLimitApi({ ask: (question) => companion.askLimits(question), logger }),
    status: () => companion.status(),
    stop: () => companion.stop(),
  };
}
