// A backend inside the test process that records what reaches it and answers, fails, delays, hangs or resets on command.
// It speaks HTTP/1.1, HTTP/2 without TLS, or both over TLS; gRPC is HTTP/2 with a gRPC content type and is echoed.
import type { Server as Http1Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { freePort } from './free-port.ts';
import { answer, type ReplyFunction, type SeenRequest } from './upstream-exchange.ts';
import { createUpstreamServer, type UpstreamOptions } from './upstream-server.ts';

export interface Upstream {
  readonly name: string;
  /** `127.0.0.1:port`, or `unix:/path`. */
  readonly address: string;
  readonly port: number;
  /** Requests so far, health checks apart. */
  readonly requests: SeenRequest[];
  /** Health checks so far (HTTP by Envoy's user agent, gRPC by the service). */
  readonly healthChecks: SeenRequest[];
  /** What it answers; assign to change. Default: 200 with what was seen. */
  reply: ReplyFunction;
  /** What health checks get; assign to change. */
  isHealthy: boolean;
  /** Assign to answer health checks in another way than by `isHealthy`. */
  replyToHealthChecks: ReplyFunction | undefined;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Closes the port and all connections. */
  down(): Promise<void>;
  /** Listens again on the same address. */
  up(): Promise<void>;
  /** Forgets requests and restores the default answer. */
  reset(): void;
  close(): Promise<void>;
}

const echo: ReplyFunction = () => ({});

export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const sockets = new Map<Socket, number>();
  const state = { accepted: 0 };
  const port = options.unixPath === undefined ? (options.port ?? (await freePort())) : 0;
  const upstream = {
    name: options.name,
    address: options.unixPath === undefined ? `${options.host ?? '127.0.0.1'}:${port}` : `unix:${options.unixPath}`,
    port,
    requests: [] as SeenRequest[],
    healthChecks: [] as SeenRequest[],
    reply: echo,
    isHealthy: true,
    replyToHealthChecks: undefined as ReplyFunction | undefined,
  };
  let server: Http1Server | Http2Server | undefined;
  const up = async (): Promise<void> => {
    const made = createUpstreamServer(options, (request, response) => void answer(upstream, request, response, sockets));
    made.on('connection', (socket: Socket) => {
      state.accepted += 1;
      sockets.set(socket, state.accepted);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(options.unixPath === undefined ? { host: options.host ?? '127.0.0.1', port } : { path: options.unixPath }, resolve);
    });
    server = made;
  };
  const down = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    for (const socket of sockets.keys()) socket.destroy();
    await closed;
  };
  await up();
  return Object.defineProperties(
    Object.assign(upstream, {
      up,
      down,
      close: down,
      reset: () => {
        upstream.requests.length = 0;
        upstream.healthChecks.length = 0;
        upstream.reply = echo;
        upstream.isHealthy = true;
        upstream.replyToHealthChecks = undefined;
      },
    }),
    { accepted: { get: () => state.accepted }, open: { get: () => sockets.size } },
  ) as Upstream;
}
