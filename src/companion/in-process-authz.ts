// The authz companion inside the process of a control plane: on worker threads of its own (P19), fed by the updates it is handed.
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { keyFeed } from './authz-key-feed.ts';
import { createCompanion } from './companion.ts';
import { type InProcessCompanion, inProcess } from './in-process.ts';
import { systemPorts } from './system-ports.ts';
import { threadWorkers } from './thread-workers.ts';

export interface InProcessAuthzOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Loopback. */
  readonly host: string;
  /** Of the first worker; the others follow in steps of ten. 0: any free ones. */
  readonly port: number;
  /** Default 1. */
  readonly workers?: number;
  /** Addresses and plain text that a development set-up needs are allowed to issuers (J1, J2). Default false. */
  readonly dev?: boolean;
}

/** Resolves when all workers listen. Rejects with ERR_PORT_IN_USE. */
export async function startInProcessAuthz(options: InProcessAuthzOptions): Promise<InProcessCompanion> {
  const { logger, metrics, host, port, workers = 1, dev = false } = options;
  const companion = await createCompanion(
    { kind: 'authz', address: { host, port }, workers, reflection: false, dev },
    {
      ...systemPorts(),
      logger,
      metrics,
      startWorker: threadWorkers('authz'),
      createKeyFeed: keyFeed({ ...systemPorts(), dev, logger, metrics }),
    },
  );
  return inProcess(companion);
}
