// What a node would do with a request, by the version that it runs now (O4). Requests come in bodies, for they may hold credentials, and nothing of
// them is in an answer or a log but what their URL says.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AskedRequest } from '../../explain/explained.ts';
import { AdminProblem } from '../problem.ts';
import type { AdminSources } from '../sources.ts';
import { absence } from './nodes.ts';

const text = z.string().max(16_384);
const question = z.strictObject({
  method: z.string().max(64),
  url: text,
  headers: z.array(text).max(256).default([]),
  ip: z.string().max(64).optional(),
  token: text.optional(),
  listener: z.string().max(256).optional(),
});
const nodeParams = z.object({ id: z.string() });
const MOST_BYTES = 262_144;

/** `isLocal`: only this machine can reach the API; else nobody is invited to send it credentials (O7). */
export function addExplainRoutes(server: FastifyInstance, sources: AdminSources, isLocal: boolean): void {
  server.post('/api/v1/nodes/:id/explain', { bodyLimit: MOST_BYTES }, async (request, reply) => {
    if (!isLocal)
      throw new AdminProblem(403, 'this API can be reached from other machines: requests are explained on its own machine only');
    reply.header('cache-control', 'no-store');
    const { id } = nodeParams.parse(request.params);
    const node = sources.nodes().find((each) => each.id === id);
    if (node === undefined) throw new AdminProblem(404, absence(id, sources));
    const version = sources.runs(node.cluster, id)?.version;
    if (version === undefined)
      throw new AdminProblem(409, `node "${id}" has not accepted all of any configuration yet; chancery status shows how far it is`);
    const outcome = await sources.explain(node.cluster, version, askedOf(request.body));
    if (outcome === undefined)
      throw new AdminProblem(
        409,
        `node "${id}" runs ${revisionText(sources, node.cluster, version)}, which is known by its files alone: explain these with -c`,
      );
    if (!outcome.ok) throw new AdminProblem(400, outcome.problem);
    const revision = revisionOf(sources, node.cluster, version);
    return {
      node: id,
      gateway: node.cluster,
      version,
      ...(revision === undefined ? {} : { revision }),
      text: outcome.value.text,
      explanation: outcome.value.json,
    };
  });
}

function askedOf(body: unknown): AskedRequest {
  const parsed = question.safeParse(body);
  if (parsed.success) {
    const { ip, token, listener, ...rest } = parsed.data;
    return {
      ...rest,
      ...(ip === undefined ? {} : { ip }),
      ...(token === undefined ? {} : { token }),
      ...(listener === undefined ? {} : { listener }),
    };
  }
  // What is wrong is told without what was sent.
  const places = parsed.error.issues.map(({ path }) => (path.length === 0 ? 'the body' : path.join('.')));
  throw new AdminProblem(
    400,
    `a question has method, url, and headers, ip, token, listener where wanted; wrong: ${[...new Set(places)].join(', ')}`,
  );
}

function revisionOf(sources: AdminSources, gateway: string, version: string): number | undefined {
  return sources.revisions(gateway)?.findLast((each) => each.version === version)?.number;
}

function revisionText(sources: AdminSources, gateway: string, version: string): string {
  const number = revisionOf(sources, gateway, version);
  return number === undefined ? `version ${version}` : `revision ${number}`;
}
