// What happens, as it happens: `GET /api/v1/events`, server-sent events for `chancery watch` and for browsers.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sendEvents } from '../event-stream.ts';
import { AdminProblem } from '../problem.ts';
import { parseQuery } from '../query.ts';
import { SECURITY_HEADERS } from '../security-headers.ts';
import type { AdminSources } from '../sources.ts';

const eventsQuery = z.strictObject({
  gateway: z.string().optional(),
  node: z.string().optional(),
  /** Separated by commas. */
  kinds: z.string().optional(),
});
const MOST_CLIENTS = 100;

export function addEventRoutes(server: FastifyInstance, sources: AdminSources): void {
  const clients = new Set<() => void>();
  server.addHook('preClose', async () => {
    for (const end of clients) end();
  });
  server.get('/api/v1/events', (request, reply) => {
    const { gateway, node, kinds } = parseQuery(eventsQuery, request.query);
    if (clients.size >= MOST_CLIENTS) throw new AdminProblem(503, `${MOST_CLIENTS} clients watch already; try again when one has gone`);
    const wanted = kinds === undefined ? undefined : new Set(kinds.split(','));
    const after = request.headers['last-event-id'];
    reply.hijack();
    reply.raw.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    const end = sendEvents(reply.raw, {
      feed: sources.events,
      wants: (event) =>
        (gateway === undefined || event.gateway === gateway) &&
        (node === undefined || event.node === node) &&
        (wanted === undefined || wanted.has(event.kind)),
      after: typeof after === 'string' ? after : undefined,
      every: (ms, run) => {
        const timer = setInterval(run, ms).unref();
        return () => clearInterval(timer);
      },
      onDropped: () => sources.metrics.increment('chancery_event_clients_dropped_total', {}),
    });
    clients.add(end);
    reply.raw.on('close', () => clients.delete(end));
  });
}
