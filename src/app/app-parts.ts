// What a control plane is made with: settings, and the parts that come from the rim. Types only.
import type { CreateBuilds } from '../build/build.ts';
import type { InProcessCompanion } from '../companion/in-process.ts';
import type { InProcessRatelimit } from '../companion/in-process-ratelimit.ts';
import type { StreamSettings } from '../config/stream-settings.ts';
import type { XdsSecurity } from '../config/xds-security.ts';
import type { DiscoveryPorts } from '../discovery/ports.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SessionTiming } from '../xds/session-options.ts';
import type { Live } from './convergence.ts';
import type { CreateFetchedKeys } from './fetched-keys.ts';
import type { GatewayEvent } from './gateway-event.ts';
import type { Diagnostics } from './gateway-log.ts';
import type { LiveGateway } from './live-gateway.ts';

export interface AppSettings {
  /** Root files of the gateways, absolute; at least one. */
  readonly files: readonly string[];
  /** Directories, absolute, in which root files may be added while it runs. Default: none. */
  readonly directories?: readonly string[];
  readonly host: string;
  /** 0 takes a free port. */
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Address of the admin port. Default: `host`. */
  readonly adminHost?: string;
  /** REST polling; absent: not offered. */
  readonly xdsRestPort?: number;
  /** Absolute paths; absent: plain text. */
  readonly xdsSecurity?: XdsSecurity;
  /** Default: connections grow as old as they like, a stop waits for nobody. */
  readonly xdsStreams?: StreamSettings;
  /** Directory for what must survive a restart; absent: nothing is kept. */
  readonly state?: string;
  /** Revisions that are remembered of each gateway. Default 50. */
  readonly historyLimit?: number;
  /** Edits may remove much without saying so (D18). Default false. */
  readonly allowLargeRemoval?: boolean;
  /** What Envoys refused in an earlier run may be offered again (D15). Default false. */
  readonly force?: boolean;
}

export interface AppParts {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  /** Where configurations are built: in another thread, where anything is served (P8). */
  readonly createBuilds: CreateBuilds;
  readonly nowMs: () => number;
  /** How endpoints are looked for. Default: Node's name servers, files and HTTP. */
  readonly discoveryPorts?: DiscoveryPorts;
  /** Of the program, for `chancery_build_info` and the page. */
  readonly version: string;
  /** Whom the history names for edits of files. Default `file`. */
  readonly author?: string;
  readonly diagnostics: Diagnostics;
  /** Also CPU, memory, event loop. Default false. */
  readonly processMetrics?: boolean;
  /** Waits and lingers of the streams. Default: those of the xDS server. */
  readonly timing?: Partial<SessionTiming>;
  /** How often clients are told to report their load. Default 10 s. */
  readonly loadReportIntervalMs?: number;
  /** Starts the authz companion of this process, when a gateway first has a policy for it. Absent: companions run elsewhere. */
  readonly startAuthz?: (metrics: Metrics) => Promise<Pick<InProcessCompanion, 'apply' | 'endpoints' | 'onEndpoints' | 'stop'>>;
  /** Starts the rate limiter of this process, when a gateway first has a limit for it. Absent: it runs elsewhere. */
  readonly startRatelimit?: (
    metrics: Metrics,
  ) => Promise<Pick<InProcessRatelimit, 'apply' | 'endpoints' | 'onEndpoints' | 'stop' | 'limits'>>;
  /** For development: issuers on loopback and without TLS are asked for their keys (authz J1, J2). Default false. */
  readonly dev?: boolean;
  /** Where the key sets of issuers come from, for policies that proxies enforce themselves (authz C5). Default: from the issuers. */
  readonly createKeys?: CreateFetchedKeys;
  /** Told after the log and the metrics. */
  readonly onEvent?: (event: GatewayEvent, gateway: LiveGateway) => void;
  /** A change has reached every connected node of its gateway. */
  readonly onLive?: (live: Live) => void;
}
