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
