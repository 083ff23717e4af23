// A small status page without scripts: gateways, nodes, problems. The full dashboard comes later; everything here is in the API too.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { gatewayView } from '../gateway-view.ts';
import { nodeViews } from '../node-view.ts';
import { statusPage } from '../page.ts';
import type { PageAuth } from '../page-auth.ts';
import type { PageLimits } from '../page-limits.ts';
import { pageStyle } from '../page-style.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
/** As the companion of this process is listed. */
const IN_PROCESS = 'in-process';

export function addPageRoutes(server: FastifyInstance, sources: AdminSources): void {
  server.get('/', async (request, reply) => {
    parseQuery(nothing, request.query);
    const gateways = sources.gateways().map((gateway) => gatewayView(gateway, sources));
    const [nodes, limits, auth] = await Promise.all([nodeViews(sources, sources.nodes()), pageLimits(sources), pageAuth(sources)]);
    const content = { version: sources.version, gateways, nodes, gone: sources.gone(), limits, auth };
    return reply.type('text/html; charset=utf-8').send(statusPage(content));
  });
  server.get('/page.css', async (request, reply) => {
    parseQuery(nothing, request.query);
    return reply.type('text/css; charset=utf-8').send(pageStyle);
  });
}

async function pageLimits({ limits, companions }: AdminSources): Promise<PageLimits> {
  const here = await limits?.()?.overview();
  const others = companions().filter(({ role, id }) => role === 'ratelimit' && id !== IN_PROCESS);
  return { here, elsewhere: [...new Set(others.map(({ id, endpoints }) => `${id} ${endpoints.join(' ')}`.trim()))] };
}

async function pageAuth({ metrics }: AdminSources): Promise<PageAuth> {
  const [decisions, keyAges] = await Promise.all([
    metrics.read('chancery_authz_decisions_total'),
    metrics.read('chancery_jwks_age_seconds'),
  ]);
  return { decisions, keyAges };
}
