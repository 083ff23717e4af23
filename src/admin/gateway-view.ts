// Gateways as the API shows them: what is served, how the newest revision gets on, which endpoints were found, how much load there is.

import type { CompanionStatus } from '../app/companion-status.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import type { RolloutStatus } from '../delivery/rollout-status.ts';
import type { ServiceStatus } from '../discovery/service-status.ts';
import type { GatewayLoads } from '../xds/load-reports.ts';
import type { AdminSources } from './sources.ts';

export interface GatewayView extends GatewayStatus {
  /** Absent before the first revision. */
  readonly rollout?: RolloutStatus;
  /** Services whose endpoints are found while it runs; absent where there are none. */
  readonly discovered?: readonly ServiceStatus[];
  /** Absent where there are none. */
  readonly companions?: readonly CompanionStatus[];
  /** Absent where no client reports. */
  readonly load?: Pick<GatewayLoads, 'nodes' | 'services'>;
}

export function gatewayView(status: GatewayStatus, sources: AdminSources): GatewayView {
  const { gateway } = status;
  if (gateway === undefined) return status;
  const rollout = sources.rollout(gateway);
  const discovered = sources.discovered(gateway) ?? [];
  const companions = sources.companions().filter((each) => each.gateway === gateway);
  const load = sources.loads().find((each) => each.gateway === gateway);
  return {
    ...status,
    ...(rollout === undefined ? {} : { rollout }),
    ...(discovered.length === 0 ? {} : { discovered }),
    ...(companions.length === 0 ? {} : { companions }),
    ...(load === undefined ? {} : { load: { nodes: load.nodes, services: load.services } }),
  };
}
