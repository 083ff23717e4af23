// The API's entrance, and the gateways: what is served for each, and what is wrong with its files.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});

export function addGatewayRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/api/v1', async (request) => {
    parseQuery(nothing, request.query);
    return {
      version: sources.version,
      links: [
        '/api/v1/gateways',
        '/api/v1/gateways/{name}/services',
        '/api/v1/endpoints/{service}{?gateway}',
        '/api/v1/nodes{?gateway}',
        '/api/v1/nodes/{id}',
        '/api/v1/resources{?gateway,type,name}',
        '/api/v1/events{?gateway,node,kinds}',
      ],
    };
  });
  server.get('/api/v1/gateways', async (request) => {
    parseQuery(nothing, request.query);
    return { gateways: sources.gateways() };
  });
}
