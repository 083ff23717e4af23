// A companion that runs alone: workers as processes, policies of one or several gateways from their control plane, and from disk while there is
// none (authz D8). Reads no flags and no files by itself.
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { EnvoyApi } from '../proto/api.ts';
import { type Companion, type CompanionPorts, type CompanionSettings, type CompanionStatus, createCompanion } from './companion.ts';
import { COMPANION_KINDS } from './companion-kind.ts';
import { KeptPolicies, type StateFile } from './kept-policies.ts';
import { PolicySource, type PolicySourceStatus } from './policy-source.ts';

export interface StandAloneSettings extends CompanionSettings {
  /** At least one. */
  readonly gateways: readonly string[];
  /** `host:port` of the control plane's xDS. */
  readonly server: string;
  /** Name in the control plane's certificate; absent: the host of `server`. */
  readonly serverName?: string;
  /** Stable over restarts, and no other companion's. */
  readonly nodeId: string;
  /** Host by which proxies reach the workers; absent: the one they listen on. */
  readonly advertise?: string;
  readonly version: string;
}

export interface StandAlonePorts extends CompanionPorts {
  readonly api: EnvoyApi;
  /** Asked at each connection, so that new certificates count. */
  readonly credentials: () => ChannelCredentials;
  /** The file of a gateway's policies; absent: nothing outlives the process. */
  readonly stateFile?: (gateway: string) => StateFile;
}

export interface StandAlone {
  endpoints(): readonly string[];
  replaceTls: Companion['replaceTls'];
  askLimits: Companion['askLimits'];
  status(): CompanionStatus & { readonly gateways: readonly PolicySourceStatus[] };
  stop(): Promise<void>;
}

/** Workers that end one after the other are told together. */
const QUIET_MS = 100;

export async function startStandAlone(settings: StandAloneSettings, ports: StandAlonePorts): Promise<StandAlone> {
  const companion = await createCompanion(settings, ports);
  const waiting = new Set(settings.gateways);
  const endpoints = (): readonly string[] => companion.endpoints().map((endpoint) => advertised(endpoint, settings.advertise));
  const sources = settings.gateways.map(
    (gateway) =>
      new PolicySource({
        ...ports,
        server: settings.server,
        ...(settings.serverName === undefined ? {} : { serverName: settings.serverName }),
        gateway,
        types: COMPANION_KINDS[settings.kind].types,
        node: () => nodeOf(settings, gateway, endpoints()),
        apply: (update) => companion.apply(update),
        ...(ports.stateFile === undefined ? {} : { kept: new KeptPolicies(ports.stateFile(gateway), gateway, ports.logger) }),
        onComplete: () => {
          waiting.delete(gateway);
          if (waiting.size === 0) companion.complete();
        },
      }),
  );
  const stopTelling = tellEndpoints(companion, sources);
  await Promise.all(sources.map((source) => source.start()));
  return {
    endpoints,
    replaceTls: (tls) => companion.replaceTls(tls),
    askLimits: (question) => companion.askLimits(question),
    status: () => ({ ...companion.status(), gateways: sources.map((source) => source.status()) }),
    stop: async () => {
      stopTelling();
      // Proxies are told to go elsewhere before the workers end.
      for (const source of sources) source.stop();
      await companion.stop();
    },
  };
}

/** Gives what ends it. */
function tellEndpoints(companion: Companion, sources: readonly PolicySource[]): () => void {
  let timer: NodeJS.Timeout | undefined;
  companion.onEndpoints(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const source of sources) source.renew();
    }, QUIET_MS);
  });
  return () => clearTimeout(timer);
}

/** As the control plane reads it: the role, and where proxies reach the workers (authz D1, G14). */
function nodeOf({ kind, nodeId, version }: StandAloneSettings, gateway: string, endpoints: readonly string[]): object {
  const chancery = {
    role: { string_value: COMPANION_KINDS[kind].role },
    endpoints: { list_value: { values: endpoints.map((endpoint) => ({ string_value: endpoint })) } },
  };
  return {
    id: nodeId,
    cluster: gateway,
    user_agent_name: 'chancery',
    user_agent_version: version,
    metadata: { fields: { chancery: { struct_value: { fields: chancery } } } },
  };
}

function advertised(endpoint: string, host: string | undefined): string {
  if (host === undefined || endpoint.startsWith('unix:')) return endpoint;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return `${bare.includes(':') ? `[${bare}]` : bare}${endpoint.slice(endpoint.lastIndexOf(':'))}`;
}
