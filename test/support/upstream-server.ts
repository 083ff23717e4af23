// The servers that test upstreams listen with: HTTP/1.1, HTTP/2 without TLS, and both over TLS.
import { createServer as createHttp1Server, type Server as Http1Server, type IncomingMessage } from 'node:http';
import { createServer as createHttp2Server, createSecureServer, type Http2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { AnyRequest, AnyResponse } from './upstream-exchange.ts';

export interface UpstreamOptions {
  readonly name: string;
  /** `http1` (default), `h2` also for gRPC; `both` needs TLS and offers both by ALPN. */
  readonly protocol?: 'http1' | 'h2' | 'both';
  /** With `clientCa` a client certificate of it is demanded. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  /** Listen on this unix socket instead. */
  readonly unixPath?: string;
}

/** A server that listens nowhere yet. Idle connections stay open, so that a proxy never races a closing backend. */
export function createUpstreamServer(
  options: UpstreamOptions,
  handle: (request: AnyRequest, response: AnyResponse) => void,
): Http1Server | Http2Server {
  const protocol = options.protocol ?? 'http1';
  const server = makeServer(options, protocol, handle);
  if (protocol !== 'h2') server.on('upgrade', upgrade);
  server.on('clientError', (_error: unknown, socket: Socket) => socket.destroy());
  return server;
}

function makeServer(
  options: UpstreamOptions,
  protocol: string,
  handle: (request: AnyRequest, response: AnyResponse) => void,
): Http1Server | Http2Server {
  const { tls } = options;
  if (tls === undefined) return protocol === 'http1' ? createHttp1Server({ keepAliveTimeout: 0 }, handle) : createHttp2Server(handle);
  const secure = {
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  if (protocol === 'http1') return createHttpsServer({ ...secure, keepAliveTimeout: 0 }, handle);
  return createSecureServer({ ...secure, allowHTTP1: protocol === 'both' }, handle) as unknown as Http2Server;
}

/** Accepts any WebSocket-like upgrade and sends back every byte; the answer names what was seen in `x-seen`. */
function upgrade(request: IncomingMessage, socket: Socket): void {
  const seen = JSON.stringify({ method: request.method, path: request.url, httpVersion: request.httpVersion });
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${request.headers.upgrade}\r\nx-seen: ${seen}\r\n\r\n`);
  socket.on('error', () => {}).pipe(socket);
}
