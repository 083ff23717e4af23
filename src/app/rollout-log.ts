// Writes what happens while revisions roll out into the log and the metrics. The event names are stable.
import { reasonText } from '../delivery/abort.ts';
import type { QuarantineEntry } from '../delivery/quarantine.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import type { Rollouts } from '../delivery/rollouts.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export type RolloutLog = (gateway: string, event: RolloutEvent) => void;

const NODES_LISTED = 20;

export function createRolloutLog({ logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }): RolloutLog {
  return (gateway, event) => {
    const log = logger.child({
      gateway,
      ...('revision' in event && event.revision !== undefined ? { revision: String(event.revision) } : {}),
    });
    switch (event.kind) {
      case 'wave':
        metrics.increment('chancery_rollout_waves_total', { gateway });
        return log.info({ event: 'rollout.wave', step: event.step + 1, nodes: event.asked }, waveText(event));
      case 'stale':
        return log.warn(
          { event: 'rollout.stale', nodes: event.nodes.slice(0, NODES_LISTED), count: event.nodes.length },
          'went on without nodes that did not answer in time',
        );
      case 'good':
        return log.info({ event: 'rollout.good', version: event.version }, 'the revision is good: newcomers get it');
      case 'withdrawn':
        metrics.increment('chancery_rollout_withdrawals_total', { gateway, reason: event.reason.kind });
        return log.error(
          { event: 'rollout.withdrawn', version: event.version, reason: reasonText(event.reason), back_to: event.backTo },
          'the revision is withdrawn; the last good one is offered again',
        );
      case 'superseded':
        return log.info({ event: 'rollout.superseded', by: event.by }, 'a newer revision takes its place');
      case 'quarantined':
        for (const entry of event.entries) log.warn({ event: 'rollout.quarantined', ...fieldsOf(entry) }, 'it is not offered again');
        return undefined;
      case 'live':
      case 'nack':
      case 'targets':
        // Told elsewhere: by the app, by the stream that saw it, and not at all.
        return undefined;
      default:
        return event satisfies never;
    }
  };
}

function waveText({ isEveryone, asked }: Extract<RolloutEvent, { readonly kind: 'wave' }>): string {
  return isEveryone ? 'the revision is offered to all nodes' : `the revision is offered to ${asked === 1 ? 'one node' : `${asked} nodes`}`;
}

function fieldsOf({ typeUrl, resources, nodeId, message }: QuarantineEntry): object {
  return { type_url: typeUrl, resources: resources.map(({ name }) => name), node_id: nodeId, reason: message };
}

/** Counted only when somebody reads them. */
export function refreshRolloutGauges(metrics: Metrics, rollouts: Pick<Rollouts, 'gateways' | 'status'>): void {
  metrics.replace(
    'chancery_quarantined_resources',
    rollouts.gateways().map((gateway) => [{ gateway }, rollouts.status(gateway)?.quarantine.length ?? 0]),
  );
}
