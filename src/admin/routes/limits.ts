// Limits and their counters for operators (ratelimit R811): what the rate limiter of this process serves. Values of keys come in bodies only, and
// are hashed by the limiter; they are in no answer and no log.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const hotQuery = z.strictObject({ gateway: z.string(), limit: z.string() });
const MOST_BYTES = 65_536;

/** `isLocal`: only this machine can reach the API; else no counter may be asked for or changed (O7). */
export function addLimitRoutes(server: FastifyInstance, sources: AdminSources, isLocal: boolean): void {
  server.get('/api/v1/limits', async (request, reply) => {
    parseQuery(nothing, request.query);
    return sent(reply, await limitsOf(sources).list());
  });
  server.get('/api/v1/limits/hot', async (request, reply) => {
    const { gateway, limit } = parseQuery(hotQuery, request.query);
    return sent(reply, await limitsOf(sources).hot(gateway, limit));
  });
  // JSON alone is read, which no page of another site can send without asking first.
  server.post('/api/v1/limits/counter', { bodyLimit: MOST_BYTES }, async (request, reply) => {
    if (!isLocal)
      throw new AdminProblem(403, 'this API can be reached from other machines: counters are asked for on its own machine only');
    return sent(reply, await limitsOf(sources).counter(request.body, request.ip));
  });
}

function limitsOf({ limits, companions }: AdminSources): NonNullable<ReturnType<NonNullable<AdminSources['limits']>>> {
  const found = limits?.();
  if (found !== undefined) return found;
  const others = companions().filter(({ role }) => role === 'ratelimit');
  const names = [...new Set(others.map(({ id, endpoints }) => `${id} (${endpoints.join(', ')})`))];
  const reason =
    names.length === 0 ? 'no gateway has a limit for one, or they are not connected' : `limits are counted by ${names.join('; ')}`;
  throw new AdminProblem(
    404,
    `no rate limiter runs in this process: ${reason}. A limiter of its own answers on its machine: chancery limits list --server http://127.0.0.1:18082`,
  );
}

function sent(reply: FastifyReply, { status, body }: { readonly status: number; readonly body: object }): object {
  if (status === 200) return body;
  const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : 'refused';
  reply.header('cache-control', 'no-store');
  throw new AdminProblem(status, detail);
}
