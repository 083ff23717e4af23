// How a service spreads requests → Envoy's load balancing policy. The extension point is used instead of `lb_policy`: it is what Envoy
// develops further, each policy has its own typed settings, and gRPC clients read it first (G18).
import type { LoadBalancer } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { LoadBalancingPolicy } from '../proto/generated/envoy/config/cluster/v3/LoadBalancingPolicy.ts';
import type { Any } from '../proto/generated/google/protobuf/Any.ts';

export function compileLoadBalancer(loadBalancer: LoadBalancer): LoadBalancingPolicy {
  switch (loadBalancer.kind) {
    case 'roundRobin':
      return policy('round_robin', any('envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin', {}));
    case 'random':
      return policy('random', any('envoy.extensions.load_balancing_policies.random.v3.Random', {}));
    case 'leastRequest':
      return policy(
        'least_request',
        any('envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest', { choice_count: { value: loadBalancer.choices } }),
      );
    case 'maglev':
      return policy(
        'maglev',
        any('envoy.extensions.load_balancing_policies.maglev.v3.Maglev', { table_size: { value: loadBalancer.tableSize } }),
      );
    case 'ringHash':
      return policy(
        'ring_hash',
        any('envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash', {
          minimum_ring_size: { value: loadBalancer.minRingSize },
          maximum_ring_size: { value: loadBalancer.maxRingSize },
        }),
      );
  }
}

function policy(name: string, typedConfig: Any): LoadBalancingPolicy {
  return { policies: [{ typed_extension_config: { name: `envoy.load_balancing_policies.${name}`, typed_config: typedConfig } }] };
}
