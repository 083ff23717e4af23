// A proxyless gRPC client and its backends: `@grpc/grpc-js-xds` as a foreign implementation of the protocol. Asserts nothing.
import { Client, credentials, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import { compileGrpcBootstrap } from '../../src/compiler/grpc-bootstrap.ts';
import { bytesService } from '../../src/grpc/bytes-service.ts';
import type { Contents } from './snapshots.ts';

register();

/** The option by which a channel takes its own bootstrap instead of the environment's. */
export const BOOTSTRAP_OPTION = 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config';

const SERVICE = 'test.Echo';
const PATH = `/${SERVICE}/Call`;
const same = (bytes: Buffer): Buffer => bytes;

export interface Backend {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Answers each call with its name. */
export async function startBackend(name: string): Promise<Backend> {
  const server = new Server();
  server.addService(bytesService(SERVICE, { Call: {} }), {
    Call: (_call: unknown, reply: (error: null, bytes: Buffer) => void) => reply(null, Buffer.from(name)),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    name,
    port,
    close: async () => server.forceShutdown(),
  };
}

export function grpcBootstrap(xdsPort: number, gateway: string, nodeId = 'grpc-1'): string {
  return JSON.stringify(compileGrpcBootstrap({ nodeId, gateway, xds: { host: '127.0.0.1', port: xdsPort } }));
}

export interface GrpcCaller {
  /** Name of the backend that answered. */
  call(timeoutMs?: number): Promise<string>;
  /** Calls one after the other until told to stop, and gives what failed. */
  keepCalling(): { stop(): Promise<{ readonly count: number; readonly failures: readonly string[] }> };
  close(): void;
}

/** A client of `xds:///target`. */
export function grpcCaller(target: string, bootstrap: string): GrpcCaller {
  const client = new Client(`xds:///${target}`, credentials.createInsecure(), { [BOOTSTRAP_OPTION]: bootstrap });
  const call = (timeoutMs = 15_000): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      client.makeUnaryRequest(PATH, same, same, Buffer.alloc(0), options, (error: ServiceError | null, bytes?: Buffer) =>
        error === null ? resolve(String(bytes)) : reject(error),
      );
    });
  return { call, keepCalling: () => keepCalling(call), close: () => client.close() };
}

function keepCalling(call: () => Promise<string>): ReturnType<GrpcCaller['keepCalling']> {
  const failures: string[] = [];
  const state = { isOn: true, count: 0 };
  const done = (async () => {
    while (state.isOn) {
      state.count += 1;
      await call().catch((error: Error) => failures.push(error.message));
    }
  })();
  return {
    stop: async () => {
      state.isOn = false;
      await done;
      return { count: state.count, failures };
    },
  };
}

export interface GrpcGateway {
  /** Target, which is the listener's name → cluster, or clusters by weight. */
  readonly targets: Readonly<Record<string, string | Readonly<Record<string, number>>>>;
  /** Cluster → port of its only endpoint. */
  readonly clusters: Readonly<Record<string, number>>;
  /** Put into each endpoint's metadata. */
  readonly ballast?: string;
}

/** Hand-made resources for a proxyless client (G7, G17, G22). */
export function grpcContents({ targets, clusters, ballast }: GrpcGateway): Contents {
  return {
    Listener: mapped(targets, (name) => ({ name, api_listener: { api_listener: connectionManager(name) } })),
    RouteConfiguration: mapped(targets, (name, to) => ({
      name,
      virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '' }, route: route(to) }] }],
    })),
    Cluster: mapped(clusters, (name) => ({
      name,
      type: 'EDS',
      eds_cluster_config: { eds_config: ADS },
      lrs_server: { self: {} },
    })),
    ClusterLoadAssignment: mapped(clusters, (name, port) => ({
      cluster_name: name,
      endpoints: [
        {
          locality: { region: 'eu', zone: 'a' },
          load_balancing_weight: { value: 1 },
          lb_endpoints: [{ endpoint: { address: loopback(port) }, ...(ballast === undefined ? {} : { metadata: metadata(ballast) }) }],
        },
      ],
    })),
  };
}

/** The listener of a server, with the address that it serves (G26). */
export function serverListener(name: string, port: number): object {
  return {
    name,
    address: loopback(port),
    filter_chains: [
      {
        filters: [
          {
            name: 'http',
            typed_config: {
              '@type': HTTP_CONNECTION_MANAGER,
              stat_prefix: name,
              route_config: {
                name: 'inline',
                virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '' }, non_forwarding_action: {} }] }],
              },
              http_filters: [ROUTER],
            },
          },
        ],
      },
    ],
  };
}

const ADS = { ads: {}, resource_api_version: 'V3' };
const HTTP_CONNECTION_MANAGER = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = { name: 'router', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } };

function connectionManager(routes: string): object {
  return {
    '@type': HTTP_CONNECTION_MANAGER,
    stat_prefix: routes,
    rds: { route_config_name: routes, config_source: ADS },
    http_filters: [ROUTER],
  };
}

function route(to: string | Readonly<Record<string, number>>): object {
  if (typeof to === 'string') return { cluster: to };
  return { weighted_clusters: { clusters: Object.entries(to).map(([name, value]) => ({ name, weight: { value } })) } };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function metadata(text: string): object {
  return { filter_metadata: { ballast: { fields: { text: { string_value: text } } } } };
}

function mapped<Value>(
  values: Readonly<Record<string, Value>>,
  make: (name: string, value: Value) => object,
): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(name, value)]));
}
