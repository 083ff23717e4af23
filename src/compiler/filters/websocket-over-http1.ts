// Makes WebSockets travel over HTTP/1.1 to services whose protocol TLS negotiates (B26): the connection for them offers `http/1.1` alone.
// Over HTTP/2 they would need extended CONNECT, which few servers speak.
import { any } from '../../proto/any.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export const websocketOverHttp1: HttpFilterCompiler = {
  appliesTo: 'websockets',
  compileFilter: () => ({
    name: 'chancery.websocket-over-http1',
    typed_config: any('envoy.extensions.filters.http.set_filter_state.v3.Config', {
      on_request_headers: [
        {
          // Envoy reads the protocols that a connection offers from this object, and keeps a pool of connections for each value.
          object_key: 'envoy.network.application_protocols',
          format_string: { text_format_source: { inline_string: 'http/1.1' } },
          shared_with_upstream: 'ONCE',
        },
      ],
    }),
  }),
};
