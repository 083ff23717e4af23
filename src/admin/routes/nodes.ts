// The connected nodes: per type what each was sent, accepted and refused.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const listQuery = z.strictObject({ gateway: z.string().optional() });
const nodeParams = z.object({ id: z.string() });

export function addNodeRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/api/v1/nodes', async (request) => {
    const { gateway } = parseQuery(listQuery, request.query);
    return { nodes: sources.nodes().filter(({ cluster }) => gateway === undefined || cluster === gateway) };
  });
  server.get('/api/v1/nodes/:id', async (request) => {
    parseQuery(nothing, request.query);
    const { id } = nodeParams.parse(request.params);
    const node = sources.nodes().find((candidate) => candidate.id === id);
    if (node === undefined) throw new AdminProblem(404, `no node "${id}" is connected; /api/v1/nodes lists those that are`);
    return node;
  });
}
