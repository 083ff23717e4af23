// Where the workers of a companion listen, and how proxies and gRPC write that. Opens nothing.
import { isLoopback } from '../lib/loopback.ts';

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** Ports of the workers of one companion lie so far apart that those of the next companion, one port further, fit between them. */
const PORT_STEP = 10;

/** Of the worker with that index, from 0. `{port: 0}` stays: any free one. */
export function workerAddress(first: Address, index: number): Address {
  if ('path' in first) return { path: index === 0 ? first.path : first.path.replace(/(\.\w+)?$/, `-${index}$1`) };
  return { host: first.host, port: first.port === 0 ? 0 : first.port + index * PORT_STEP };
}

/** As gRPC takes it. */
export function grpcAddress(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : hostAndPort(address.host, address.port);
}

/** As proxies reach it: `host:port`, `[v6]:port` or `unix:/path`. */
export function endpointOf(address: Address, port: number): string {
  return 'path' in address ? `unix:${address.path}` : hostAndPort(address.host, port);
}

/** Whether only this machine can reach it (authz G15). */
export function isLocal(address: Address): boolean {
  return 'path' in address || isLoopback(address.host);
}

export function hostAndPort(host: string, port: number): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}

/** Where a worker that had this endpoint was bound. */
export function addressOf(endpoint: string): Address {
  if (endpoint.startsWith('unix:')) return { path: endpoint.slice('unix:'.length) };
  const colon = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(endpoint.slice(colon + 1)) };
}
