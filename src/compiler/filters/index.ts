// The HTTP filters in the order in which a request passes them, each with the reason for its place. Adding one is adding a line here.
import type { Listener } from '../../model/types.ts';
import type { HttpFilter } from '../../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.ts';
import { identity } from '../auth/identity.ts';
import { access, hygiene } from '../auth/rbac-filters.ts';
import { cors } from './cors.ts';
import { fault } from './fault.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';
import { onDemand } from './on-demand.ts';
import { router } from './router.ts';
import { API_KEY_SLOT, AUTHZ_SLOTS, EARLY_LIMIT_SLOTS, JWT_SLOT, MAIN_LIMIT_SLOTS, slotFilter } from './slot.ts';
import { websocketOverHttp1 } from './websocket-over-http1.ts';

const CHAIN: readonly HttpFilterCompiler[] = [
  // Before all that asks for the route: it fetches the route.
  onDemand,
  // Preflight requests carry no credentials, and errors of all that follows must be readable for the pages that may call.
  cors,
  // Before all that reads or writes who calls: what clients say about it themselves is removed.
  identity,
  // Before what it could disagree with about the same bytes.
  hygiene,
  // Before credentials cost anything.
  ...EARLY_LIMIT_SLOTS.map(slotFilter),
  // Who it is, then whether he may, before anything is counted for him.
  slotFilter(JWT_SLOT),
  slotFilter(API_KEY_SLOT),
  access,
  ...AUTHZ_SLOTS.map(slotFilter),
  ...MAIN_LIMIT_SLOTS.map(slotFilter),
  // A fault stands for the backend: it happens to requests that would have reached it.
  fault,
  // After all that may refuse the request: it only prepares the connection to the backend.
  websocketOverHttp1,
  // Last: it ends the chain.
  router,
];

/** A listener that redirects everything answers before any of the others would have a say. */
const REDIRECT_CHAIN: readonly HttpFilterCompiler[] = [router];

/** The chain for requests of all kinds, or the one for WebSockets, which differ by the filters that are for these alone. */
export function compileHttpFilters(listener: Listener, requests: 'ordinary' | 'websockets'): HttpFilter[] {
  const chain = listener.redirect === undefined ? CHAIN : REDIRECT_CHAIN;
  return chain
    .filter((filter) => filter.appliesTo === 'all' || filter.appliesTo === requests)
    .map((filter) => filter.compileFilter(listener))
    .filter((filter) => filter !== undefined);
}
