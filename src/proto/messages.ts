// The protobuf messages that Chancery names, by full type name: what goes in (input) and what decoding gives (output).
// Holds types only; a new Envoy type is one import and one line in each map.
import type { ApiKeySet, ApiKeySetOutput } from './generated/chancery/policy/v1/ApiKeySet.ts';
import type { AuthPolicy, AuthPolicyOutput } from './generated/chancery/policy/v1/AuthPolicy.ts';
import type { RateLimitTable, RateLimitTableOutput } from './generated/chancery/policy/v1/RateLimitTable.ts';
import type { Bootstrap, BootstrapOutput } from './generated/envoy/config/bootstrap/v3/Bootstrap.ts';
import type { Cluster, ClusterOutput } from './generated/envoy/config/cluster/v3/Cluster.ts';
import type { Node, NodeOutput } from './generated/envoy/config/core/v3/Node.ts';
import type { TypedExtensionConfig, TypedExtensionConfigOutput } from './generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { ClusterLoadAssignment, ClusterLoadAssignmentOutput } from './generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { LbEndpoint, LbEndpointOutput } from './generated/envoy/config/endpoint/v3/LbEndpoint.ts';
import type { Listener, ListenerOutput } from './generated/envoy/config/listener/v3/Listener.ts';
import type { FilterConfig, FilterConfigOutput } from './generated/envoy/config/route/v3/FilterConfig.ts';
import type { Route, RouteOutput } from './generated/envoy/config/route/v3/Route.ts';
import type { RouteConfiguration, RouteConfigurationOutput } from './generated/envoy/config/route/v3/RouteConfiguration.ts';
import type { VirtualHost, VirtualHostOutput } from './generated/envoy/config/route/v3/VirtualHost.ts';
import type { FileAccessLog, FileAccessLogOutput } from './generated/envoy/extensions/access_loggers/file/v3/FileAccessLog.ts';
import type {
  ExpressionFilter,
  ExpressionFilterOutput,
} from './generated/envoy/extensions/access_loggers/filters/cel/v3/ExpressionFilter.ts';
import type { StderrAccessLog, StderrAccessLogOutput } from './generated/envoy/extensions/access_loggers/stream/v3/StderrAccessLog.ts';
import type { StdoutAccessLog, StdoutAccessLogOutput } from './generated/envoy/extensions/access_loggers/stream/v3/StdoutAccessLog.ts';
import type { DnsCluster, DnsClusterOutput } from './generated/envoy/extensions/clusters/dns/v3/DnsCluster.ts';
import type { ApiKeyAuth, ApiKeyAuthOutput } from './generated/envoy/extensions/filters/http/api_key_auth/v3/ApiKeyAuth.ts';
import type {
  ApiKeyAuthPerRoute,
  ApiKeyAuthPerRouteOutput,
} from './generated/envoy/extensions/filters/http/api_key_auth/v3/ApiKeyAuthPerRoute.ts';
import type { Cors, CorsOutput } from './generated/envoy/extensions/filters/http/cors/v3/Cors.ts';
import type { CorsPolicy, CorsPolicyOutput } from './generated/envoy/extensions/filters/http/cors/v3/CorsPolicy.ts';
import type { ExtAuthz, ExtAuthzOutput } from './generated/envoy/extensions/filters/http/ext_authz/v3/ExtAuthz.ts';
import type { ExtAuthzPerRoute, ExtAuthzPerRouteOutput } from './generated/envoy/extensions/filters/http/ext_authz/v3/ExtAuthzPerRoute.ts';
import type { HTTPFault, HTTPFaultOutput } from './generated/envoy/extensions/filters/http/fault/v3/HTTPFault.ts';
import type { GrpcWeb, GrpcWebOutput } from './generated/envoy/extensions/filters/http/grpc_web/v3/GrpcWeb.ts';
import type {
  HeaderMutation as HttpHeaderMutation,
  HeaderMutationOutput as HttpHeaderMutationOutput,
} from './generated/envoy/extensions/filters/http/header_mutation/v3/HeaderMutation.ts';
import type {
  HeaderMutationPerRoute,
  HeaderMutationPerRouteOutput,
} from './generated/envoy/extensions/filters/http/header_mutation/v3/HeaderMutationPerRoute.ts';
import type {
  JwtAuthentication,
  JwtAuthenticationOutput,
} from './generated/envoy/extensions/filters/http/jwt_authn/v3/JwtAuthentication.ts';
import type {
  PerRouteConfig as JwtPerRoute,
  PerRouteConfigOutput as JwtPerRouteOutput,
} from './generated/envoy/extensions/filters/http/jwt_authn/v3/PerRouteConfig.ts';
import type { LocalRateLimit, LocalRateLimitOutput } from './generated/envoy/extensions/filters/http/local_ratelimit/v3/LocalRateLimit.ts';
import type { OnDemand, OnDemandOutput } from './generated/envoy/extensions/filters/http/on_demand/v3/OnDemand.ts';
import type {
  RateLimitQuotaBucketSettings,
  RateLimitQuotaBucketSettingsOutput,
} from './generated/envoy/extensions/filters/http/rate_limit_quota/v3/RateLimitQuotaBucketSettings.ts';
import type {
  RateLimitQuotaFilterConfig,
  RateLimitQuotaFilterConfigOutput,
} from './generated/envoy/extensions/filters/http/rate_limit_quota/v3/RateLimitQuotaFilterConfig.ts';
import type { RateLimit, RateLimitOutput } from './generated/envoy/extensions/filters/http/ratelimit/v3/RateLimit.ts';
import type {
  RateLimitPerRoute,
  RateLimitPerRouteOutput,
} from './generated/envoy/extensions/filters/http/ratelimit/v3/RateLimitPerRoute.ts';
import type { RBAC, RBACOutput } from './generated/envoy/extensions/filters/http/rbac/v3/RBAC.ts';
import type { RBACPerRoute, RBACPerRouteOutput } from './generated/envoy/extensions/filters/http/rbac/v3/RBACPerRoute.ts';
import type { Router, RouterOutput } from './generated/envoy/extensions/filters/http/router/v3/Router.ts';
import type {
  Config as SetFilterStateConfig,
  ConfigOutput as SetFilterStateConfigOutput,
} from './generated/envoy/extensions/filters/http/set_filter_state/v3/Config.ts';
import type { TlsInspector, TlsInspectorOutput } from './generated/envoy/extensions/filters/listener/tls_inspector/v3/TlsInspector.ts';
import type {
  HttpConnectionManager,
  HttpConnectionManagerOutput,
} from './generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.ts';
import type {
  HeaderMutation as EarlyHeaderMutation,
  HeaderMutationOutput as EarlyHeaderMutationOutput,
} from './generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/HeaderMutation.ts';
import type { XffConfig, XffConfigOutput } from './generated/envoy/extensions/http/original_ip_detection/xff/v3/XffConfig.ts';
import type {
  ClientSideWeightedRoundRobin,
  ClientSideWeightedRoundRobinOutput,
} from './generated/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/ClientSideWeightedRoundRobin.ts';
import type {
  LeastRequest,
  LeastRequestOutput,
} from './generated/envoy/extensions/load_balancing_policies/least_request/v3/LeastRequest.ts';
import type { Maglev, MaglevOutput } from './generated/envoy/extensions/load_balancing_policies/maglev/v3/Maglev.ts';
import type { PickFirst, PickFirstOutput } from './generated/envoy/extensions/load_balancing_policies/pick_first/v3/PickFirst.ts';
import type { Random, RandomOutput } from './generated/envoy/extensions/load_balancing_policies/random/v3/Random.ts';
import type { RingHash, RingHashOutput } from './generated/envoy/extensions/load_balancing_policies/ring_hash/v3/RingHash.ts';
import type { RoundRobin, RoundRobinOutput } from './generated/envoy/extensions/load_balancing_policies/round_robin/v3/RoundRobin.ts';
import type { WrrLocality, WrrLocalityOutput } from './generated/envoy/extensions/load_balancing_policies/wrr_locality/v3/WrrLocality.ts';
import type {
  UriTemplateMatchConfig,
  UriTemplateMatchConfigOutput,
} from './generated/envoy/extensions/path/match/uri_template/v3/UriTemplateMatchConfig.ts';
import type {
  UriTemplateRewriteConfig,
  UriTemplateRewriteConfigOutput,
} from './generated/envoy/extensions/path/rewrite/uri_template/v3/UriTemplateRewriteConfig.ts';
import type { Descriptor, DescriptorOutput } from './generated/envoy/extensions/rate_limit_descriptors/expr/v3/Descriptor.ts';
import type {
  Config as MtlsPrincipal,
  ConfigOutput as MtlsPrincipalOutput,
} from './generated/envoy/extensions/rbac/principals/mtls_authenticated/v3/Config.ts';
import type {
  DownstreamConnectionsConfig,
  DownstreamConnectionsConfigOutput,
} from './generated/envoy/extensions/resource_monitors/downstream_connections/v3/DownstreamConnectionsConfig.ts';
import type {
  FixedHeapConfig,
  FixedHeapConfigOutput,
} from './generated/envoy/extensions/resource_monitors/fixed_heap/v3/FixedHeapConfig.ts';
import type {
  PreviousHostsPredicate,
  PreviousHostsPredicateOutput,
} from './generated/envoy/extensions/retry/host/previous_hosts/v3/PreviousHostsPredicate.ts';
import type {
  DownstreamTlsContext,
  DownstreamTlsContextOutput,
} from './generated/envoy/extensions/transport_sockets/tls/v3/DownstreamTlsContext.ts';
import type { Secret, SecretOutput } from './generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts';
import type {
  UpstreamTlsContext,
  UpstreamTlsContextOutput,
} from './generated/envoy/extensions/transport_sockets/tls/v3/UpstreamTlsContext.ts';
import type { HttpProtocolOptions, HttpProtocolOptionsOutput } from './generated/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.ts';
import type { CheckRequest, CheckRequestOutput } from './generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse, CheckResponseOutput } from './generated/envoy/service/auth/v3/CheckResponse.ts';
import type { DeltaDiscoveryRequest, DeltaDiscoveryRequestOutput } from './generated/envoy/service/discovery/v3/DeltaDiscoveryRequest.ts';
import type {
  DeltaDiscoveryResponse,
  DeltaDiscoveryResponseOutput,
} from './generated/envoy/service/discovery/v3/DeltaDiscoveryResponse.ts';
import type { DiscoveryRequest, DiscoveryRequestOutput } from './generated/envoy/service/discovery/v3/DiscoveryRequest.ts';
import type { DiscoveryResponse, DiscoveryResponseOutput } from './generated/envoy/service/discovery/v3/DiscoveryResponse.ts';
import type { Resource, ResourceOutput } from './generated/envoy/service/discovery/v3/Resource.ts';
import type { LoadStatsRequest, LoadStatsRequestOutput } from './generated/envoy/service/load_stats/v3/LoadStatsRequest.ts';
import type { LoadStatsResponse, LoadStatsResponseOutput } from './generated/envoy/service/load_stats/v3/LoadStatsResponse.ts';
import type { ClientStatusRequest, ClientStatusRequestOutput } from './generated/envoy/service/status/v3/ClientStatusRequest.ts';
import type { ClientStatusResponse, ClientStatusResponseOutput } from './generated/envoy/service/status/v3/ClientStatusResponse.ts';
import type {
  HttpRequestHeaderMatchInput,
  HttpRequestHeaderMatchInputOutput,
} from './generated/envoy/type/matcher/v3/HttpRequestHeaderMatchInput.ts';
import type { Any, AnyOutput } from './generated/google/protobuf/Any.ts';
import type { Duration, DurationOutput } from './generated/google/protobuf/Duration.ts';
import type { StringValue, StringValueOutput } from './generated/google/protobuf/StringValue.ts';
import type { Struct, StructOutput } from './generated/google/protobuf/Struct.ts';
import type { Status, StatusOutput } from './generated/google/rpc/Status.ts';

/** Type name → [what goes in, what decoding gives]. */
interface MessageTable {
  'chancery.policy.v1.ApiKeySet': [ApiKeySet, ApiKeySetOutput];
  'chancery.policy.v1.AuthPolicy': [AuthPolicy, AuthPolicyOutput];
  'chancery.policy.v1.RateLimitTable': [RateLimitTable, RateLimitTableOutput];
  'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter': [ExpressionFilter, ExpressionFilterOutput];
  'envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth': [ApiKeyAuth, ApiKeyAuthOutput];
  'envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute': [ApiKeyAuthPerRoute, ApiKeyAuthPerRouteOutput];
  'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings': [
    RateLimitQuotaBucketSettings,
    RateLimitQuotaBucketSettingsOutput,
  ];
  'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig': [
    RateLimitQuotaFilterConfig,
    RateLimitQuotaFilterConfigOutput,
  ];
  'envoy.type.matcher.v3.HttpRequestHeaderMatchInput': [HttpRequestHeaderMatchInput, HttpRequestHeaderMatchInputOutput];
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz': [ExtAuthz, ExtAuthzOutput];
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute': [ExtAuthzPerRoute, ExtAuthzPerRouteOutput];
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation': [HttpHeaderMutation, HttpHeaderMutationOutput];
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute': [HeaderMutationPerRoute, HeaderMutationPerRouteOutput];
  'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication': [JwtAuthentication, JwtAuthenticationOutput];
  'envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig': [JwtPerRoute, JwtPerRouteOutput];
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute': [RBACPerRoute, RBACPerRouteOutput];
  'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation': [EarlyHeaderMutation, EarlyHeaderMutationOutput];
  'envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor': [Descriptor, DescriptorOutput];
  'envoy.extensions.rbac.principals.mtls_authenticated.v3.Config': [MtlsPrincipal, MtlsPrincipalOutput];
  'envoy.service.auth.v3.CheckRequest': [CheckRequest, CheckRequestOutput];
  'envoy.service.auth.v3.CheckResponse': [CheckResponse, CheckResponseOutput];
  'envoy.config.bootstrap.v3.Bootstrap': [Bootstrap, BootstrapOutput];
  'envoy.config.cluster.v3.Cluster': [Cluster, ClusterOutput];
  'envoy.config.core.v3.Node': [Node, NodeOutput];
  'envoy.config.core.v3.TypedExtensionConfig': [TypedExtensionConfig, TypedExtensionConfigOutput];
  'envoy.config.endpoint.v3.ClusterLoadAssignment': [ClusterLoadAssignment, ClusterLoadAssignmentOutput];
  'envoy.config.endpoint.v3.LbEndpoint': [LbEndpoint, LbEndpointOutput];
  'envoy.config.listener.v3.Listener': [Listener, ListenerOutput];
  'envoy.config.route.v3.FilterConfig': [FilterConfig, FilterConfigOutput];
  'envoy.config.route.v3.Route': [Route, RouteOutput];
  'envoy.config.route.v3.RouteConfiguration': [RouteConfiguration, RouteConfigurationOutput];
  'envoy.config.route.v3.VirtualHost': [VirtualHost, VirtualHostOutput];
  'envoy.extensions.access_loggers.file.v3.FileAccessLog': [FileAccessLog, FileAccessLogOutput];
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog': [StderrAccessLog, StderrAccessLogOutput];
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog': [StdoutAccessLog, StdoutAccessLogOutput];
  'envoy.extensions.clusters.dns.v3.DnsCluster': [DnsCluster, DnsClusterOutput];
  'envoy.extensions.filters.http.cors.v3.Cors': [Cors, CorsOutput];
  'envoy.extensions.filters.http.cors.v3.CorsPolicy': [CorsPolicy, CorsPolicyOutput];
  'envoy.extensions.filters.http.fault.v3.HTTPFault': [HTTPFault, HTTPFaultOutput];
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb': [GrpcWeb, GrpcWebOutput];
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': [LocalRateLimit, LocalRateLimitOutput];
  'envoy.extensions.filters.http.ratelimit.v3.RateLimit': [RateLimit, RateLimitOutput];
  'envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute': [RateLimitPerRoute, RateLimitPerRouteOutput];
  'envoy.extensions.filters.http.on_demand.v3.OnDemand': [OnDemand, OnDemandOutput];
  'envoy.extensions.filters.http.rbac.v3.RBAC': [RBAC, RBACOutput];
  'envoy.extensions.filters.http.router.v3.Router': [Router, RouterOutput];
  'envoy.extensions.filters.http.set_filter_state.v3.Config': [SetFilterStateConfig, SetFilterStateConfigOutput];
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector': [TlsInspector, TlsInspectorOutput];
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager': [HttpConnectionManager, HttpConnectionManagerOutput];
  'envoy.extensions.http.original_ip_detection.xff.v3.XffConfig': [XffConfig, XffConfigOutput];
  'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin': [
    ClientSideWeightedRoundRobin,
    ClientSideWeightedRoundRobinOutput,
  ];
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest': [LeastRequest, LeastRequestOutput];
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev': [Maglev, MaglevOutput];
  'envoy.extensions.load_balancing_policies.pick_first.v3.PickFirst': [PickFirst, PickFirstOutput];
  'envoy.extensions.load_balancing_policies.random.v3.Random': [Random, RandomOutput];
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash': [RingHash, RingHashOutput];
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin': [RoundRobin, RoundRobinOutput];
  'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality': [WrrLocality, WrrLocalityOutput];
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig': [UriTemplateMatchConfig, UriTemplateMatchConfigOutput];
  'envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig': [UriTemplateRewriteConfig, UriTemplateRewriteConfigOutput];
  'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig': [
    DownstreamConnectionsConfig,
    DownstreamConnectionsConfigOutput,
  ];
  'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig': [FixedHeapConfig, FixedHeapConfigOutput];
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate': [PreviousHostsPredicate, PreviousHostsPredicateOutput];
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext': [DownstreamTlsContext, DownstreamTlsContextOutput];
  'envoy.extensions.transport_sockets.tls.v3.Secret': [Secret, SecretOutput];
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext': [UpstreamTlsContext, UpstreamTlsContextOutput];
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': [HttpProtocolOptions, HttpProtocolOptionsOutput];
  'envoy.service.discovery.v3.DeltaDiscoveryRequest': [DeltaDiscoveryRequest, DeltaDiscoveryRequestOutput];
  'envoy.service.discovery.v3.DeltaDiscoveryResponse': [DeltaDiscoveryResponse, DeltaDiscoveryResponseOutput];
  'envoy.service.discovery.v3.DiscoveryRequest': [DiscoveryRequest, DiscoveryRequestOutput];
  'envoy.service.discovery.v3.DiscoveryResponse': [DiscoveryResponse, DiscoveryResponseOutput];
  'envoy.service.discovery.v3.Resource': [Resource, ResourceOutput];
  'envoy.service.load_stats.v3.LoadStatsRequest': [LoadStatsRequest, LoadStatsRequestOutput];
  'envoy.service.load_stats.v3.LoadStatsResponse': [LoadStatsResponse, LoadStatsResponseOutput];
  'envoy.service.status.v3.ClientStatusRequest': [ClientStatusRequest, ClientStatusRequestOutput];
  'envoy.service.status.v3.ClientStatusResponse': [ClientStatusResponse, ClientStatusResponseOutput];
  'google.protobuf.Any': [Any, AnyOutput];
  'google.protobuf.Duration': [Duration, DurationOutput];
  'google.protobuf.StringValue': [StringValue, StringValueOutput];
  'google.protobuf.Struct': [Struct, StructOutput];
  'google.rpc.Status': [Status, StatusOutput];
}

export type MessageName = keyof MessageTable;

/** What `any`, `encode` and `check` take. */
export type Messages = { [Name in MessageName]: MessageTable[Name][0] };

/** What `decode` gives. */
export type MessageOutputs = { [Name in MessageName]: MessageTable[Name][1] };
