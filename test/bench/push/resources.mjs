// Resources of a fleet as the compiler makes them, without the way through a file: clusters that take their endpoints over EDS, and those.
import { buildSnapshot } from '../../../dist/snapshot/build.js';
import { snapshotResource, withResource, withView } from '../../../dist/snapshot/view.js';

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const ASSIGNMENT = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const PROTOCOL = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export const clusterName = (number) => `service/orders-${number}`;

/**
 * A maker of snapshots: `edition` differs in every cluster, `edited` (a number) in that one alone. Messages are not kept: in the product they
 * live in another thread, and here they would only give the garbage collector more to walk through.
 */
export function snapshotMaker(api, { clusters, withEndpoints }) {
  const editions = new Map();
  return ({ edition = 0, edited = -1, edit = 0 } = {}) => {
    if (!editions.has(edition)) editions.set(edition, wholeSnapshot(api, { clusters, withEndpoints, edition }));
    const snapshot = editions.get(edition);
    if (edited < 0) return snapshot;
    const name = clusterName(edited);
    const resource = snapshotResource(CLUSTER, name, api.encodeAny('envoy.config.cluster.v3.Cluster', cluster(name, edition, edit)));
    return withView(snapshot, withResource(snapshot.views.get(CLUSTER), resource));
  };
}

function wholeSnapshot(api, { clusters, withEndpoints, edition }) {
  const numbers = Array.from({ length: clusters }, (_, number) => number);
  const of = (typeUrl, make) =>
    numbers.map((number) => ({ typeUrl, name: clusterName(number), message: make(clusterName(number), number) }));
  const resources = [...of(CLUSTER, (name) => cluster(name, edition, 0)), ...(withEndpoints ? of(ASSIGNMENT, assignment) : [])];
  const { snapshot, problems } = buildSnapshot({ gateway: 'edge', resources }, api);
  if (snapshot === undefined) throw new Error(`the benchmark's resources are wrong: ${JSON.stringify(problems[0])}`);
  return snapshot;
}

function cluster(name, edition, edit) {
  return {
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
    connect_timeout: { seconds: 5 + edition, nanos: edit * 1_000_000 },
    lb_policy: 'LEAST_REQUEST',
    circuit_breakers: {
      thresholds: [{ max_connections: { value: 1024 }, max_requests: { value: 500 }, max_pending_requests: { value: 100 } }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': PROTOCOL,
        explicit_http_config: { http2_protocol_options: { max_concurrent_streams: { value: 100 } } },
      },
    },
    outlier_detection: { consecutive_5xx: { value: 5 }, interval: { seconds: 10 }, base_ejection_time: { seconds: 30 } },
  };
}

function assignment(name, number) {
  const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const endpoint = (port) => ({ endpoint: { address: { socket_address: { address, port_value: port } } } });
  return { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint(8080), endpoint(8081)] }] };
}
