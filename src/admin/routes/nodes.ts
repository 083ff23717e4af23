// The connected nodes: per type what each was sent, accepted and refused; and the companions, which are no nodes.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nodeViews } from '../node-view.ts';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const listQuery = z.strictObject({ gateway: z.string().optional() });
const nodeParams = z.object({ id: z.string() });

export function addNodeRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/api/v1/nodes', async (request) => {
    const { gateway } = parseQuery(listQuery, request.query);
    const isMeant = ({ cluster }: { readonly cluster: string }): boolean => gateway === undefined || cluster === gateway;
    return { nodes: await nodeViews(sources, sources.nodes().filter(isMeant)), gone: sources.gone().filter(isMeant) };
  });
  server.get('/api/v1/companions', async (request) => {
    const { gateway } = parseQuery(listQuery, request.query);
    const companions = sources.companions().filter((each) => gateway === undefined || each.gateway === gateway);
    const names = [...new Set(companions.map((each) => each.gateway))];
    const policies = names.map((name) => ({ gateway: name, policies: sources.policies(name), waiting: sources.rollout(name)?.policies }));
    return { companions, gateways: policies };
  });
  server.get('/api/v1/nodes/:id', async (request) => {
    parseQuery(nothing, request.query);
    const { id } = nodeParams.parse(request.params);
    const [view] = await nodeViews(
      sources,
      sources
        .nodes()
        .filter((node) => node.id === id)
        .slice(0, 1),
    );
    if (view === undefined) throw new AdminProblem(404, absence(id, sources));
    return view;
  });
}

/** B63: a dead node is named, with what it ran when it went. */
export function absence(id: string, sources: AdminSources): string {
  const gone = sources.gone().find((node) => node.id === id);
  if (gone === undefined) return `no node "${id}" is connected; /api/v1/nodes lists those that are`;
  const ran = gone.ran === undefined ? '' : `; it ran version ${gone.ran} of gateway "${gone.cluster}"`;
  return `node "${id}" is gone since ${new Date(gone.goneAt).toISOString()}${ran}`;
}
