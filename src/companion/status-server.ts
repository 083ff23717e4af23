// HTTP for probes and scrapers of a companion that runs alone: /livez, /readyz, /metrics. Tells states and ages, never policies or keys.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChanceryError } from '../lib/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { LimitApi } from './limit-api.ts';
import { answerLimits, isAboutLimits } from './limit-pages.ts';

export interface StatusServerOptions {
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Told by /readyz, and whether it is ready. */
  readonly status: () => { readonly isServing: boolean };
  /** Further pages that are read, by path: plain data, or undefined for what is not there. */
  readonly pages?: Readonly<Record<string, (query: URLSearchParams) => object | undefined>>;
  /** Of a rate limiter: its API for operators (ratelimit R811). To be offered on loopback only. */
  readonly limits?: LimitApi;
}

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with ERR_PORT_IN_USE. */
export async function startStatusServer(options: StatusServerOptions, host: string, port: number): Promise<StatusServer> {
  const server = createServer((request, response) => {
    if (options.limits !== undefined && isAboutLimits(request)) return void answerLimits(request, response, options.limits);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'GET only\n');
    // A scrape that fails must not end the companion.
    answer(request.url ?? '', response, options).catch(() => send(response, 500, 'it cannot be told now\n'));
  });
  server.headersTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ChanceryError('ERR_PORT_IN_USE', `metrics cannot be served on ${host}:${port}: ${cause.message}`, {
          cause,
          remedy: 'choose another with --metrics-port (0: any free one)',
        }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  return {
    port: portOf(server.address(), port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(url: string, response: ServerResponse, { metrics, status, pages = {} }: StatusServerOptions): Promise<void> {
  const [path = '', query] = url.split('?');
  const page = Object.hasOwn(pages, path) ? pages[path]?.(new URLSearchParams(query)) : undefined;
  if (page !== undefined) return send(response, 200, { text: `${JSON.stringify(page, undefined, 2)}\n`, type: 'application/json' });
  if (path === '/livez') return send(response, 200, 'live\n');
  if (path === '/metrics') return send(response, 200, { text: await metrics.text(), type: metrics.contentType });
  if (path !== '/readyz') return send(response, 404, 'not found: /livez, /readyz and /metrics are\n');
  const found = status();
  send(response, found.isServing ? 200 : 503, { text: `${JSON.stringify(found, undefined, 2)}\n`, type: 'application/json' });
}

function send(response: ServerResponse, code: number, body: string | { readonly text: string; readonly type: string }): void {
  const { text, type } = typeof body === 'string' ? { text: body, type: 'text/plain; charset=utf-8' } : body;
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(text);
}

function portOf(address: AddressInfo | string | null, asked: number): number {
  return typeof address === 'object' && address !== null ? address.port : asked;
}
