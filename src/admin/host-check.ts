// Keeps web pages of other origins from reading a loopback API by DNS rebinding: their requests carry their own name as Host.
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../lib/loopback.ts';
import { AdminProblem } from './problem.ts';

/** Refuses requests whose Host is no loopback name. Only for a server that listens on loopback: another one has names we cannot know. */
export function checkHosts(server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    const host = withoutPort(request.headers.host ?? '');
    if (!isLoopback(host) && !host.endsWith('.localhost')) {
      throw new AdminProblem(403, 'this API listens on loopback and answers requests to localhost, 127.0.0.1 and [::1] only');
    }
  });
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
