// The rate-limit companion inside the process of a control plane: one worker on a thread of its own (P19), since memory counts in one alone
// (ratelimit R603), fed by the updates it is handed.
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type CompanionSettings, createCompanion } from './companion.ts';
import { type InProcessCompanion, inProcess } from './in-process.ts';
import { createLimitApi, type LimitApi } from './limit-api.ts';
import { DEFAULT_NEAR_RATIO } from './ratelimit-worker-settings.ts';
import { systemPorts } from './system-ports.ts';
import { threadWorkers } from './thread-workers.ts';

export interface InProcessRatelimit extends InProcessCompanion {
  /** For operators (R811). */
  readonly limits: LimitApi;
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
  const companion = await createCompanion(
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
  return { ...inProcess(companion), limits: createLimitApi({ ask: (question) => companion.askLimits(question), logger }) };
}
