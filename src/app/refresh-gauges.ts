// Sets the gauges that are counted only when somebody reads them: nodes, served versions, problems, certificates.

import type { GatewayStatus } from '../build/gateway-status.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { NodeStatus } from '../xds/status.ts';
import type { CompanionStatus } from './companion-status.ts';
import { isSynced } from './convergence.ts';

export function refreshCompanionGauges(metrics: Metrics, companions: readonly CompanionStatus[]): void {
  const counts = new Map<string, number>();
  for (const { gateway, role, state } of companions) {
    const key = JSON.stringify({ gateway, role, state });
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const seen = new Map(companions.map(({ gateway, role, state }) => [JSON.stringify({ gateway, role, state }), { gateway, role, state }]));
  metrics.replace(
    'chancery_companions',
    [...seen].map(([key, labels]) => [labels, counts.get(key) ?? 0] as const),
  );
}

export function refreshGauges(metrics: Metrics, gateways: readonly GatewayStatus[], nodes: readonly NodeStatus[]): void {
  const served = gateways.flatMap((status) => (status.gateway === undefined ? [] : [{ ...status, gateway: status.gateway }]));
  const nodesOf = (gateway: string): readonly NodeStatus[] => nodes.filter(({ cluster }) => cluster === gateway);
  metrics.replace(
    'chancery_xds_connected_nodes',
    served.map(({ gateway }) => [{ gateway }, nodesOf(gateway).length]),
  );
  metrics.replace(
    'chancery_xds_stale_nodes',
    served.map(({ gateway }) => [{ gateway }, nodesOf(gateway).filter((node) => !isSynced(node)).length]),
  );
  metrics.replace(
    'chancery_config_revision_info',
    served.map(({ gateway, version = '' }) => [{ gateway, version }, 1]),
  );
  metrics.replace(
    'chancery_config_problems',
    served.flatMap(({ gateway, problemCounts: { errors, warnings } }) => [
      [{ gateway, severity: 'error' }, errors],
      [{ gateway, severity: 'warning' }, warnings],
    ]),
  );
  metrics.replace(
    'chancery_certificate_expiry_timestamp_seconds',
    served.flatMap(({ gateway, certificates }) =>
      Object.entries(certificates).map(([certificate, notAfterMs]) => [{ gateway, certificate }, notAfterMs / 1_000] as const),
    ),
  );
}
