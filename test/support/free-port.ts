// Finds loopback ports for programs that must be told their port beforehand. Ports lie below the kernel's ephemeral range, so that no
// outgoing connection can take one between the choice and its use.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FIRST = 20_000;
const LAST = 31_999;
const given = new Set<number>();

/** A port on which 127.0.0.1, ::1 and the wildcard were free a moment ago; never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (given.has(port)) continue;
    if ((await canBind(port, '0.0.0.0')) && (await canBind(port, '127.0.0.1')) && (await canBind(port, '::'))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

/** Several free ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'));
    server.listen({ port, host, exclusive: true, ipv6Only: host === '::' }, () => server.close(() => resolve(true)));
  });
}
