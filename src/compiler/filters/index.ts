// The HTTP filters in the order in which a request passes them, each with the reason for its place. Adding one is adding a line here.
import type { Listener } from '../../model/types.ts';
import type { HttpFilter } from '../../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';
import { router } from './router.ts';
import { websocketOverHttp1 } from './websocket-over-http1.ts';

const CHAIN: readonly HttpFilterCompiler[] = [
  // After all that may refuse the request: it only prepares the connection to the backend.
  websocketOverHttp1,
  // Last: it ends the chain.
  router,
];

/** The chain for requests of all kinds, or the one for WebSockets, which differ by the filters that are for these alone. */
export function compileHttpFilters(listener: Listener, requests: 'ordinary' | 'websockets'): HttpFilter[] {
  return CHAIN.filter((filter) => filter.appliesTo === 'all' || filter.appliesTo === requests)
    .map((filter) => filter.compileFilter(listener))
    .filter((filter) => filter !== undefined);
}
