// What each HTTP filter of the chain must offer. The chain belongs to the listener: nothing in it depends on routes (D11).
import type { Listener } from '../../model/types.ts';
import type { HttpFilter } from '../../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.ts';

export interface HttpFilterCompiler {
  /** The requests for which it stands in the chain. */
  readonly appliesTo: 'all' | 'websockets';
  /** Undefined where the listener does without it. */
  compileFilter(listener: Listener): HttpFilter | undefined;
}
