// One request at a test upstream: what was seen of it, and the answer that was commanded. HTTP/1.1, HTTP/2 and gRPC alike.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface SeenRequest {
  readonly upstream: string;
  readonly method: string;
  /** Path with query, as it arrived. */
  readonly path: string;
  /** Host or :authority. */
  readonly authority: string;
  /** Lower-case names without pseudo headers; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion: string;
  readonly body: Buffer;
  /** Number of the connection it came by, from 1. */
  readonly connection: number;
  readonly tls?: { readonly serverName: string | false; readonly alpn: string | false; readonly clientSubject: string | undefined };
  /** `performance.now()`. */
  readonly atMs: number;
}

export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Default: what was seen, as JSON; for gRPC the request's own bytes. */
  readonly body?: string | Buffer;
  readonly delayMs?: number;
  /** For gRPC; default 0. */
  readonly grpcStatus?: number;
  /** `hang` never answers, `reset` cuts the connection or stream, `refuse` resets the stream as not processed, `cut` breaks off in the body. */
  readonly instead?: 'hang' | 'reset' | 'refuse' | 'cut';
}

export type ReplyFunction = (request: SeenRequest) => Reply | Promise<Reply>;

export interface Answering {
  readonly name: string;
  readonly requests: SeenRequest[];
  readonly healthChecks: SeenRequest[];
  readonly reply: ReplyFunction;
  readonly isHealthy: boolean;
  readonly replyToHealthChecks: ReplyFunction | undefined;
}

export type AnyRequest = IncomingMessage | Http2ServerRequest;
export type AnyResponse = ServerResponse | Http2ServerResponse;

const HEALTH_SERVICE = '/grpc.health.v1.Health/';

/** Records a request and answers it as the upstream says. Never throws: what goes wrong cuts the connection. */
export async function answer(
  upstream: Answering,
  request: AnyRequest,
  response: AnyResponse,
  sockets: ReadonlyMap<Socket, number>,
): Promise<void> {
  request.on('error', () => {});
  response.on('error', () => {});
  try {
    const seen = await see(upstream.name, request, sockets);
    if (seen.headers['user-agent']?.startsWith('Envoy/HC') === true || seen.path.startsWith(HEALTH_SERVICE)) {
      upstream.healthChecks.push(seen);
      const reply = await (upstream.replyToHealthChecks?.(seen) ?? healthReply(seen, upstream.isHealthy));
      return send(seen, reply, request, response);
    }
    upstream.requests.push(seen);
    const reply = await upstream.reply(seen);
    if (reply.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
    send(seen, reply, request, response);
  } catch {
    request.socket?.destroy();
  }
}

function healthReply(seen: SeenRequest, isHealthy: boolean): Reply {
  // grpc.health.v1.HealthCheckResponse{status}: SERVING = 1, NOT_SERVING = 2.
  return seen.path.startsWith(HEALTH_SERVICE)
    ? { body: Buffer.from([0, 0, 0, 0, 2, 8, isHealthy ? 1 : 2]) }
    : { status: isHealthy ? 200 : 503, body: '' };
}

async function see(upstream: string, request: AnyRequest, sockets: ReadonlyMap<Socket, number>): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const socket = (request instanceof Http2ServerRequest ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith(':') || value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  ) as Record<string, string>;
  return {
    upstream,
    method: request.method ?? '',
    path: request.url ?? '',
    authority: request instanceof Http2ServerRequest ? request.authority : (request.headers.host ?? ''),
    headers,
    httpVersion: request.httpVersion,
    body: Buffer.concat(chunks),
    connection: connectionNumber(socket, sockets),
    ...(socket?.encrypted === true ? { tls: tlsOf(socket) } : {}),
    atMs: performance.now(),
  };
}

function tlsOf(socket: TLSSocket): NonNullable<SeenRequest['tls']> {
  const subject = socket.getPeerCertificate().subject?.CN;
  const { servername = false } = socket as { readonly servername?: string | false };
  return { serverName: servername, alpn: socket.alpnProtocol ?? false, clientSubject: typeof subject === 'string' ? subject : undefined };
}

/** A TLS socket stands on the accepted one: they are paired by the client's port. */
function connectionNumber(socket: Socket | undefined, sockets: ReadonlyMap<Socket, number>): number {
  for (const [accepted, number] of sockets)
    if (accepted === socket || (socket?.remotePort !== undefined && accepted.remotePort === socket.remotePort)) return number;
  return 0;
}

function send(seen: SeenRequest, reply: Reply, request: AnyRequest, response: AnyResponse): void {
  if (reply.instead === 'hang') return;
  if (reply.instead === 'reset' || reply.instead === 'refuse') return cut(request, reply.instead === 'refuse' ? 7 : 2);
  const isGrpc = seen.headers['content-type']?.startsWith('application/grpc') === true;
  const headers = { 'x-upstream': seen.upstream, 'content-type': isGrpc ? 'application/grpc' : 'application/json', ...reply.headers };
  response.statusCode = reply.status ?? 200;
  for (const [name, value] of Object.entries(headers)) (response as ServerResponse).setHeader(name, value as string);
  const body = reply.body ?? (isGrpc ? seen.body : JSON.stringify({ ...seen, body: seen.body.toString('latin1') }));
  if (reply.instead === 'cut') {
    (response as ServerResponse).setHeader('content-length', String(Buffer.byteLength(body) + 10));
    (response as ServerResponse).write(body, () => cut(request, 2));
    return;
  }
  if (isGrpc) (response as ServerResponse).addTrailers({ 'grpc-status': String(reply.grpcStatus ?? 0) });
  (response as ServerResponse).end(body);
}

function cut(request: AnyRequest, code: number): void {
  if (request instanceof Http2ServerRequest) request.stream.close(code);
  else request.socket.resetAndDestroy();
}
