// The proxies of a gateway as a cluster of the bootstrap and its endpoints (ratelimit R213): Envoy divides limits by how many they are. Nothing is
// ever sent there, and no address of a proxy is told to others.
import { duration } from '../proto/duration.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import type { ClusterLoadAssignment } from '../proto/generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import { ADS } from './config-source.ts';
import { FLEET_CLUSTER } from './names.ts';

const CONNECT_TIMEOUT_MS = 1_000;
/** Envoy asks for this before all else: a control plane that does not know it must not hold up the start for long. */
const FIRST_FETCH_MS = 5_000;
/** Reserved for ever: nobody answers there. */
const FIRST_BYTE = 240;
const PORT = 1;
const MOST_ENDPOINTS = 100_000;

export const COMPILED_FLEET: Cluster = {
  name: FLEET_CLUSTER,
  type: 'EDS',
  connect_timeout: duration(CONNECT_TIMEOUT_MS),
  eds_cluster_config: { eds_config: { ...ADS, initial_fetch_timeout: duration(FIRST_FETCH_MS) } },
};

/** A fleet of one, for an Envoy without a control plane. */
export const FLEET_OF_ONE: Cluster = {
  name: FLEET_CLUSTER,
  type: 'STATIC',
  connect_timeout: duration(CONNECT_TIMEOUT_MS),
  load_assignment: compileFleet(1),
};

/** `size`: 1 to 100,000; without an endpoint each proxy would take the whole rate. */
export function compileFleet(size: number): ClusterLoadAssignment {
  const count = Math.min(Math.max(1, size), MOST_ENDPOINTS);
  const lb_endpoints = Array.from({ length: count }, (_, index) => ({
    endpoint: {
      address: { socket_address: { address: `${FIRST_BYTE}.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, port_value: PORT } },
    },
  }));
  return { cluster_name: FLEET_CLUSTER, endpoints: [{ lb_endpoints }] };
}
