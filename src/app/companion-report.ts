// What happens to companions and to revisions that wait for them, for the log, the feed and the metrics. The event names are stable.
import type { CompanionKey } from '../delivery/companion-book.ts';
import type { PolicyGateEvent } from '../delivery/gated-rollouts.ts';
import { waitText } from '../delivery/policy-gate.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface CompanionReport {
  connected(key: CompanionKey, endpoints: readonly string[]): void;
  gone(key: CompanionKey, isMeant: boolean): void;
  /** It could serve, and proxies are not sent to it: another one counts in memory (ratelimit R603). Once for each time that it becomes so. */
  spare(key: CompanionKey): void;
  gate(gateway: string, event: PolicyGateEvent): void;
}

export interface CompanionReportOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly feed: EventFeed;
}

export function createCompanionReport({ logger, metrics, feed }: CompanionReportOptions): CompanionReport {
  return {
    connected: ({ gateway, role, id }, endpoints) => {
      logger.info({ event: 'companion.connected', gateway, node_id: id, role, endpoints }, 'a companion connected');
      const where = endpoints.length === 0 ? '' : ` (${endpoints.join(', ')})`;
      feed.tell({ kind: 'companion', gateway, node: id, text: `${role} companion connected${where}`, details: { role, endpoints } });
    },
    gone: ({ gateway, role, id }, isMeant) => {
      const how = isMeant ? 'left' : 'lost';
      const message = isMeant ? 'a companion left' : 'the stream of a companion broke';
      logger[isMeant ? 'info' : 'warn']({ event: `companion.${how}`, gateway, node_id: id, role }, message);
      feed.tell({ kind: 'companion', gateway, node: id, text: `${role} companion ${how}`, details: { role, state: how } });
    },
    spare: ({ gateway, role, id }) => {
      const message = 'a rate limiter gets no requests: another one counts in memory, and two would each admit the whole rate';
      const help = 'write rateLimitService.store: redis, or stop one of them';
      logger.warn({ event: 'companion.spare', gateway, node_id: id, role, help }, message);
      feed.tell({ kind: 'companion', gateway, node: id, text: `${message}: ${help}`, details: { role, state: 'spare' } });
    },
    gate: (gateway, event) => {
      const told = gateText(event);
      const { revision } = event.kind === 'waiting' ? event.wait : event;
      const fields = { event: `policies.${event.kind}`, gateway, revision: String(revision) };
      if (event.kind !== 'waiting') metrics.increment('chancery_policy_gates_total', { gateway, result: resultOf(event) });
      logger[resultOf(event) === 'open' ? 'info' : 'warn'](fields, told);
      feed.tell({ kind: 'policies', gateway, text: told, details: { ...event, revision } });
    },
  };
}

function resultOf(event: PolicyGateEvent): 'open' | 'waiting' | 'late' | 'forced' {
  if (event.kind === 'waiting') return event.wait.untilMs === undefined ? 'waiting' : 'open';
  if (event.kind === 'forced') return 'forced';
  return event.without.length === 0 ? 'open' : 'late';
}

function gateText(event: PolicyGateEvent): string {
  switch (event.kind) {
    case 'waiting':
      return waitText(event.wait);
    case 'open': {
      const without = event.without.length === 0 ? '' : `; without ${event.without.join(', ')}, which gets no requests until it has them`;
      return `companions have the policies of revision ${event.revision} after ${event.waitedMs} ms${without}`;
    }
    case 'forced':
      return `revision ${event.revision} goes out although no companion has its policies: nothing older can be served, and routes that need them answer by their failure mode`;
  }
}
