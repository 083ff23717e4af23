// What the admin server reads: handed in by the composition root, asked anew for each request.

import type { CompanionStatus } from '../app/companion-status.ts';
import type { EndpointPushes } from '../app/endpoint-pushes.ts';
import type { GoneNode, NodeVersion } from '../app/node-book.ts';
import type { ExplainOutcome } from '../build/build.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import type { LimitApi } from '../companion/limit-api.ts';
import type { Revision } from '../delivery/revision.ts';
import type { SourceTexts } from '../delivery/revision-store.ts';
import type { RolloutStatus } from '../delivery/rollout-status.ts';
import type { ServiceStatus } from '../discovery/service-status.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { AskedRequest } from '../explain/explained.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { SnapshotStore } from '../snapshot/store.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { GatewayLoads } from '../xds/load-reports.ts';
import type { NodeStatus } from '../xds/status.ts';

export interface AdminSources {
  readonly version: string;
  readonly gateways: () => readonly GatewayStatus[];
  /** The streams are being ended. Default: never. */
  readonly isStopping?: () => boolean;
  /** Nodes with an open stream. */
  readonly nodes: () => readonly NodeStatus[];
  /** Companions, in this process and connected. */
  readonly companions: () => readonly CompanionStatus[];
  /** Names of the policies that companions of a gateway are to have. */
  readonly policies: (gateway: string) => readonly string[];
  /** Nodes of the last hour that have no stream any more, newest first. */
  readonly gone: () => readonly GoneNode[];
  /** The newest version that a connected node accepted all of. */
  readonly runs: (gateway: string, node: string) => NodeVersion | undefined;
  /** How the newest revision of a gateway gets on; undefined: there is none. */
  readonly rollout: (gateway: string) => RolloutStatus | undefined;
  /** Of a gateway, oldest first; undefined: no such gateway. */
  readonly revisions: (gateway: string) => readonly Revision[] | undefined;
  /** The files of a revision with secrets masked; undefined where they are not kept. */
  readonly texts: (gateway: string, revision: number) => Promise<SourceTexts | undefined>;
  /** Lifts the quarantine of a gateway and reads its files again. */
  readonly release: (gateway: string) => Promise<boolean>;
  /** What a version of a gateway makes of a request (O4); undefined where only its files are known still. */
  readonly explain: (gateway: string, version: string, asked: AskedRequest) => Promise<ExplainOutcome | undefined>;
  /** What clients reported last of the load of their services. */
  readonly loads: () => readonly GatewayLoads[];
  /** Limits of the rate limiter of this process; undefined while none runs. Default: none ever does. */
  readonly limits?: () => LimitApi | undefined;
  /** Services of a gateway whose endpoints are found while it runs; undefined: no such gateway. */
  readonly discovered: (gateway: string) => readonly ServiceStatus[] | undefined;
  readonly pushes: EndpointPushes;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'gateways'>;
  readonly api: Pick<EnvoyApi, 'decode' | 'toJson'>;
  /** `file:line` of what a served resource was made from. */
  readonly placeOf: (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;
  readonly metrics: Pick<Metrics, 'text' | 'read' | 'contentType' | 'increment'>;
  /** What happens, as it happens. */
  readonly events: EventFeed;
}
