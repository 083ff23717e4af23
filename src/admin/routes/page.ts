// A small status page without scripts: gateways, nodes, problems. The full dashboard comes later; everything here is in the API too.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { gatewayView } from '../gateway-view.ts';
import { nodeViews } from '../node-view.ts';
import { statusPage } from '../page.ts';
import { pageStyle } from '../page-style.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});

export function addPageRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/', async (request, reply) => {
    parseQuery(nothing, request.query);
    const gateways = sources.gateways().map((gateway) => gatewayView(gateway, sources));
    const content = { version: sources.version, gateways, nodes: await nodeViews(sources, sources.nodes()), gone: sources.gone() };
    return reply.type('text/html; charset=utf-8').send(statusPage(content));
  });
  server.get('/page.css', async (request, reply) => {
    parseQuery(nothing, request.query);
    return reply.type('text/css; charset=utf-8').send(pageStyle);
  });
}
