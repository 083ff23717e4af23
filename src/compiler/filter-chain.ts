// What happens on a listener's connections → its one FilterChain.
import type { Listener } from '../model/types.ts';
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { FilterChain } from '../proto/generated/envoy/config/listener/v3/FilterChain.ts';
import { compileDownstreamTls } from './downstream-tls.ts';
import { compileHttpConnectionManager, type GatewayContext } from './http-connection-manager.ts';

const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Named, so that Envoy can change it in place and drain its connections alone. */
export function compileFilterChain(listener: Listener, context: GatewayContext): FilterChain {
  return {
    name: listener.name,
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typed_config: any(
          'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          compileHttpConnectionManager(listener, context),
        ),
      },
    ],
    ...(listener.tls === undefined
      ? {}
      : {
          transport_socket: compileDownstreamTls(listener.name, listener.tls),
          transport_socket_connect_timeout: duration(TLS_HANDSHAKE_TIMEOUT_MS),
        }),
  };
}
