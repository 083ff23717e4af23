// A listener → Envoy's Listener. Its bytes depend on nothing but the listener itself and the gateway's access log (D11).
import type { Listener } from '../model/types.ts';
import type { Listener as ListenerMessage } from '../proto/generated/envoy/config/listener/v3/Listener.ts';
import { compileFilterChain } from './filter-chain.ts';
import type { GatewayContext } from './http-connection-manager.ts';
import { nameOfListener, statPrefixOfListener } from './names.ts';

/** Per connection; from Envoy's guide for edge proxies. */
export const CONNECTION_BUFFER_BYTES = 32_768;

export function compileListener(listener: Listener, context: GatewayContext): ListenerMessage {
  return {
    name: nameOfListener(listener.name),
    stat_prefix: statPrefixOfListener(listener.name),
    address: {
      socket_address: {
        address: listener.address,
        port_value: listener.port,
        // `::` means every address of the machine, those of IPv4 too.
        ...(listener.address === '::' ? { ipv4_compat: true } : {}),
      },
    },
    filter_chains: [compileFilterChain(listener, context)],
    per_connection_buffer_limit_bytes: { value: CONNECTION_BUFFER_BYTES },
  };
}
