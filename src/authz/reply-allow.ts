// The one place that makes answers which let a request pass (G2): bytes of a CheckResponse. Each identity header of the gateway stands in it
// exactly once, as a stamp or among what is removed (H6); credentials that were read are removed (H8).
import type { EnvoyApi } from '../proto/api.ts';
import type { ProtoStruct } from './reply-metadata.ts';

const TYPE = 'envoy.service.auth.v3.CheckResponse';

export interface AllowFacts {
  /** Lower case, sorted. */
  readonly identityHeaders: readonly string[];
  readonly stamps: ReadonlyMap<string, string>;
  /** Besides: credentials, and what the proxy told us alone. */
  readonly headersToRemove: ReadonlySet<string>;
  readonly queryParametersToRemove: readonly string[];
  /** The `cookie` header without credentials; `''`: nothing is left of it; absent: it stays as it came. */
  readonly cookie?: string;
  readonly metadata: ProtoStruct;
}

/** Throws for a stamp that is no identity header, is empty or is removed too: all bugs, and none may reach a backend. */
export function allowReply(api: EnvoyApi, facts: AllowFacts): Buffer {
  const { identityHeaders, stamps, cookie } = facts;
  const removed = new Set(facts.headersToRemove);
  const headers: object[] = [];
  for (const name of identityHeaders) {
    const value = stamps.get(name);
    if (value === undefined) removed.add(name);
    else headers.push(stamp(name, value));
  }
  if (headers.length !== stamps.size) throw new Error('a stamp is no identity header of the gateway (H6)');
  if (cookie === '') removed.add('cookie');
  else if (cookie !== undefined) headers.push(stamp('cookie', cookie));
  for (const name of stamps.keys()) if (removed.has(name)) throw new Error('an identity header is stamped and removed (H6)');
  return api.encode(TYPE, {
    status: { code: 0 },
    ok_response: {
      headers,
      headers_to_remove: [...removed].sort(),
      query_parameters_to_remove: facts.queryParametersToRemove,
    },
    dynamic_metadata: facts.metadata,
  });
}

function stamp(key: string, value: string): object {
  if (value === '') throw new Error('a stamp is empty (H6)');
  // Without the action a client's own copy of the header would stay beside ours (H5).
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}
