// The protobuf messages that Chancery names, by full type name: what goes in (input) and what decoding gives (output).
// Holds types only; a new Envoy type is one import and one line in each map.
import type { Bootstrap, BootstrapOutput } from './generated/envoy/config/bootstrap/v3/Bootstrap.ts';
import type { Cluster, ClusterOutput } from './generated/envoy/config/cluster/v3/Cluster.ts';
import type { Node, NodeOutput } from './generated/envoy/config/core/v3/Node.ts';
import type { TypedExtensionConfig, TypedExtensionConfigOutput } from './generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { ClusterLoadAssignment, ClusterLoadAssignmentOutput } from './generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { LbEndpoint, LbEndpointOutput } from './generated/envoy/config/endpoint/v3/LbEndpoint.ts';
import type { Listener, ListenerOutput } from './generated/envoy/config/listener/v3/Listener.ts';
import type {
  FilterConfig as RouteFilterConfig,
  FilterConfigOutput as RouteFilterConfigOutput,
} from './generated/envoy/config/route/v3/FilterConfig.ts';
import type { Route, RouteOutput } from './generated/envoy/config/route/v3/Route.ts';
import type { RouteConfiguration, RouteConfigurationOutput } from './generated/envoy/config/route/v3/RouteConfiguration.ts';
import type {
  ScopedRouteConfiguration,
  ScopedRouteConfigurationOutput,
} from './generated/envoy/config/route/v3/ScopedRouteConfiguration.ts';
import type { VirtualHost, VirtualHostOutput } from './generated/envoy/config/route/v3/VirtualHost.ts';
import type { FileAccessLog, FileAccessLogOutput } from './generated/envoy/extensions/access_loggers/file/v3/FileAccessLog.ts';
import type {
  HttpGrpcAccessLogConfig,
  HttpGrpcAccessLogConfigOutput,
} from './generated/envoy/extensions/access_loggers/grpc/v3/HttpGrpcAccessLogConfig.ts';
import type { StderrAccessLog, StderrAccessLogOutput } from './generated/envoy/extensions/access_loggers/stream/v3/StderrAccessLog.ts';
import type { StdoutAccessLog, StdoutAccessLogOutput } from './generated/envoy/extensions/access_loggers/stream/v3/StdoutAccessLog.ts';
import type { ClusterConfig, ClusterConfigOutput } from './generated/envoy/extensions/clusters/aggregate/v3/ClusterConfig.ts';
import type { DnsCluster, DnsClusterOutput } from './generated/envoy/extensions/clusters/dns/v3/DnsCluster.ts';
import type { Brotli, BrotliOutput } from './generated/envoy/extensions/compression/brotli/compressor/v3/Brotli.ts';
import type { Gzip, GzipOutput } from './generated/envoy/extensions/compression/gzip/compressor/v3/Gzip.ts';
import type { Zstd, ZstdOutput } from './generated/envoy/extensions/compression/zstd/compressor/v3/Zstd.ts';
import type {
  Buffer as BufferBuffer,
  BufferOutput as BufferBufferOutput,
} from './generated/envoy/extensions/filters/http/buffer/v3/Buffer.ts';
import type { BufferPerRoute, BufferPerRouteOutput } from './generated/envoy/extensions/filters/http/buffer/v3/BufferPerRoute.ts';
import type { Compressor, CompressorOutput } from './generated/envoy/extensions/filters/http/compressor/v3/Compressor.ts';
import type {
  CompressorPerRoute,
  CompressorPerRouteOutput,
} from './generated/envoy/extensions/filters/http/compressor/v3/CompressorPerRoute.ts';
import type { Cors, CorsOutput } from './generated/envoy/extensions/filters/http/cors/v3/Cors.ts';
import type { CorsPolicy, CorsPolicyOutput } from './generated/envoy/extensions/filters/http/cors/v3/CorsPolicy.ts';
import type { ExtAuthz, ExtAuthzOutput } from './generated/envoy/extensions/filters/http/ext_authz/v3/ExtAuthz.ts';
import type { ExtAuthzPerRoute, ExtAuthzPerRouteOutput } from './generated/envoy/extensions/filters/http/ext_authz/v3/ExtAuthzPerRoute.ts';
import type { HTTPFault, HTTPFaultOutput } from './generated/envoy/extensions/filters/http/fault/v3/HTTPFault.ts';
import type {
  GrpcJsonTranscoder,
  GrpcJsonTranscoderOutput,
} from './generated/envoy/extensions/filters/http/grpc_json_transcoder/v3/GrpcJsonTranscoder.ts';
import type {
  FilterConfig as GrpcStatsFilterConfig,
  FilterConfigOutput as GrpcStatsFilterConfigOutput,
} from './generated/envoy/extensions/filters/http/grpc_stats/v3/FilterConfig.ts';
import type { GrpcWeb, GrpcWebOutput } from './generated/envoy/extensions/filters/http/grpc_web/v3/GrpcWeb.ts';
import type { HeaderMutation, HeaderMutationOutput } from './generated/envoy/extensions/filters/http/header_mutation/v3/HeaderMutation.ts';
import type {
  HeaderMutationPerRoute,
  HeaderMutationPerRouteOutput,
} from './generated/envoy/extensions/filters/http/header_mutation/v3/HeaderMutationPerRoute.ts';
import type { HealthCheck, HealthCheckOutput } from './generated/envoy/extensions/filters/http/health_check/v3/HealthCheck.ts';
import type {
  JwtAuthentication,
  JwtAuthenticationOutput,
} from './generated/envoy/extensions/filters/http/jwt_authn/v3/JwtAuthentication.ts';
import type { PerRouteConfig, PerRouteConfigOutput } from './generated/envoy/extensions/filters/http/jwt_authn/v3/PerRouteConfig.ts';
import type { LocalRateLimit, LocalRateLimitOutput } from './generated/envoy/extensions/filters/http/local_ratelimit/v3/LocalRateLimit.ts';
import type { Lua, LuaOutput } from './generated/envoy/extensions/filters/http/lua/v3/Lua.ts';
import type { OnDemand, OnDemandOutput } from './generated/envoy/extensions/filters/http/on_demand/v3/OnDemand.ts';
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
  Config as SetMetadataConfig,
  ConfigOutput as SetMetadataConfigOutput,
} from './generated/envoy/extensions/filters/http/set_metadata/v3/Config.ts';
import type {
  StatefulSession,
  StatefulSessionOutput,
} from './generated/envoy/extensions/filters/http/stateful_session/v3/StatefulSession.ts';
import type { UpstreamCodec, UpstreamCodecOutput } from './generated/envoy/extensions/filters/http/upstream_codec/v3/UpstreamCodec.ts';
import type { HttpInspector, HttpInspectorOutput } from './generated/envoy/extensions/filters/listener/http_inspector/v3/HttpInspector.ts';
import type { ProxyProtocol, ProxyProtocolOutput } from './generated/envoy/extensions/filters/listener/proxy_protocol/v3/ProxyProtocol.ts';
import type { TlsInspector, TlsInspectorOutput } from './generated/envoy/extensions/filters/listener/tls_inspector/v3/TlsInspector.ts';
import type {
  HttpConnectionManager,
  HttpConnectionManagerOutput,
} from './generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.ts';
import type { TcpProxy, TcpProxyOutput } from './generated/envoy/extensions/filters/network/tcp_proxy/v3/TcpProxy.ts';
import type {
  Metadata as MetadataMetadata,
  MetadataOutput as MetadataMetadataOutput,
} from './generated/envoy/extensions/formatter/metadata/v3/Metadata.ts';
import type {
  ReqWithoutQuery,
  ReqWithoutQueryOutput,
} from './generated/envoy/extensions/formatter/req_without_query/v3/ReqWithoutQuery.ts';
import type {
  PreserveCaseFormatterConfig,
  PreserveCaseFormatterConfigOutput,
} from './generated/envoy/extensions/http/header_formatters/preserve_case/v3/PreserveCaseFormatterConfig.ts';
import type {
  CustomHeaderConfig,
  CustomHeaderConfigOutput,
} from './generated/envoy/extensions/http/original_ip_detection/custom_header/v3/CustomHeaderConfig.ts';
import type { XffConfig, XffConfigOutput } from './generated/envoy/extensions/http/original_ip_detection/xff/v3/XffConfig.ts';
import type {
  ClientSideWeightedRoundRobin,
  ClientSideWeightedRoundRobinOutput,
} from './generated/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/ClientSideWeightedRoundRobin.ts';
import type {
  ClusterProvided,
  ClusterProvidedOutput,
} from './generated/envoy/extensions/load_balancing_policies/cluster_provided/v3/ClusterProvided.ts';
import type {
  LeastRequest,
  LeastRequestOutput,
} from './generated/envoy/extensions/load_balancing_policies/least_request/v3/LeastRequest.ts';
import type { Maglev, MaglevOutput } from './generated/envoy/extensions/load_balancing_policies/maglev/v3/Maglev.ts';
import type { PickFirst, PickFirstOutput } from './generated/envoy/extensions/load_balancing_policies/pick_first/v3/PickFirst.ts';
import type { Random, RandomOutput } from './generated/envoy/extensions/load_balancing_policies/random/v3/Random.ts';
import type { RingHash, RingHashOutput } from './generated/envoy/extensions/load_balancing_policies/ring_hash/v3/RingHash.ts';
import type { RoundRobin, RoundRobinOutput } from './generated/envoy/extensions/load_balancing_policies/round_robin/v3/RoundRobin.ts';
import type { Subset, SubsetOutput } from './generated/envoy/extensions/load_balancing_policies/subset/v3/Subset.ts';
import type { WrrLocality, WrrLocalityOutput } from './generated/envoy/extensions/load_balancing_policies/wrr_locality/v3/WrrLocality.ts';
import type {
  UriTemplateMatchConfig,
  UriTemplateMatchConfigOutput,
} from './generated/envoy/extensions/path/match/uri_template/v3/UriTemplateMatchConfig.ts';
import type {
  UriTemplateRewriteConfig,
  UriTemplateRewriteConfigOutput,
} from './generated/envoy/extensions/path/rewrite/uri_template/v3/UriTemplateRewriteConfig.ts';
import type {
  DownstreamConnectionsConfig,
  DownstreamConnectionsConfigOutput,
} from './generated/envoy/extensions/resource_monitors/downstream_connections/v3/DownstreamConnectionsConfig.ts';
import type {
  FixedHeapConfig,
  FixedHeapConfigOutput,
} from './generated/envoy/extensions/resource_monitors/fixed_heap/v3/FixedHeapConfig.ts';
import type {
  OmitCanaryHostsPredicate,
  OmitCanaryHostsPredicateOutput,
} from './generated/envoy/extensions/retry/host/omit_canary_hosts/v3/OmitCanaryHostsPredicate.ts';
import type {
  PreviousHostsPredicate,
  PreviousHostsPredicateOutput,
} from './generated/envoy/extensions/retry/host/previous_hosts/v3/PreviousHostsPredicate.ts';
import type {
  PreviousPrioritiesConfig,
  PreviousPrioritiesConfigOutput,
} from './generated/envoy/extensions/retry/priority/previous_priorities/v3/PreviousPrioritiesConfig.ts';
import type { RawBuffer, RawBufferOutput } from './generated/envoy/extensions/transport_sockets/raw_buffer/v3/RawBuffer.ts';
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
import type { RateLimitRequest, RateLimitRequestOutput } from './generated/envoy/service/ratelimit/v3/RateLimitRequest.ts';
import type { RateLimitResponse, RateLimitResponseOutput } from './generated/envoy/service/ratelimit/v3/RateLimitResponse.ts';
import type { Runtime, RuntimeOutput } from './generated/envoy/service/runtime/v3/Runtime.ts';
import type { ClientStatusRequest, ClientStatusRequestOutput } from './generated/envoy/service/status/v3/ClientStatusRequest.ts';
import type { ClientStatusResponse, ClientStatusResponseOutput } from './generated/envoy/service/status/v3/ClientStatusResponse.ts';
import type { FractionalPercent, FractionalPercentOutput } from './generated/envoy/type/v3/FractionalPercent.ts';
import type { Any, AnyOutput } from './generated/google/protobuf/Any.ts';
import type { BoolValue, BoolValueOutput } from './generated/google/protobuf/BoolValue.ts';
import type { Duration, DurationOutput } from './generated/google/protobuf/Duration.ts';
import type { Empty, EmptyOutput } from './generated/google/protobuf/Empty.ts';
import type { StringValue, StringValueOutput } from './generated/google/protobuf/StringValue.ts';
import type { Struct, StructOutput } from './generated/google/protobuf/Struct.ts';
import type { UInt32Value, UInt32ValueOutput } from './generated/google/protobuf/UInt32Value.ts';
import type { Status, StatusOutput } from './generated/google/rpc/Status.ts';

/** What `any`, `encode` and `check` take. */
export interface Messages {
  'envoy.config.bootstrap.v3.Bootstrap': Bootstrap;
  'envoy.config.cluster.v3.Cluster': Cluster;
  'envoy.config.core.v3.Node': Node;
  'envoy.config.core.v3.TypedExtensionConfig': TypedExtensionConfig;
  'envoy.config.endpoint.v3.ClusterLoadAssignment': ClusterLoadAssignment;
  'envoy.config.endpoint.v3.LbEndpoint': LbEndpoint;
  'envoy.config.listener.v3.Listener': Listener;
  'envoy.config.route.v3.FilterConfig': RouteFilterConfig;
  'envoy.config.route.v3.Route': Route;
  'envoy.config.route.v3.RouteConfiguration': RouteConfiguration;
  'envoy.config.route.v3.ScopedRouteConfiguration': ScopedRouteConfiguration;
  'envoy.config.route.v3.VirtualHost': VirtualHost;
  'envoy.extensions.access_loggers.file.v3.FileAccessLog': FileAccessLog;
  'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig': HttpGrpcAccessLogConfig;
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog': StderrAccessLog;
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog': StdoutAccessLog;
  'envoy.extensions.clusters.aggregate.v3.ClusterConfig': ClusterConfig;
  'envoy.extensions.clusters.dns.v3.DnsCluster': DnsCluster;
  'envoy.extensions.compression.brotli.compressor.v3.Brotli': Brotli;
  'envoy.extensions.compression.gzip.compressor.v3.Gzip': Gzip;
  'envoy.extensions.compression.zstd.compressor.v3.Zstd': Zstd;
  'envoy.extensions.filters.http.buffer.v3.Buffer': BufferBuffer;
  'envoy.extensions.filters.http.buffer.v3.BufferPerRoute': BufferPerRoute;
  'envoy.extensions.filters.http.compressor.v3.Compressor': Compressor;
  'envoy.extensions.filters.http.compressor.v3.CompressorPerRoute': CompressorPerRoute;
  'envoy.extensions.filters.http.cors.v3.Cors': Cors;
  'envoy.extensions.filters.http.cors.v3.CorsPolicy': CorsPolicy;
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz': ExtAuthz;
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute': ExtAuthzPerRoute;
  'envoy.extensions.filters.http.fault.v3.HTTPFault': HTTPFault;
  'envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder': GrpcJsonTranscoder;
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig': GrpcStatsFilterConfig;
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb': GrpcWeb;
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation': HeaderMutation;
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute': HeaderMutationPerRoute;
  'envoy.extensions.filters.http.health_check.v3.HealthCheck': HealthCheck;
  'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication': JwtAuthentication;
  'envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig': PerRouteConfig;
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': LocalRateLimit;
  'envoy.extensions.filters.http.lua.v3.Lua': Lua;
  'envoy.extensions.filters.http.on_demand.v3.OnDemand': OnDemand;
  'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig': RateLimitQuotaFilterConfig;
  'envoy.extensions.filters.http.ratelimit.v3.RateLimit': RateLimit;
  'envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute': RateLimitPerRoute;
  'envoy.extensions.filters.http.rbac.v3.RBAC': RBAC;
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute': RBACPerRoute;
  'envoy.extensions.filters.http.router.v3.Router': Router;
  'envoy.extensions.filters.http.set_metadata.v3.Config': SetMetadataConfig;
  'envoy.extensions.filters.http.stateful_session.v3.StatefulSession': StatefulSession;
  'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec': UpstreamCodec;
  'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector': HttpInspector;
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol': ProxyProtocol;
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector': TlsInspector;
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager': HttpConnectionManager;
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy': TcpProxy;
  'envoy.extensions.formatter.metadata.v3.Metadata': MetadataMetadata;
  'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery': ReqWithoutQuery;
  'envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig': PreserveCaseFormatterConfig;
  'envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig': CustomHeaderConfig;
  'envoy.extensions.http.original_ip_detection.xff.v3.XffConfig': XffConfig;
  'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin': ClientSideWeightedRoundRobin;
  'envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided': ClusterProvided;
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest': LeastRequest;
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev': Maglev;
  'envoy.extensions.load_balancing_policies.pick_first.v3.PickFirst': PickFirst;
  'envoy.extensions.load_balancing_policies.random.v3.Random': Random;
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash': RingHash;
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin': RoundRobin;
  'envoy.extensions.load_balancing_policies.subset.v3.Subset': Subset;
  'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality': WrrLocality;
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig': UriTemplateMatchConfig;
  'envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig': UriTemplateRewriteConfig;
  'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig': DownstreamConnectionsConfig;
  'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig': FixedHeapConfig;
  'envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate': OmitCanaryHostsPredicate;
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate': PreviousHostsPredicate;
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig': PreviousPrioritiesConfig;
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer': RawBuffer;
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext': DownstreamTlsContext;
  'envoy.extensions.transport_sockets.tls.v3.Secret': Secret;
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext': UpstreamTlsContext;
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': HttpProtocolOptions;
  'envoy.service.auth.v3.CheckRequest': CheckRequest;
  'envoy.service.auth.v3.CheckResponse': CheckResponse;
  'envoy.service.discovery.v3.DeltaDiscoveryRequest': DeltaDiscoveryRequest;
  'envoy.service.discovery.v3.DeltaDiscoveryResponse': DeltaDiscoveryResponse;
  'envoy.service.discovery.v3.DiscoveryRequest': DiscoveryRequest;
  'envoy.service.discovery.v3.DiscoveryResponse': DiscoveryResponse;
  'envoy.service.discovery.v3.Resource': Resource;
  'envoy.service.ratelimit.v3.RateLimitRequest': RateLimitRequest;
  'envoy.service.ratelimit.v3.RateLimitResponse': RateLimitResponse;
  'envoy.service.runtime.v3.Runtime': Runtime;
  'envoy.service.status.v3.ClientStatusRequest': ClientStatusRequest;
  'envoy.service.status.v3.ClientStatusResponse': ClientStatusResponse;
  'envoy.type.v3.FractionalPercent': FractionalPercent;
  'google.protobuf.Any': Any;
  'google.protobuf.BoolValue': BoolValue;
  'google.protobuf.Duration': Duration;
  'google.protobuf.Empty': Empty;
  'google.protobuf.StringValue': StringValue;
  'google.protobuf.Struct': Struct;
  'google.protobuf.UInt32Value': UInt32Value;
  'google.rpc.Status': Status;
}

/** What `decode` gives. */
export interface MessageOutputs {
  'envoy.config.bootstrap.v3.Bootstrap': BootstrapOutput;
  'envoy.config.cluster.v3.Cluster': ClusterOutput;
  'envoy.config.core.v3.Node': NodeOutput;
  'envoy.config.core.v3.TypedExtensionConfig': TypedExtensionConfigOutput;
  'envoy.config.endpoint.v3.ClusterLoadAssignment': ClusterLoadAssignmentOutput;
  'envoy.config.endpoint.v3.LbEndpoint': LbEndpointOutput;
  'envoy.config.listener.v3.Listener': ListenerOutput;
  'envoy.config.route.v3.FilterConfig': RouteFilterConfigOutput;
  'envoy.config.route.v3.Route': RouteOutput;
  'envoy.config.route.v3.RouteConfiguration': RouteConfigurationOutput;
  'envoy.config.route.v3.ScopedRouteConfiguration': ScopedRouteConfigurationOutput;
  'envoy.config.route.v3.VirtualHost': VirtualHostOutput;
  'envoy.extensions.access_loggers.file.v3.FileAccessLog': FileAccessLogOutput;
  'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig': HttpGrpcAccessLogConfigOutput;
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog': StderrAccessLogOutput;
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog': StdoutAccessLogOutput;
  'envoy.extensions.clusters.aggregate.v3.ClusterConfig': ClusterConfigOutput;
  'envoy.extensions.clusters.dns.v3.DnsCluster': DnsClusterOutput;
  'envoy.extensions.compression.brotli.compressor.v3.Brotli': BrotliOutput;
  'envoy.extensions.compression.gzip.compressor.v3.Gzip': GzipOutput;
  'envoy.extensions.compression.zstd.compressor.v3.Zstd': ZstdOutput;
  'envoy.extensions.filters.http.buffer.v3.Buffer': BufferBufferOutput;
  'envoy.extensions.filters.http.buffer.v3.BufferPerRoute': BufferPerRouteOutput;
  'envoy.extensions.filters.http.compressor.v3.Compressor': CompressorOutput;
  'envoy.extensions.filters.http.compressor.v3.CompressorPerRoute': CompressorPerRouteOutput;
  'envoy.extensions.filters.http.cors.v3.Cors': CorsOutput;
  'envoy.extensions.filters.http.cors.v3.CorsPolicy': CorsPolicyOutput;
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz': ExtAuthzOutput;
  'envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute': ExtAuthzPerRouteOutput;
  'envoy.extensions.filters.http.fault.v3.HTTPFault': HTTPFaultOutput;
  'envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder': GrpcJsonTranscoderOutput;
  'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig': GrpcStatsFilterConfigOutput;
  'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb': GrpcWebOutput;
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation': HeaderMutationOutput;
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute': HeaderMutationPerRouteOutput;
  'envoy.extensions.filters.http.health_check.v3.HealthCheck': HealthCheckOutput;
  'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication': JwtAuthenticationOutput;
  'envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig': PerRouteConfigOutput;
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': LocalRateLimitOutput;
  'envoy.extensions.filters.http.lua.v3.Lua': LuaOutput;
  'envoy.extensions.filters.http.on_demand.v3.OnDemand': OnDemandOutput;
  'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig': RateLimitQuotaFilterConfigOutput;
  'envoy.extensions.filters.http.ratelimit.v3.RateLimit': RateLimitOutput;
  'envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute': RateLimitPerRouteOutput;
  'envoy.extensions.filters.http.rbac.v3.RBAC': RBACOutput;
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute': RBACPerRouteOutput;
  'envoy.extensions.filters.http.router.v3.Router': RouterOutput;
  'envoy.extensions.filters.http.set_metadata.v3.Config': SetMetadataConfigOutput;
  'envoy.extensions.filters.http.stateful_session.v3.StatefulSession': StatefulSessionOutput;
  'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec': UpstreamCodecOutput;
  'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector': HttpInspectorOutput;
  'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol': ProxyProtocolOutput;
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector': TlsInspectorOutput;
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager': HttpConnectionManagerOutput;
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy': TcpProxyOutput;
  'envoy.extensions.formatter.metadata.v3.Metadata': MetadataMetadataOutput;
  'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery': ReqWithoutQueryOutput;
  'envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig': PreserveCaseFormatterConfigOutput;
  'envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig': CustomHeaderConfigOutput;
  'envoy.extensions.http.original_ip_detection.xff.v3.XffConfig': XffConfigOutput;
  'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin': ClientSideWeightedRoundRobinOutput;
  'envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided': ClusterProvidedOutput;
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest': LeastRequestOutput;
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev': MaglevOutput;
  'envoy.extensions.load_balancing_policies.pick_first.v3.PickFirst': PickFirstOutput;
  'envoy.extensions.load_balancing_policies.random.v3.Random': RandomOutput;
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash': RingHashOutput;
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin': RoundRobinOutput;
  'envoy.extensions.load_balancing_policies.subset.v3.Subset': SubsetOutput;
  'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality': WrrLocalityOutput;
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig': UriTemplateMatchConfigOutput;
  'envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig': UriTemplateRewriteConfigOutput;
  'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig': DownstreamConnectionsConfigOutput;
  'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig': FixedHeapConfigOutput;
  'envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate': OmitCanaryHostsPredicateOutput;
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate': PreviousHostsPredicateOutput;
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig': PreviousPrioritiesConfigOutput;
  'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer': RawBufferOutput;
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext': DownstreamTlsContextOutput;
  'envoy.extensions.transport_sockets.tls.v3.Secret': SecretOutput;
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext': UpstreamTlsContextOutput;
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': HttpProtocolOptionsOutput;
  'envoy.service.auth.v3.CheckRequest': CheckRequestOutput;
  'envoy.service.auth.v3.CheckResponse': CheckResponseOutput;
  'envoy.service.discovery.v3.DeltaDiscoveryRequest': DeltaDiscoveryRequestOutput;
  'envoy.service.discovery.v3.DeltaDiscoveryResponse': DeltaDiscoveryResponseOutput;
  'envoy.service.discovery.v3.DiscoveryRequest': DiscoveryRequestOutput;
  'envoy.service.discovery.v3.DiscoveryResponse': DiscoveryResponseOutput;
  'envoy.service.discovery.v3.Resource': ResourceOutput;
  'envoy.service.ratelimit.v3.RateLimitRequest': RateLimitRequestOutput;
  'envoy.service.ratelimit.v3.RateLimitResponse': RateLimitResponseOutput;
  'envoy.service.runtime.v3.Runtime': RuntimeOutput;
  'envoy.service.status.v3.ClientStatusRequest': ClientStatusRequestOutput;
  'envoy.service.status.v3.ClientStatusResponse': ClientStatusResponseOutput;
  'envoy.type.v3.FractionalPercent': FractionalPercentOutput;
  'google.protobuf.Any': AnyOutput;
  'google.protobuf.BoolValue': BoolValueOutput;
  'google.protobuf.Duration': DurationOutput;
  'google.protobuf.Empty': EmptyOutput;
  'google.protobuf.StringValue': StringValueOutput;
  'google.protobuf.Struct': StructOutput;
  'google.protobuf.UInt32Value': UInt32ValueOutput;
  'google.rpc.Status': StatusOutput;
}

export type MessageName = keyof Messages;
