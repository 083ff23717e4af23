// xDS without gRPC (X14, R40): `POST /v3/discovery:clusters` and its kin in proto3 JSON, one full answer to each request, 304 where the client
// has it already. No nonce, no push, no make-before-break: for clients that can do nothing better.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { type Access, OPEN_ACCESS, type Peer } from '../grpc/access.ts';
import { type TransportSecurity, tlsServerOptions } from '../grpc/transport-security.ts';
import { CallRefusal, refusalOf } from '../grpc/unary.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type ClientStatusContext, clientStatusAnswer } from './client-status-service.ts';
import { fetchAnswer, fetchResponse, nothingFor } from './fetch.ts';
import { clientNode } from './node.ts';
import { requestReader } from './read-request.ts';
import type { TargetSource } from './targets.ts';

export interface RestServerOptions {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  readonly targets: Pick<TargetSource, 'targetFor'>;
  readonly identifier: string;
  /** Default: everybody everything. */
  readonly access?: Access;
  /** Default: plain text. */
  readonly security?: TransportSecurity;
  /** What `client_status` tells of (R32). */
  readonly clientStatus: Pick<ClientStatusContext, 'clients' | 'redact'>;
}

export interface RestServer {
  /** Resolves with the bound port. Throws ERR_PORT_IN_USE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, TypeUrl>> = {
  listeners: TYPE_URLS.Listener,
  routes: TYPE_URLS.RouteConfiguration,
  clusters: TYPE_URLS.Cluster,
  endpoints: TYPE_URLS.ClusterLoadAssignment,
  secrets: TYPE_URLS.Secret,
  runtime: TYPE_URLS.Runtime,
  extension_configs: TYPE_URLS.TypedExtensionConfig,
  'scoped-routes': TYPE_URLS.ScopedRouteConfiguration,
};

const REQUEST = 'envoy.service.discovery.v3.DiscoveryRequest';
const RESPONSE = 'envoy.service.discovery.v3.DiscoveryResponse';
const STATUS_RESPONSE = 'envoy.service.status.v3.ClientStatusResponse';
const CLIENT_STATUS = 'client_status';
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** HTTP forms of gRPC's codes. */
const HTTP_STATUS: Readonly<Partial<Record<status, number>>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.NOT_FOUND]: 404,
  [status.UNAVAILABLE]: 503,
};

/** Nothing listens yet. */
export function createRestServer(options: RestServerOptions): RestServer {
  let server: Server | undefined;
  return {
    listen: (address) => {
      server = newServer(options.security, (request, response) => void serve(request, response, options));
      return listen(server, address);
    },
    close: () =>
      new Promise((resolve) => {
        if (server === undefined) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function newServer(security: TransportSecurity | undefined, listener: RequestListener): Server {
  if (security === undefined) return createServer(listener);
  const server = createTlsServer(tlsServerOptions(security.material), listener);
  const watcher = (context: Parameters<typeof server.setSecureContext>[0] | null): void => {
    if (context !== null) server.setSecureContext(context);
  };
  security._addWatcher(watcher);
  server.on('close', () => security._removeWatcher(watcher));
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, options: RestServerOptions): Promise<void> {
  try {
    const kind = kindOf(request);
    const peer = peerOf(request);
    const unknown = (options.access ?? OPEN_ACCESS).admit(peer);
    if (unknown !== undefined) throw new CallRefusal(unknown.code, unknown.details);
    const body = await readBody(request);
    const json = kind === CLIENT_STATUS ? clientStatus(body, peer, options) : discovery({ kind, body, peer }, options);
    if (json === undefined) response.writeHead(304).end();
    else send(response, 200, json);
  } catch (error) {
    const { code, details } = refusalOf(error, options.logger);
    send(response, HTTP_STATUS[code] ?? 500, { code, message: details });
  }
}

function send(response: ServerResponse, code: number, json: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(json));
}

/** The last part of the path: a key of `TYPES`, or `CLIENT_STATUS`. */
function kindOf({ method, url = '' }: IncomingMessage): string {
  const [, kind = ''] = /^\/v3\/discovery:([\w-]+)(?:\?|$)/.exec(url) ?? [];
  if (method === 'POST' && (kind === CLIENT_STATUS || Object.hasOwn(TYPES, kind))) return kind;
  throw new CallRefusal(status.NOT_FOUND, `this port answers POST /v3/discovery:{${[...Object.keys(TYPES), CLIENT_STATUS].join(',')}}`);
}

interface Question {
  readonly kind: string;
  readonly body: Buffer;
  readonly peer: Peer;
}

function clientStatus(body: Buffer, peer: Peer, { api, logger, clientStatus: shown, access = OPEN_ACCESS }: RestServerOptions): unknown {
  const request = api.fromJson('envoy.service.status.v3.ClientStatusRequest', parse(body));
  const answer = clientStatusAnswer(request, { api, logger, access, peer, ...shown });
  return api.toJson(STATUS_RESPONSE, api.decode(STATUS_RESPONSE, answer));
}

/** Undefined where the client has that version. */
function discovery({ kind, body, peer }: Question, options: RestServerOptions): unknown {
  const typeUrl = TYPES[kind] ?? '';
  const { api, access = OPEN_ACCESS, targets, identifier } = options;
  const encoded = api.fromJson(REQUEST, parse(body));
  const { node: said, request } = requestReader(api, 'sotw')(encoded);
  if (said === undefined) throw new CallRefusal(status.INVALID_ARGUMENT, 'the request must hold the node');
  const node = clientNode(said);
  const denial = access.permit(peer, node);
  if (denial !== undefined) throw new CallRefusal(denial.code, denial.details);
  const names = request.names.variant === 'sotw' ? request.names.list : [];
  const found = fetchAnswer({ node, typeUrl, names }, targets);
  if (found === undefined) throw new CallRefusal(status.UNAVAILABLE, nothingFor(node));
  const has = api.decode(REQUEST, encoded).version_info;
  if (found.version === has) return undefined;
  return api.toJson(RESPONSE, api.decode(RESPONSE, fetchResponse(found, identifier)));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new CallRefusal(status.INVALID_ARGUMENT, 'the body is no JSON');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > MAX_REQUEST_BYTES) throw new CallRefusal(status.INVALID_ARGUMENT, 'the body is too long');
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function peerOf({ socket }: IncomingMessage): Peer {
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  return { getAuthContext: () => (certificate === undefined ? {} : { sslPeerCertificate: certificate }) };
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ChanceryError('ERR_PORT_IN_USE', `REST discovery cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
          remedy: 'choose another --xds-rest-port',
        }),
      ),
    );
    server.listen({ host, port }, () => {
      const bound: string | AddressInfo | null = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
