// What the admin server reads: handed in by the composition root, asked anew for each request.
import type { ServiceStatus } from '../discovery/service-status.ts';
import type { EndpointPushes } from '../endpoint-pushes.ts';
import type { EventFeed } from '../event-feed.ts';
import type { GatewayStatus } from '../gateway-status.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { SnapshotStore } from '../snapshot/store.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { NodeStatus } from '../xds/status.ts';

export interface AdminSources {
  readonly version: string;
  readonly gateways: () => readonly GatewayStatus[];
  /** Nodes with an open stream. */
  readonly nodes: () => readonly NodeStatus[];
  /** Services of a gateway whose endpoints are found while it runs; undefined: no such gateway. */
  readonly discovered: (gateway: string) => readonly ServiceStatus[] | undefined;
  readonly pushes: EndpointPushes;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'gateways'>;
  readonly api: Pick<EnvoyApi, 'decode' | 'toJson'>;
  /** `file:line` of what a served resource was made from. */
  readonly placeOf: (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType' | 'increment'>;
  /** What happens, as it happens. */
  readonly events: EventFeed;
}
