// The runtime values that every Envoy of ours gets from its bootstrap.
import type { RuntimeLayer } from '../proto/generated/envoy/config/bootstrap/v3/RuntimeLayer.ts';

/**
 * Envoy refuses regular expressions of more than 100 steps unless told otherwise. `resolve` takes up to 1,000; it counts a class of
 * characters as one step, where Envoy, which matches bytes, counts up to 128.
 */
const MAX_PROGRAM_SIZE = 128_000;

/**
 * With a cluster of the proxies themselves Envoy would begin to prefer endpoints of its own zone, by how the proxies spread over zones, which
 * that cluster does not tell.
 */
const ZONE_ROUTING_PERCENT = 0;

export const RUNTIME_LAYER: RuntimeLayer = {
  name: 'static',
  static_layer: {
    fields: {
      're2.max_program_size.error_level': { number_value: MAX_PROGRAM_SIZE },
      'upstream.zone_routing.enabled': { number_value: ZONE_ROUTING_PERCENT },
    },
  },
};
