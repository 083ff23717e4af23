// What the ports towards the proxies have beside the streams: TLS and access, load reports, REST polling. Joins parts; decides nothing.
import { hostname } from 'node:os';
import { redactResource } from '../admin/redact.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { SnapshotStore } from '../snapshot/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createLoadReports, type LoadReports } from '../xds/load-reports.ts';
import { createRestServer, type RestServer } from '../xds/rest-server.ts';
import type { XdsServer, XdsServerOptions } from '../xds/server.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { countedLoadReports } from './load-metrics.ts';
import { createPortSecurity, type PortSecurity } from './xds-security.ts';

/** `control_plane.identifier` (X15). */
export const IDENTIFIER = `chancery@${hostname()}`;

export interface XdsPortsOptions {
  readonly settings: Pick<AppSettings, 'xdsRestPort' | 'xdsSecurity'>;
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs' | 'loadReportIntervalMs'>;
  readonly metrics: Metrics;
  readonly snapshots: SnapshotStore;
}

export interface XdsPorts {
  readonly loadReports: LoadReports;
  /** For the xDS server. */
  readonly serverOptions: Pick<XdsServerOptions, 'access' | 'credentials' | 'loadReports' | 'loadReportIntervalMs' | 'redact'>;
  /** The server, and REST polling of the same targets where that is configured: opened and closed with it. */
  withRest(server: XdsServer, targets: TargetSource): XdsServer;
}

/** Throws ERR_USAGE where the files of TLS cannot be used. */
export function createXdsPorts({ settings, parts, metrics, snapshots }: XdsPortsOptions): XdsPorts {
  const { api, logger, nowMs, loadReportIntervalMs } = parts;
  const security = createPortSecurity(settings.xdsSecurity, logger);
  const hasService = (gateway: string, service: string): boolean =>
    snapshots.get(gateway)?.views.get(TYPE_URLS.Cluster)?.resources.has(service) === true;
  const loadReports = countedLoadReports(createLoadReports({ nowMs }), { metrics, hasService });
  const { access, transport } = security;
  return {
    loadReports,
    serverOptions: {
      loadReports,
      redact: redactResource,
      ...(loadReportIntervalMs === undefined ? {} : { loadReportIntervalMs }),
      ...(settings.xdsSecurity?.clientCa === undefined ? {} : { access }),
      ...(transport === undefined ? {} : { credentials: transport }),
    },
    withRest: (server, targets) => {
      const port = settings.xdsRestPort;
      const clientStatus = { clients: () => server.clients(), redact: redactResource };
      const tls = transport === undefined ? {} : { security: transport };
      const rest =
        port === undefined ? undefined : createRestServer({ api, logger, targets, access, clientStatus, identifier: IDENTIFIER, ...tls });
      return rest === undefined || port === undefined
        ? closing(server, security)
        : beside(closing(server, security), { rest, port, logger });
    },
  };
}

function closing(server: XdsServer, security: PortSecurity): XdsServer {
  return {
    ...server,
    close: async (options) => {
      await server.close(options);
      security.close();
    },
  };
}

interface RestPort {
  readonly rest: RestServer;
  readonly port: number;
  readonly logger: Logger;
}

function beside(server: XdsServer, { rest, port, logger }: RestPort): XdsServer {
  return {
    ...server,
    listen: async (address) => {
      const bound = await server.listen(address);
      const restPort = await rest.listen({ host: address.host, port });
      logger.info({ event: 'xds.rest', host: address.host, port: restPort }, 'xDS is also offered by REST polling');
      return bound;
    },
    close: async (options) => {
      await rest.close();
      await server.close(options);
    },
  };
}
