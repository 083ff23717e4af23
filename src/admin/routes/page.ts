// A small status page without scripts: gateways, nodes, problems. The full dashboard comes later; everything here is in the API too.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { statusPage } from '../page.ts';
import { pageStyle } from '../page-style.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});

export function addPageRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/', async (request, reply) => {
    parseQuery(nothing, request.query);
    return reply.type('text/html; charset=utf-8').send(statusPage(sources.version, sources.gateways(), sources.nodes()));
  });
  server.get('/page.css', async (request, reply) => {
    parseQuery(nothing, request.query);
    return reply.type('text/css; charset=utf-8').send(pageStyle);
  });
}
