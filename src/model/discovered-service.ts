// A service whose endpoints are found while the gateway runs (D19): plain data that can be cloned into another thread and kept on disk.
// Knows no sockets and no Envoy.
import type { Discovery } from './discovery-source.ts';
import type { Endpoint, HealthCheck } from './types.ts';

/** What an assignment says of a service besides its endpoints. */
export interface EndpointOwner {
  readonly name: string;
  readonly healthCheck?: Pick<HealthCheck, 'check'>;
  readonly tls?: { readonly sni?: string };
}

/** What the fast path needs of a service, without model or compiler (P6). */
export interface DiscoveredService extends Pick<Discovery, 'source' | 'drainForMs' | 'keepLastForMs'> {
  readonly owner: EndpointOwner;
  /** Of the configuration; none unless the source is `dns`. */
  readonly endpoints: readonly Endpoint[];
}

/** Equal where endpoints come from the same place. Places in files do not count (C15); holds no credentials. */
export function sourceKey({ source, endpoints }: Pick<DiscoveredService, 'source' | 'endpoints'>): string {
  const listed = endpoints.map(({ path: _path, ...endpoint }) => endpoint);
  return JSON.stringify([source.kind === 'http' ? { ...source, headers: Object.keys(source.headers) } : source, listed]);
}
