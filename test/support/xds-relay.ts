// Stands between one Envoy and a control plane: it passes every message on, keeps account of the resources that went by, may change them on
// the way, and can be pointed at another control plane. So several Envoys of one gateway run on one machine, each with ports of its own, and
// one of them can be given what it refuses.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { mapDelimited, textsOf } from './wire-fields.ts';

/** Gives other bytes for a resource, or the same. `kind` is the short name of its type, such as `Cluster`. */
export type AlterResource = (kind: string, name: string, bytes: Buffer) => Buffer;

export interface RelayedResponse {
  readonly kind: string;
  /** Resources in it that are sent, and (delta) removed. */
  readonly names: readonly string[];
  readonly removed: readonly string[];
  /** Connections from Envoy, from 1. */
  readonly connection: number;
  /** `performance.now()`. */
  readonly atMs: number;
}

export interface XdsRelay {
  readonly port: number;
  /** Responses that went to Envoy, in order. */
  readonly responses: readonly RelayedResponse[];
  /** Further connections go to this port; those that stand stay. */
  pointAt(port: number): void;
  /** Ends all connections; Envoy will open another. */
  cut(): void;
  close(): Promise<void>;
}

export interface RelayOptions {
  readonly target: number;
  readonly alter?: AlterResource;
}

export async function startXdsRelay({ target, alter = (_kind, _name, bytes) => bytes }: RelayOptions): Promise<XdsRelay> {
  const responses: RelayedResponse[] = [];
  const sessions = new Set<Http2Session>();
  let [port, connections] = [target, 0];
  const server = createServer();
  server.on('session', (down: ServerHttp2Session) => {
    connections += 1;
    const connection = connections;
    const up = connect(`http://127.0.0.1:${port}`);
    for (const session of [down, up]) sessions.add(session);
    join(down, up, () => {
      for (const session of [down, up]) sessions.delete(session);
    });
    down.on('stream', (stream, headers) => {
      const rewrite = (message: Buffer): Buffer => relayed({ message, variant: variantOf(headers), connection }, alter, responses);
      relayStream(stream, headers, { up, rewrite });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    responses,
    pointAt: (next) => {
      port = next;
    },
    cut: () => {
      for (const session of sessions) session.destroy();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** The end of one side is the end of the other. */
function join(down: ServerHttp2Session, up: ClientHttp2Session, onEnd: () => void): void {
  const end = (): void => {
    onEnd();
    down.destroy();
    up.destroy();
  };
  for (const session of [down, up]) session.on('error', () => {}).once('close', end);
  up.once('goaway', () => down.close());
}

function variantOf(headers: IncomingHttpHeaders): 'delta' | 'sotw' {
  return headers[':path']?.includes('/Delta') === true ? 'delta' : 'sotw';
}

interface Upward {
  readonly up: ClientHttp2Session;
  readonly rewrite: (message: Buffer) => Buffer;
}

function relayStream(down: ServerHttp2Stream, headers: IncomingHttpHeaders, { up, rewrite }: Upward): void {
  if (up.destroyed) return down.close();
  const call = up.request(headers, { endStream: false });
  let trailers: IncomingHttpHeaders = {};
  call.on('response', (answer) => {
    if (!down.destroyed) down.respond(answer, { waitForTrailers: true });
  });
  call.on('trailers', (received) => {
    trailers = received;
  });
  down.on('wantTrailers', () => down.sendTrailers(trailers));
  down.pipe(call);
  const frames = frameReader();
  call.on('data', (chunk: Buffer) => {
    for (const message of frames(chunk)) if (!down.destroyed) down.write(framed(rewrite(message)));
  });
  call.on('end', () => down.end());
  ends(down, call);
}

function ends(down: ServerHttp2Stream, call: ClientHttp2Stream): void {
  down.on('error', () => {}).once('close', () => call.close());
  call
    .on('error', () => {})
    .once('close', () => {
      if (!down.closed && call.rstCode !== 0) down.close(call.rstCode);
    });
}

/** Whole gRPC messages of a stream of bytes. */
function frameReader(): (chunk: Buffer) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: Buffer[] = [];
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      messages.push(rest.subarray(5, end));
      rest = rest.subarray(end);
    }
    return messages;
  };
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const RESOURCES = 2;
const TYPE_URL = 4;
const DELTA_NAME = 3;
const DELTA_REMOVED = 6;
const ANY_VALUE = 2;
/** Every resource type of ours begins with its name. */
const OWN_NAME = 1;

interface Response {
  readonly message: Buffer;
  readonly variant: 'delta' | 'sotw';
  readonly connection: number;
}

function relayed({ message, variant, connection }: Response, alter: AlterResource, responses: RelayedResponse[]): Buffer {
  const kind = textsOf(message, TYPE_URL)[0]?.split('.').at(-1) ?? '';
  const names: string[] = [];
  const inAny = (name: string | undefined, any: Buffer): Buffer =>
    mapDelimited(any, ANY_VALUE, (bytes) => {
      names.push(name ?? textsOf(bytes, OWN_NAME)[0] ?? '');
      return alter(kind, names.at(-1) ?? '', bytes);
    });
  const changed = mapDelimited(message, RESOURCES, (resource) =>
    variant === 'sotw' ? inAny(undefined, resource) : mapDelimited(resource, 2, (any) => inAny(textsOf(resource, DELTA_NAME)[0], any)),
  );
  const removed = variant === 'delta' ? textsOf(message, DELTA_REMOVED) : [];
  responses.push({ kind, names, removed, connection, atMs: performance.now() });
  return changed;
}
