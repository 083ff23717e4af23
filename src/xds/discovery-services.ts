// The discovery services and their methods (X2): which resource type each one is for. Opens nothing.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { StreamMethod } from './stream-context.ts';

export interface DiscoveryService {
  readonly name: string;
  /** By method name. */
  readonly streams: Readonly<Record<string, StreamMethod>>;
  /** Unary methods, by name: the type they fetch. */
  readonly fetches: Readonly<Record<string, TypeUrl>>;
}

export const DISCOVERY_SERVICES: readonly DiscoveryService[] = [
  {
    name: 'envoy.service.discovery.v3.AggregatedDiscoveryService',
    streams: {
      StreamAggregatedResources: { variant: 'sotw', typeUrl: undefined },
      DeltaAggregatedResources: { variant: 'delta', typeUrl: undefined },
    },
    fetches: {},
  },
  service('listener.v3.Listener', 'Listeners', TYPE_URLS.Listener),
  service('route.v3.Route', 'Routes', TYPE_URLS.RouteConfiguration),
  service('cluster.v3.Cluster', 'Clusters', TYPE_URLS.Cluster),
  service('endpoint.v3.Endpoint', 'Endpoints', TYPE_URLS.ClusterLoadAssignment),
  service('secret.v3.Secret', 'Secrets', TYPE_URLS.Secret),
  service('runtime.v3.Runtime', 'Runtime', TYPE_URLS.Runtime),
  service('extension.v3.ExtensionConfig', 'ExtensionConfigs', TYPE_URLS.TypedExtensionConfig),
  service('route.v3.ScopedRoutes', 'ScopedRoutes', TYPE_URLS.ScopedRouteConfiguration),
  deltaService('route.v3.VirtualHost', 'VirtualHosts', TYPE_URLS.VirtualHost),
  deltaService('endpoint.v3.LocalityEndpoint', 'LocalityEndpoints', TYPE_URLS.LbEndpoint),
];

function service(name: string, plural: string, typeUrl: TypeUrl): DiscoveryService {
  const delta = deltaService(name, plural, typeUrl);
  return {
    ...delta,
    streams: { [`Stream${plural}`]: { variant: 'sotw', typeUrl }, ...delta.streams },
    fetches: { [`Fetch${plural}`]: typeUrl },
  };
}

function deltaService(name: string, plural: string, typeUrl: TypeUrl): DiscoveryService {
  return {
    name: `envoy.service.${name}DiscoveryService`,
    streams: { [`Delta${plural}`]: { variant: 'delta', typeUrl } },
    fetches: {},
  };
}
