// The quarantine of a gateway, and the files of a revision: the parts of the history that are asked for one at a time.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const gatewayParams = z.object({ name: z.string() });
const revisionParams = z.object({ name: z.string(), number: z.string().regex(/^\d{1,9}$/) });

/** `isLocal`: only this machine can reach the API; else nothing may be changed (O7). */
export function addQuarantineRoutes(server: FastifyInstance, sources: AdminSources, isLocal: boolean): void {
  server.get('/api/v1/gateways/:name/quarantine', async (request) => {
    parseQuery(nothing, request.query);
    const { name } = gatewayParams.parse(request.params);
    return { quarantine: known(sources.rollout(name), name).quarantine };
  });
  // DELETE, which no page of another site can send.
  server.delete('/api/v1/gateways/:name/quarantine', async (request, reply) => {
    if (!isLocal)
      throw new AdminProblem(403, 'this API can be reached from other machines: lift the quarantine with chancery serve --force');
    const { name } = gatewayParams.parse(request.params);
    known(sources.rollout(name), name);
    await sources.release(name);
    return reply.code(204).send();
  });
  server.get('/api/v1/gateways/:name/revisions/:number/files', async (request) => {
    parseQuery(nothing, request.query);
    const params = revisionParams.safeParse(request.params);
    const texts = params.success ? await sources.texts(params.data.name, Number(params.data.number)) : undefined;
    if (texts === undefined) throw new AdminProblem(404, 'the files of this revision are not kept');
    return { files: texts.files };
  });
}

function known<Status>(status: Status | undefined, gateway: string): Status {
  if (status === undefined) throw new AdminProblem(404, `no gateway "${gateway}" is served; /api/v1/gateways lists those that are`);
  return status;
}
