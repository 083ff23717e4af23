// What is told when a change has reached every connected node. Decides nothing.
import type { Metrics } from '../telemetry/metrics.ts';
import type { AppParts } from './app-parts.ts';
import type { Live } from './convergence.ts';

/** Into metrics and log, and to whoever started the control plane. */
export function tellLive(live: Live, metrics: Metrics, { logger, onLive }: Pick<AppParts, 'logger' | 'onLive'>): void {
  const { gateway, durationMs, nodes } = live;
  metrics.observe('chancery_config_convergence_seconds', { gateway }, durationMs / 1_000);
  logger.info({ event: 'config.live', gateway, nodes, duration_ms: durationMs }, 'every connected node runs the configuration');
  onLive?.(live);
}
