// Every service of the xDS port: which there are, and what answers each method. Joins parts; decides nothing.

import type { Server, ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Access } from '../grpc/access.ts';
import { addHealthService } from '../grpc/health-service.ts';
import { addReflectionService } from '../grpc/reflection-service.ts';
import { refuse } from '../grpc/refuse.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import { CLIENT_STATUS_SERVICE, type ClientStream, clientStatusMethods, type Redact } from './client-status-service.ts';
import { DISCOVERY_SERVICES, type DiscoveryService } from './discovery-services.ts';
import { fetchMethod } from './fetch-service.ts';
import type { LoadReports } from './load-reports.ts';
import { createLoadStatsService, DEFAULT_LOAD_INTERVAL_MS, LOAD_STATS_SERVICE } from './load-stats-service.ts';
import type { StreamMethod } from './stream-context.ts';
import type { TargetSource } from './targets.ts';

/** The parts of the server's options that services need. */
export interface ServicesOptions {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  readonly identifier: string;
  readonly targets: TargetSource;
  /** Where load reports go; without it the load-reporting service is not offered. */
  readonly loadReports?: LoadReports;
  /** How often clients are told to report. Default 10 s. */
  readonly loadReportIntervalMs?: number;
  /** Takes secrets out of what the client-status service shows. Default: it shows nothing of secrets, and the rest as it is. */
  readonly redact?: Redact;
}

export type DiscoveryCall = ServerDuplexStream<Buffer, Buffer>;

export interface ServicesContext {
  readonly access: Access;
  /** Serves a discovery stream. */
  readonly open: (call: DiscoveryCall, method: StreamMethod) => void;
  /** The open discovery streams whose node is known. */
  readonly clients: () => readonly ClientStream[];
}

export interface Services {
  /** No new work from here on: tells health checks, and ends all streams but those of discovery. */
  end(): void;
}

export function addServices(server: Server, options: ServicesOptions, context: ServicesContext): Services {
  const { api, targets } = options;
  for (const served of DISCOVERY_SERVICES) server.addService(api.service(served.name), discovery(served, options, context));
  server.addService(api.service(CLIENT_STATUS_SERVICE), clientStatusMethods({ ...options, ...context }));
  const loadStats = addLoadStats(server, options, context);
  const names = DISCOVERY_SERVICES.map(({ name }) => name);
  const told = [...names, CLIENT_STATUS_SERVICE, ...(options.loadReports === undefined ? [] : [LOAD_STATS_SERVICE])];
  addReflectionService(server, told, { ...options, ...context });
  const health = addHealthService(server, names);
  const refresh = (): void => health.setServing(targets.gateways().length > 0);
  refresh();
  const unsubscribe = targets.subscribe(refresh);
  return {
    end: () => {
      unsubscribe();
      health.setServing(false);
      health.end();
      loadStats?.end();
    },
  };
}

function discovery(service: DiscoveryService, options: ServicesOptions, { access, open }: ServicesContext): UntypedServiceImplementation {
  const streams = Object.entries(service.streams).map(([name, method]) => [
    name,
    (call: DiscoveryCall) => {
      const denial = access.admit(call);
      if (denial === undefined) open(call, method);
      else refuse(call, denial);
    },
  ]);
  const fetches = Object.entries(service.fetches).map(([name, typeUrl]) => [name, fetchMethod(typeUrl, { ...options, access })]);
  return Object.fromEntries([...streams, ...fetches]);
}

function addLoadStats(server: Server, options: ServicesOptions, { access }: ServicesContext): { end(): void } | undefined {
  const { api, targets, loadReports, loadReportIntervalMs: intervalMs = DEFAULT_LOAD_INTERVAL_MS } = options;
  if (loadReports === undefined) return undefined;
  const service = createLoadStatsService({ api, targets, access, loadReports, intervalMs });
  server.addService(api.service(LOAD_STATS_SERVICE), service.methods);
  return service;
}
