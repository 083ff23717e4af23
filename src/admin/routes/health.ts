// Liveness, readiness and metrics (operating.md §4, §6).
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});

export function addHealthRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/livez', async (request) => {
    parseQuery(nothing, request.query);
    return { status: 'alive' };
  });
  // Ready once every gateway has a snapshot to serve; an old one is one (D17), and is marked. Not while it stops (T8): others take over.
  server.get('/readyz', async (request, reply) => {
    parseQuery(nothing, request.query);
    const gateways = sources.gateways();
    const isReady = sources.isStopping?.() !== true && gateways.length > 0 && gateways.every(({ serving }) => serving !== 'nothing');
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? 'ready' : 'not ready',
      gateways: gateways.map(({ gateway, file, serving, isRestored, version }) => ({ gateway, file, serving, isRestored, version })),
    });
  });
  server.get('/metrics', async (request, reply) => {
    parseQuery(nothing, request.query);
    return reply.type(sources.metrics.contentType).send(await sources.metrics.text());
  });
}
