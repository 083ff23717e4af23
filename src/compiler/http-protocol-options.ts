// A service's protocol → Envoy's HttpProtocolOptions, which every cluster carries.
import type { Service } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { Http2ProtocolOptions } from '../proto/generated/envoy/config/core/v3/Http2ProtocolOptions.ts';
import type { HttpProtocolOptions } from '../proto/generated/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.ts';
import type { Any } from '../proto/generated/google/protobuf/Any.ts';
import { compileHashPolicy } from './hash-policy.ts';
import { factsOf } from './service-facts.ts';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** From Envoy's guide for edge proxies: what one stream and one connection may have in flight. */
const HTTP2: Http2ProtocolOptions = {
  initial_stream_window_size: { value: 65_536 },
  initial_connection_window_size: { value: 1_048_576 },
};

/** The value of a cluster's `typed_extension_protocol_options`. */
export function compileHttpProtocolOptions(service: Service): Record<string, Any> {
  const { hashKey } = factsOf(service);
  return {
    [OPTIONS]: any(OPTIONS, {
      ...compileProtocol(service),
      ...(hashKey === undefined ? {} : { hash_policy: [compileHashPolicy(hashKey)] }),
    }),
  };
}

/** `auto`: what TLS negotiates, HTTP/2 before HTTP/1.1; without TLS there is nothing to negotiate with, so HTTP/1.1. */
function compileProtocol({ protocol, tls }: Service): HttpProtocolOptions {
  switch (protocol) {
    case 'h2':
    case 'grpc':
      return { explicit_http_config: { http2_protocol_options: HTTP2 } };
    case 'auto':
      return tls === undefined ? compileHttp1() : { auto_config: { http_protocol_options: {}, http2_protocol_options: HTTP2 } };
    case 'http1':
      return compileHttp1();
  }
}

function compileHttp1(): HttpProtocolOptions {
  return { explicit_http_config: { http_protocol_options: {} } };
}
