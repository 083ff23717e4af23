// The API's entrance, and the gateways: what is served for each, and what is wrong with its files.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { gatewayView } from '../gateway-view.ts';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const gatewayParams = z.object({ name: z.string() });

export function addGatewayRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/api/v1', async (request) => {
    parseQuery(nothing, request.query);
    return {
      version: sources.version,
      links: [
        '/api/v1/gateways',
        '/api/v1/gateways/{name}/quarantine',
        '/api/v1/gateways/{name}/revisions',
        '/api/v1/gateways/{name}/revisions/{number}/files',
        '/api/v1/gateways/{name}/services',
        '/api/v1/endpoints/{service}{?gateway}',
        '/api/v1/nodes{?gateway}',
        '/api/v1/nodes/{id}',
        '/api/v1/companions{?gateway}',
        '/api/v1/resources{?gateway,type,name}',
        '/api/v1/events{?gateway,node,kinds}',
      ],
    };
  });
  server.get('/api/v1/gateways', async (request) => {
    parseQuery(nothing, request.query);
    return { gateways: sources.gateways().map((gateway) => gatewayView(gateway, sources)) };
  });
  server.get('/api/v1/gateways/:name/revisions', async (request) => {
    parseQuery(nothing, request.query);
    const { name } = gatewayParams.parse(request.params);
    const revisions = sources.revisions(name);
    if (revisions === undefined) throw new AdminProblem(404, `no gateway "${name}" is served; /api/v1/gateways lists those that are`);
    return { revisions };
  });
}
