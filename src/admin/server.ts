// The admin HTTP server: health, metrics, API and status page. Reads what it is given; changes nothing and holds no state.
import fastify, { type FastifyInstance } from 'fastify';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { Logger } from '../telemetry/logger.ts';
import { checkHosts } from './host-check.ts';
import { AdminProblem, PROBLEM_CONTENT_TYPE, problemDetails } from './problem.ts';
import { addEndpointRoutes } from './routes/endpoints.ts';
import { addEventRoutes } from './routes/events.ts';
import { addExplainRoutes } from './routes/explain.ts';
import { addGatewayRoutes } from './routes/gateways.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addLimitRoutes } from './routes/limits.ts';
import { addNodeRoutes } from './routes/nodes.ts';
import { addPageRoutes } from './routes/page.ts';
import { addQuarantineRoutes } from './routes/quarantine.ts';
import { addResourceRoutes } from './routes/resources.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { AdminSources } from './sources.ts';

export interface AdminServer {
  /** Resolves with the bound port; port 0 takes a free one. Throws ERR_PORT_IN_USE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Builds the server; nothing listens yet. */
export function createAdminServer(sources: AdminSources, logger: Logger): AdminServer {
  let server: FastifyInstance | undefined;
  return {
    listen: async ({ host, port }) => {
      server = buildServer(sources, logger, isLoopback(host));
      try {
        return boundPort(await server.listen({ host, port }));
      } catch (cause) {
        throw listenError(host, port, cause);
      }
    },
    close: async () => server?.close(),
  };
}

function buildServer(sources: AdminSources, logger: Logger, isLocal: boolean): FastifyInstance {
  const server = fastify({ forceCloseConnections: true, bodyLimit: 1, requestTimeout: 30_000 });
  server.addHook('onSend', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  if (isLocal) checkHosts(server);
  server.setErrorHandler((error: unknown, _request, reply) => {
    const { status, detail } = asProblem(error);
    if (status >= 500) logger.error({ event: 'admin.failed', err: error }, 'an admin request failed');
    return reply.code(status).type(PROBLEM_CONTENT_TYPE).send(problemDetails(status, detail));
  });
  server.setNotFoundHandler(async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      throw new AdminProblem(404, `nothing is at ${request.url.split('?')[0]}; /api/v1 lists what there is`);
    }
    reply.header('allow', 'GET, HEAD');
    throw new AdminProblem(405, 'this API only answers GET and HEAD');
  });
  for (const addRoutes of [addHealthRoutes, addGatewayRoutes, addNodeRoutes, addResourceRoutes, addEventRoutes, addPageRoutes])
    addRoutes(server, sources);
  addEndpointRoutes(server, sources, isLocal);
  addQuarantineRoutes(server, sources, isLocal);
  addLimitRoutes(server, sources, isLocal);
  addExplainRoutes(server, sources, isLocal);
  return server;
}

function asProblem(error: unknown): { readonly status: number; readonly detail: string } {
  if (error instanceof AdminProblem) return { status: error.status, detail: error.message };
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return { status: error.statusCode, detail: error.message };
  }
  return { status: 500, detail: 'the request failed inside the control plane; its log says why' };
}

function boundPort(url: string): number {
  return Number(new URL(url).port);
}

function listenError(host: string, port: number, cause: unknown): ChanceryError {
  const reason = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'another program has it' : String(cause);
  return new ChanceryError('ERR_PORT_IN_USE', `the admin API cannot listen on ${host}:${port}: ${reason}`, {
    remedy: 'end the other program, or choose another port with --admin-port (0: any free one)',
    cause,
  });
}
