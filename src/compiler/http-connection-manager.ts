// A listener's HTTP behaviour → Envoy's HttpConnectionManager. The limits follow Envoy's guide for edge proxies
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge). Holds no routes: they come over RDS.
import type { AccessLog, Listener, PathHandling } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type {
  _envoy_extensions_filters_network_http_connection_manager_v3_HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashesAction,
  HttpConnectionManager,
} from '../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.ts';
import { compileAccessLog } from './access-log.ts';
import { EARLY_REMOVAL } from './auth/identity.ts';
import { ADS } from './config-source.ts';
import { compileHttpFilters } from './filters/index.ts';
import { LOCAL_REPLIES } from './local-replies.ts';
import { nameOfRoutes, statPrefixOfListener } from './names.ts';
import { streamIdleTimeoutMs } from './on-demand-wait.ts';

/** What listeners take from the gateway as a whole. */
export interface GatewayContext {
  readonly gateway: string;
  readonly accessLog?: AccessLog;
}

const CONNECTION_IDLE_TIMEOUT_MS = 3_600_000;
/** Enough for any honest client; slow senders of headers hold a connection no longer. */
const REQUEST_HEADERS_TIMEOUT_MS = 10_000;
const MAX_CONCURRENT_STREAMS = 100;
const STREAM_WINDOW_BYTES = 65_536;
const CONNECTION_WINDOW_BYTES = 1_048_576;

const ESCAPED_SLASHES = {
  keep: 'KEEP_UNCHANGED',
  reject: 'REJECT_REQUEST',
  redirect: 'UNESCAPE_AND_REDIRECT',
  unescape: 'UNESCAPE_AND_FORWARD',
} as const satisfies Record<PathHandling['escapedSlashes'], EscapedSlashesAction>;

const UNDERSCORES = {
  reject: 'REJECT_REQUEST',
  drop: 'DROP_HEADER',
  keep: 'ALLOW',
} as const;

export function compileHttpConnectionManager(listener: Listener, { gateway, accessLog }: GatewayContext): HttpConnectionManager {
  return {
    codec_type: 'AUTO',
    stat_prefix: statPrefixOfListener(listener.name),
    rds: { config_source: ADS, route_config_name: nameOfRoutes(listener.name) },
    http_filters: compileHttpFilters(listener, 'ordinary'),
    ...(listener.redirect === undefined ? { early_header_mutation_extensions: [EARLY_REMOVAL], local_reply_config: LOCAL_REPLIES } : {}),
    ...compileLimits(listener),
    ...compileIdentity(listener),
    ...compilePaths(listener.paths),
    // Allowed by default, as a reverse proxy should; its filter chain is the ordinary one and more.
    upgrade_configs: [{ upgrade_type: 'websocket', filters: compileHttpFilters(listener, 'websockets') }],
    // `responseHeaders: {remove: [server]}` would have no effect if Envoy wrote its own name afterwards.
    server_header_transformation: 'PASS_THROUGH',
    // HTTP/2 servers that are strict about `:scheme` (Kestrel) refuse https over a plain connection.
    scheme_header_transformation: { match_upstream: true },
    // A redirect of everything leads to the same name at another port; nothing is forwarded that would miss the port of its Host.
    ...(listener.redirect === undefined ? {} : { strip_any_host_port: true }),
    ...(accessLog === undefined ? {} : { access_log: [compileAccessLog(accessLog, listener, gateway)] }),
  };
}

/** No bound on the time of a whole request: it would cut uploads and gRPC streams. Silence is bounded instead. */
function compileLimits(listener: Listener): HttpConnectionManager {
  return {
    common_http_protocol_options: {
      idle_timeout: duration(CONNECTION_IDLE_TIMEOUT_MS),
      // Many backends read `x_user_id` and `x-user-id` as one header, so the first must not slip past what is done about the second.
      headers_with_underscores_action: UNDERSCORES[listener.underscores ?? 'reject'],
    },
    http2_protocol_options: {
      max_concurrent_streams: { value: MAX_CONCURRENT_STREAMS },
      initial_stream_window_size: { value: STREAM_WINDOW_BYTES },
      initial_connection_window_size: { value: CONNECTION_WINDOW_BYTES },
    },
    stream_idle_timeout: duration(streamIdleTimeoutMs(listener)),
    request_headers_timeout: duration(REQUEST_HEADERS_TIMEOUT_MS),
  };
}

/** Who the client is, and the id of its request. No address counts as internal, so nobody steers us by `x-envoy-*` headers. */
function compileIdentity(listener: Listener): HttpConnectionManager {
  const isMutual = listener.tls?.clientAuth !== undefined;
  return {
    use_remote_address: { value: true },
    ...(listener.trustedHops > 0 ? { xff_num_trusted_hops: listener.trustedHops } : {}),
    generate_request_id: { value: true },
    always_set_request_id_in_response: true,
    // Backends learn whose certificate it was; what a client writes into that header itself is dropped either way.
    ...(isMutual
      ? {
          forward_client_cert_details: 'SANITIZE_SET',
          set_current_client_cert_details: { subject: { value: true }, uri: true, dns: true },
        }
      : {}),
  };
}

function compilePaths(paths: PathHandling): HttpConnectionManager {
  return {
    normalize_path: { value: true },
    ...(paths.mergeSlashes ? { merge_slashes: true } : {}),
    path_with_escaped_slashes_action: ESCAPED_SLASHES[paths.escapedSlashes],
  };
}
