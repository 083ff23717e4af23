// What an Envoy does before it breaks: accepts no more connections than it can bear. Where memory ends, the operator knows better.
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { OverloadManager } from '../proto/generated/envoy/config/overload/v3/OverloadManager.ts';

/** From Envoy's guide for edge proxies. */
const MAX_CLIENT_CONNECTIONS = 50_000;
const CHECK_INTERVAL_MS = 250;

export const OVERLOAD_MANAGER: OverloadManager = {
  refresh_interval: duration(CHECK_INTERVAL_MS),
  resource_monitors: [
    {
      name: 'envoy.resource_monitors.global_downstream_max_connections',
      typed_config: any('envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig', {
        max_active_downstream_connections: MAX_CLIENT_CONNECTIONS,
      }),
    },
  ],
};
