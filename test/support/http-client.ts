// An HTTP client that hides nothing: HTTP/1.1 or HTTP/2, raw path, any Host, TLS with SNI and ALPN, and connections that stay open.

import { Agent, type IncomingHttpHeaders, request as requestHttp1 } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { Agent as TlsAgent } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

export interface HttpRequest {
  readonly method?: string;
  /** Raw path with query. Default `/`. */
  readonly path?: string;
  /** Host or :authority. Default `127.0.0.1:port`. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  text(): string;
  json(): Record<string, unknown>;
}

export interface TlsOptions {
  /** Undefined: no SNI. */
  readonly serverName?: string;
  /** Trust this authority; without it any certificate is taken. */
  readonly ca?: string;
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface ConnectionTarget {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default 1.1. */
  readonly http?: '1.1' | '2';
  readonly tls?: TlsOptions;
}

export interface HttpConnection {
  request(request?: HttpRequest): Promise<HttpResponse>;
  /** What the server showed in the handshake; undefined without TLS. */
  readonly peer: { readonly fingerprint256: string; readonly alpn: string | false; readonly protocol: string | null } | undefined;
  /** True once the server or we have closed the connection, or (HTTP/2) the server has sent GOAWAY. */
  readonly isClosed: boolean;
  close(): void;
}

/** Opens one connection; requests on it never open another. Rejects when the handshake fails. */
export async function openConnection(target: ConnectionTarget): Promise<HttpConnection> {
  const socket = await connectSocket(target);
  return target.http === '2' ? http2Connection(socket, target) : http1Connection(socket, target);
}

/** One request on a connection of its own. */
export async function request(target: ConnectionTarget & HttpRequest): Promise<HttpResponse> {
  const connection = await openConnection(target);
  try {
    return await connection.request(target);
  } finally {
    connection.close();
  }
}

async function connectSocket(target: ConnectionTarget): Promise<Socket | TLSSocket> {
  const address = { host: target.address ?? '127.0.0.1', port: target.port };
  const socket = target.tls === undefined ? connectTcp(address) : connectTls({ ...address, ...tlsOptions(target.tls, target.http) });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once(target.tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', () => {});
  return socket.setNoDelay(true);
}

function tlsOptions(tls: TlsOptions, http: '1.1' | '2' | undefined): ConnectionOptions {
  return {
    ALPNProtocols: [http === '2' ? 'h2' : 'http/1.1'],
    rejectUnauthorized: tls.ca !== undefined,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: tls.serverName }),
    ...tls.clientCertificate,
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
  };
}

function peerOf(socket: Socket | TLSSocket): HttpConnection['peer'] {
  if (!('getPeerCertificate' in socket)) return undefined;
  return { fingerprint256: socket.getPeerCertificate().fingerprint256, alpn: socket.alpnProtocol ?? false, protocol: socket.getProtocol() };
}

/** The agent may use this one socket only; when the server closes it, further requests fail. */
function http1Connection(socket: Socket, target: ConnectionTarget): HttpConnection {
  const agent = target.tls === undefined ? new Agent({ keepAlive: true, maxSockets: 1 }) : new TlsAgent({ keepAlive: true, maxSockets: 1 });
  let isTaken = false;
  let isClosed = false;
  for (const event of ['end', 'close'] as const) {
    socket.once(event, () => {
      isClosed = true;
    });
  }
  Object.assign(agent, {
    createConnection: () => {
      if (isTaken) throw new Error('the server closed the connection');
      isTaken = true;
      return socket;
    },
  });
  return {
    request: (request = {}) => sendHttp1(agent, target, request),
    peer: peerOf(socket),
    get isClosed() {
      return isClosed;
    },
    close: () => {
      agent.destroy();
      socket.destroy();
    },
  };
}

function sendHttp1(agent: Agent, target: ConnectionTarget, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp1({
      agent,
      ...(target.tls === undefined ? {} : { protocol: 'https:' }),
      host: '127.0.0.1',
      port: target.port,
      method: request.method ?? 'GET',
      path: request.path ?? '/',
      setHost: false,
      headers: { host: request.host ?? `127.0.0.1:${target.port}`, ...copyHeaders(request) },
      signal: AbortSignal.timeout(request.timeoutMs ?? 10_000),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(toResponse(response.statusCode ?? 0, response.headers, response.trailers, chunks)));
    });
    sent.end(request.body);
  });
}

async function http2Connection(socket: Socket, target: ConnectionTarget): Promise<HttpConnection> {
  const session = connectHttp2(`${target.tls === undefined ? 'http' : 'https'}://127.0.0.1:${target.port}`, {
    createConnection: () => socket,
  });
  let isClosed = false;
  for (const event of ['goaway', 'close'] as const) {
    session.once(event, () => {
      isClosed = true;
    });
  }
  session.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.once('close', () => reject(new Error('the server closed the HTTP/2 connection')));
  });
  return {
    request: (request = {}) => sendHttp2(session, target, request),
    peer: peerOf(socket),
    get isClosed() {
      return isClosed;
    },
    close: () => session.destroy(),
  };
}

/** Sends one request on an HTTP/2 session; rejects when the stream is reset. */
export function sendHttp2(session: ClientHttp2Session, target: ConnectionTarget, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': request.method ?? 'GET',
      ':path': request.path ?? '/',
      ':scheme': target.tls === undefined ? 'http' : 'https',
      ':authority': request.host ?? `127.0.0.1:${target.port}`,
      ...copyHeaders(request),
    });
    const timer = setTimeout(() => stream.destroy(new Error('no answer in time')), request.timeoutMs ?? 10_000);
    const chunks: Buffer[] = [];
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (received) => {
      status = received[':status'] ?? 0;
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      clearTimeout(timer);
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && status > 0) resolve(toResponse(status, headers, trailers, chunks));
      else reject(new Error(`the stream was reset with code ${stream.rstCode} after status ${status}`));
    });
    stream.end(request.body);
  });
}

function copyHeaders(request: HttpRequest): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

function toResponse(status: number, headers: IncomingHttpHeaders, trailers: IncomingHttpHeaders, chunks: readonly Buffer[]): HttpResponse {
  const body = Buffer.concat(chunks);
  return {
    status,
    headers: joined(headers),
    trailers: joined(trailers),
    body,
    text: () => body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')) as Record<string, unknown>,
  };
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(':') || value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
