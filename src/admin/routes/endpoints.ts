// Endpoints that are pushed (D19), and what discovery knows of each service.
import { createHash, hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PushedService } from '../../app/endpoint-pushes.ts';
import { duration } from '../../config/schema/duration.ts';
import type { PushedList } from '../../discovery/push-board.ts';
import type { Endpoint } from '../../model/types.ts';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import type { AdminSources } from '../sources.ts';

const nothing = z.strictObject({});
const pushQuery = z.strictObject({ gateway: z.string().optional() });
const serviceParams = z.object({ service: z.string() });
const gatewayParams = z.object({ gateway: z.string() });
const pushBody = z.strictObject({ endpoints: z.array(z.unknown()), ttl: duration().optional() });

const MAX_BODY_BYTES = 1024 * 1024;
const PATH = '/api/v1/endpoints/:service';

/** `isLocal`: only this machine can reach the API; else a write needs the token of the service (O7). */
export function addEndpointRoutes(server: FastifyInstance, sources: AdminSources, isLocal: boolean): void {
  server.get('/api/v1/gateways/:gateway/services', async (request) => {
    parseQuery(nothing, request.query);
    const { gateway } = gatewayParams.parse(request.params);
    const services = sources.discovered(gateway);
    if (services === undefined) throw new AdminProblem(404, `no gateway "${gateway}" is served; /api/v1/gateways lists those that are`);
    return { services };
  });
  server.get(PATH, async (request, reply) => shown(reply, pushedOr404(sources, findService(sources, request))));
  server.put(PATH, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const service = findService(sources, request);
    checkToken(service, { request, reply, isLocal });
    checkMatch(request, sources.pushes.get(service));
    const { endpoints, ttlMs = service.ttlMs } = readBody(sources, request.body);
    const list = await sources.pushes.put(service, { endpoints, ...(ttlMs === undefined ? {} : { ttlMs }) });
    return shown(reply, { service, list });
  });
  server.delete(PATH, async (request, reply) => {
    const service = findService(sources, request);
    checkToken(service, { request, reply, isLocal });
    const { list } = pushedOr404(sources, service);
    checkMatch(request, list);
    await sources.pushes.delete(service);
    return reply.code(204).send();
  });
}

function findService(sources: AdminSources, request: FastifyRequest): PushedService {
  const { gateway } = parseQuery(pushQuery, request.query);
  const { service } = serviceParams.parse(request.params);
  const [found, ...others] = sources.pushes.find(service, gateway);
  if (found === undefined) {
    const where = gateway === undefined ? '' : ` of gateway "${gateway}"`;
    throw new AdminProblem(404, `no service "${service}"${where} that a route uses takes pushes; it needs discovery: {push: {}}`);
  }
  if (others.length > 0) {
    const gateways = [found, ...others].map((each) => each.gateway).join(', ');
    throw new AdminProblem(400, `several gateways have a service "${service}"; add ?gateway= with one of ${gateways}`);
  }
  return found;
}

interface Write {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly isLocal: boolean;
}

function checkToken({ service, tokenHash }: PushedService, { request: { headers }, reply, isLocal }: Write): void {
  if (tokenHash === undefined) {
    if (isLocal) return;
    throw new AdminProblem(403, `this API can be reached from other machines, and service "${service}" has no discovery.push.token`);
  }
  const [, token = ''] = /^Bearer +(.+)$/i.exec(headers.authorization ?? '') ?? [];
  const given = createHash('sha256').update(token).digest();
  if (!timingSafeEqual(given, Buffer.from(tokenHash, 'hex'))) {
    reply.header('www-authenticate', 'Bearer');
    throw new AdminProblem(401, `service "${service}" takes pushes with its token alone: authorization: Bearer …`);
  }
}

/** RFC 9110 §13.1.1: a push that was made for another list than the one of now changes nothing. */
function checkMatch({ headers }: FastifyRequest, list: PushedList | undefined): void {
  const wanted = headers['if-match'];
  if (wanted === undefined) return;
  const tags = wanted.split(',').map((tag) => tag.trim());
  const isThere = list !== undefined && (tags.includes('*') || tags.includes(etagOf(list)));
  if (!isThere) throw new AdminProblem(412, 'what is pushed now is not what if-match names');
}

function readBody(sources: AdminSources, body: unknown): { readonly endpoints: readonly Endpoint[]; readonly ttlMs?: number } {
  const checked = pushBody.safeParse(body);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(': '));
    throw new AdminProblem(400, `the body is {"endpoints": [...], "ttl": "30s"}, ttl may be left out: ${problems.join('; ')}`);
  }
  const { endpoints: list, ttl } = checked.data;
  const endpoints = sources.pushes.parse(list);
  if (!endpoints.ok) throw new AdminProblem(400, endpoints.problem);
  return { endpoints: endpoints.value, ...(ttl === undefined ? {} : { ttlMs: ttl }) };
}

interface Pushed {
  readonly service: PushedService;
  readonly list: PushedList;
}

function pushedOr404(sources: AdminSources, service: PushedService): Pushed {
  const list = sources.pushes.get(service);
  if (list === undefined) throw new AdminProblem(404, `nothing is pushed for service "${service.service}"`);
  return { service, list };
}

function shown(reply: FastifyReply, { service, list }: Pushed): object {
  reply.header('etag', etagOf(list));
  const { endpoints, pushedAtMs, untilMs } = list;
  return {
    gateway: service.gateway,
    service: service.service,
    endpoints: endpoints.map(shownEndpoint),
    pushedAt: new Date(pushedAtMs).toISOString(),
    ...(untilMs === undefined ? {} : { expiresAt: new Date(untilMs).toISOString() }),
  };
}

function shownEndpoint({ address, weight, priority, zone, metadata }: Endpoint): object {
  return { address: addressOf(address), weight, priority, ...(zone === undefined ? {} : { zone }), metadata };
}

function addressOf(address: Endpoint['address']): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.kind === 'dns' ? address.host : address.ip.includes(':') ? `[${address.ip}]` : address.ip;
  return `${host}:${address.port}`;
}

/** Of the endpoints alone: the same list, pushed again, has the same tag. */
function etagOf({ endpoints }: PushedList): string {
  return `"${hash('sha256', JSON.stringify(endpoints.map(shownEndpoint))).slice(0, 16)}"`;
}
