// The type URLs of xDS resources and the way between a type URL and a type name. Knows no message contents.

export const TYPE_URL_PREFIX = 'type.googleapis.com/';

/** Type URLs of the resource types of xDS v3 and of our own for companions, by the last part of their type name. */
export const TYPE_URLS = {
  Listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  RouteConfiguration: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  ScopedRouteConfiguration: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  VirtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  Cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  ClusterLoadAssignment: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  LbEndpoint: 'type.googleapis.com/envoy.config.endpoint.v3.LbEndpoint',
  Secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  Runtime: 'type.googleapis.com/envoy.service.runtime.v3.Runtime',
  TypedExtensionConfig: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
  AuthPolicy: 'type.googleapis.com/chancery.policy.v1.AuthPolicy',
  ApiKeySet: 'type.googleapis.com/chancery.policy.v1.ApiKeySet',
  RateLimitTable: 'type.googleapis.com/chancery.policy.v1.RateLimitTable',
} as const;

/** The type name in a type URL: what follows its last slash. A bare type name stays as it is. */
export function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** What a place for a filter holds that no feature fills (D11); no feature puts this filter there. */
export const EMPTY_SLOT_FILTER = 'envoy.extensions.filters.http.rbac.v3.RBAC';
