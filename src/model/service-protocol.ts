// Whether a service is spoken to over HTTP/1.1 alone, so that gRPC cannot reach it. Says nothing about what it would understand.
import type { Protocol } from './types.ts';

/** `auto` without TLS has nothing to negotiate with, and is HTTP/1.1. */
export function isHttp1Only({ protocol, tls }: { readonly protocol: Protocol; readonly tls?: unknown }): boolean {
  return protocol === 'http1' || (protocol === 'auto' && tls === undefined);
}
