// The backend of the parity table: tells in its answer which headers reached it. HTTP/2 without TLS, on loopback.
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Of an answer: the headers of the request as base64url of a JSON object. */
export const ECHO_HEADER = 'x-echo';

export interface EchoBackend {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startEchoBackend(): Promise<EchoBackend> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => answer(stream, headers));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const port = portOf(server.address());
  return {
    port,
    stop: () => {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the backend listens at no port');
  return address.port;
}

function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on('error', () => {});
  stream.resume();
  const echo = Buffer.from(JSON.stringify(headers)).toString('base64url');
  if (headers['content-type']?.startsWith('application/grpc') === true) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', [ECHO_HEADER]: echo }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end();
    return;
  }
  stream.respond({ ':status': 200, [ECHO_HEADER]: echo });
  stream.end();
}
