// An issuer of tokens for tests: keys of every algorithm, tokens good and bad, and a server of its key set that can fail in many ways.
// Signs by node:crypto directly, so that it shares no code with what it tests.
import { constants, createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type TestAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

export const ASYMMETRIC_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

export interface TestKey {
  readonly kid: string;
  readonly algorithm: TestAlgorithm;
  readonly privateKey: KeyObject;
  /** As it stands in a key set. */
  readonly jwk: JsonWebKey & { readonly kid: string; readonly alg: string; readonly use: 'sig' };
}

export interface MintOptions {
  /** Over `{iss, sub: 'alice', aud: 'shop', iat: now, exp: now + 5 min}`; undefined removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Over `{alg, kid, typ: 'at+jwt'}`; undefined removes a member. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Default: the issuer's first key. */
  readonly key?: TestKey;
  /** Seconds since the epoch; default: the real time. */
  readonly now?: number;
}

export interface TestIssuer {
  readonly issuer: string;
  /** Those that the key set shows, in order; change it to rotate. */
  keys: TestKey[];
  jwks(): { readonly keys: readonly object[] };
  mint(options?: MintOptions): string;
}

const pairs = new Map<string, KeyObject>();

/** `serial` tells several keys of one algorithm apart; the same arguments give the same key within a process. */
export function testKey(algorithm: TestAlgorithm, serial = 1): TestKey {
  const kid = `${algorithm.toLowerCase()}-${serial}`;
  const kind = algorithm.startsWith('RS') || algorithm.startsWith('PS') ? 'rsa' : algorithm;
  const name = `${kind}-${serial}`;
  const privateKey = pairs.get(name) ?? generate(kind);
  pairs.set(name, privateKey);
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' } as const;
  return { kid, algorithm, privateKey, jwk };
}

function generate(kind: string): KeyObject {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  if (kind === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[kind] ?? 'P-256';
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

/** `algorithms`: one key of each. Default ES256. */
export function testIssuer(options: { readonly issuer?: string; readonly algorithms?: readonly TestAlgorithm[] } = {}): TestIssuer {
  const issuer: TestIssuer = {
    issuer: options.issuer ?? 'https://id.example.com/',
    keys: (options.algorithms ?? ['ES256']).map((algorithm) => testKey(algorithm)),
    jwks: () => ({ keys: issuer.keys.map(({ jwk }) => jwk) }),
    mint: ({ claims = {}, header = {}, key, now }: MintOptions = {}) => {
      const chosen = key ?? issuer.keys[0];
      if (chosen === undefined) throw new Error('the issuer has no key');
      const seconds = now ?? Math.floor(Date.now() / 1000);
      const standard = { iss: issuer.issuer, sub: 'alice', aud: 'shop', iat: seconds, exp: seconds + 300 };
      return signedToken(chosen, { header, payload: { ...standard, ...claims } });
    },
  };
  return issuer;
}

/** Header members over `{alg, kid, typ}`; the payload as it is, a text byte by byte. */
export function signedToken(key: TestKey, token: { readonly header?: object; readonly payload: object | string }): string {
  const header = segment(JSON.stringify({ alg: key.algorithm, kid: key.kid, typ: 'at+jwt', ...token.header }));
  const payload = segment(typeof token.payload === 'string' ? token.payload : JSON.stringify(token.payload));
  const input = `${header}.${payload}`;
  return `${input}.${segment(rawSignature(key.algorithm, key.privateKey, input))}`;
}

/** Signed with a secret (HS algorithms). */
export function secretToken(
  algorithm: 'HS256' | 'HS384' | 'HS512',
  secret: string | Buffer,
  token: { readonly header?: object; readonly payload: object },
): string {
  const input = `${segment(JSON.stringify({ alg: algorithm, typ: 'at+jwt', ...token.header }))}.${segment(JSON.stringify(token.payload))}`;
  return `${input}.${segment(
    createHmac(`sha${algorithm.slice(2)}`, secret)
      .update(input)
      .digest(),
  )}`;
}

export function segment(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

export function rawSignature(algorithm: TestAlgorithm, key: KeyObject, input: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  const bytes = Buffer.from(input);
  if (algorithm === 'EdDSA') return sign(null, bytes, key);
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key);
  return sign(hash, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

/** How the server misbehaves. */
export type JwksFault =
  | 'none'
  | 'error' // 500
  | 'html' // 200 with a page
  | 'empty' // 200 with nothing
  | 'redirect' // to `elsewhere`
  | 'huge' // 10 MiB
  | 'drip' // a byte every 20 ms, without end
  | 'hang' // no answer
  | 'reset' // the connection is cut
  | 'cut'; // half of the body, then the connection is cut

export interface JwksServer {
  /** Of the key set. */
  readonly url: string;
  readonly origin: string;
  fault: JwksFault;
  /** What is served instead of the issuer's key set. */
  body: string | undefined;
  /** With each answer; `etag` is answered by 304 where the client has it. */
  headers: Record<string, string>;
  /** Where `redirect` leads. */
  elsewhere: string;
  /** Paths asked for so far. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/** Serves `/jwks.json` and `/.well-known/openid-configuration` of `issuer` on loopback; with `tls` over HTTPS. */
export async function startJwksServer(issuer: TestIssuer, tls?: ServerOptions): Promise<JwksServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => answer(server, { issuer, request, response });
  const http = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const sockets = new Set<Socket>();
  http.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const server: JwksServer = {
    url: `${origin}/jwks.json`,
    origin,
    fault: 'none',
    body: undefined,
    headers: {},
    elsewhere: `${origin}/elsewhere`,
    requests: [],
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
  return server;
}

interface Exchange {
  readonly issuer: TestIssuer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function answer(server: JwksServer, { issuer, request, response }: Exchange): void {
  const path = request.url ?? '/';
  server.requests.push(path);
  if (server.fault !== 'none') {
    misbehave(server, response);
    return;
  }
  const isDiscovery = path.endsWith('/.well-known/openid-configuration');
  const etag = server.headers['etag'];
  if (!isDiscovery && etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, server.headers).end();
    return;
  }
  const document = isDiscovery ? { issuer: issuer.issuer, jwks_uri: server.url } : issuer.jwks();
  response.writeHead(200, { 'content-type': 'application/json', ...server.headers });
  response.end(isDiscovery ? JSON.stringify(document) : (server.body ?? JSON.stringify(document)));
}

function misbehave(server: JwksServer, response: ServerResponse): void {
  switch (server.fault) {
    case 'none':
    case 'hang':
      return;
    case 'error':
      response.writeHead(500).end('{"error": "down"}');
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return;
    case 'empty':
      response.writeHead(200).end();
      return;
    case 'redirect':
      response.writeHead(302, { location: server.elsewhere }).end();
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"keys": [], "x": "${'x'.repeat(10 * 1024 * 1024)}"}`);
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
      return;
    }
    case 'reset':
      response.destroy();
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"keys": [', () => response.destroy());
  }
}
