// What a consistent hash hashes → Envoy's hash policy. It stands on the cluster that balances by it, so that each service of a split uses
// its own key; a split carries the keys too, so that a key keeps its side (B25).
import type { HashKey } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { _envoy_config_route_v3_RouteAction_HashPolicy as HashPolicy } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';

export function compileHashPolicy(key: HashKey): HashPolicy {
  switch (key.kind) {
    case 'clientIp':
      return { connection_properties: { source_ip: true } };
    case 'header':
      return { header: { header_name: key.name } };
    case 'query':
      return { query_parameter: { name: key.name } };
    case 'cookie':
      return {
        cookie: {
          name: key.name,
          // Envoy sets the cookie only where a lifetime is given; without a path it would hold for the folder of the first request.
          ...(key.ttlMs === undefined ? {} : { ttl: duration(key.ttlMs), path: key.cookiePath ?? '/' }),
        },
      };
  }
}
