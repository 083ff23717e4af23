// The sample HTTP backend: tells back which version it is and what it was asked. For demonstrations only.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An HTTP server that answers every request with JSON: version, method, path, headers. Not yet listening. */
export function createHelloServer(version: string): Server {
  const server = createServer((request, response) => {
    // A body that nobody reads would keep the connection from being used again.
    request.resume();
    request.once('end', () => answer(version, request, response));
  });
  // Longer than the idle time of any gateway in front, so that no reused connection is closed under a request.
  server.keepAliveTimeout = 3_700_000;
  return server;
}

function answer(version: string, request: IncomingMessage, response: ServerResponse): void {
  const body = { version, method: request.method, path: request.url, headers: request.headers };
  response.writeHead(200, { 'content-type': 'application/json', 'x-demo-version': version });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
