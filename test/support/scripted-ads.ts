// A control plane without a mind of its own: it sends what the test says, and records every request. For tests of what Envoy itself does.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { any } from '../../src/proto/any.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../../src/proto/type-urls.ts';
import { eventually } from './eventually.ts';

type Kind = keyof typeof TYPE_URLS;
type Variant = 'delta' | 'sotw';

export interface AdsRequest {
  readonly kind: string;
  /** Number of the stream, from 1. */
  readonly stream: number;
  readonly nonce: string;
  readonly error: string | undefined;
  /** Names asked for or subscribed to; all of them in the state of the world, the new ones in delta. */
  readonly names: readonly string[];
  /** `performance.now()`. */
  readonly atMs: number;
}

export interface ScriptedAds {
  readonly port: number;
  readonly requests: readonly AdsRequest[];
  /** Sends resources by name; `removed` only means something in delta. Gives the nonce. */
  send(kind: Kind, resources: Readonly<Record<string, object>>, removed?: readonly string[]): string;
  /** Waits for the ACK or NACK of that nonce. */
  answered(nonce: string, timeoutMs?: number): Promise<AdsRequest>;
  /** Waits until the name has been asked for. */
  asked(kind: Kind, name: string, stream?: number): Promise<AdsRequest>;
  /** Ends the streams; Envoy will open another. */
  cut(): void;
  close(): Promise<void>;
}

interface WireRequest {
  readonly type_url: string;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string } | null;
  readonly resource_names?: readonly string[];
  readonly resource_names_subscribe?: readonly string[];
}

export async function startScriptedAds(variant: Variant): Promise<ScriptedAds> {
  const api = loadEnvoyApi();
  const [method, prefix] = variant === 'delta' ? ['DeltaAggregatedResources', 'Delta'] : ['StreamAggregatedResources', ''];
  const requests: AdsRequest[] = [];
  const streams: ServerDuplexStream<Buffer, Buffer>[] = [];
  let sent = 0;
  const server = new Server();
  server.addService(api.service('envoy.service.discovery.v3.AggregatedDiscoveryService'), {
    [method]: (stream: ServerDuplexStream<Buffer, Buffer>) => {
      const number = streams.push(stream);
      stream.on('data', (bytes: Buffer) => {
        const wire = api.decode(`envoy.service.discovery.v3.${prefix}DiscoveryRequest`, bytes) as unknown as WireRequest;
        requests.push(requestOf(wire, number));
      });
      stream.on('error', () => {}).on('end', () => stream.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    port,
    requests,
    send: (kind, resources, removed = []) => {
      sent += 1;
      const message = variant === 'delta' ? deltaResponse(kind, resources, removed, sent) : sotwResponse(kind, resources, sent);
      streams.at(-1)?.write(api.encode(`envoy.service.discovery.v3.${prefix}DiscoveryResponse`, message));
      return `nonce-${sent}`;
    },
    answered: (nonce, timeoutMs = 5_000) =>
      eventually(() => requests.find((request) => request.nonce === nonce), { timeoutMs, what: `an answer to ${nonce}` }),
    asked: (kind, name, stream) =>
      eventually(
        () =>
          requests.find(
            (request) => request.kind === kind && request.names.includes(name) && (stream ?? request.stream) === request.stream,
          ),
        {
          what: `a request for ${kind} ${name}`,
        },
      ),
    cut: () => streams.at(-1)?.end(),
    close: async () => server.forceShutdown(),
  };
}

function requestOf(wire: WireRequest, stream: number): AdsRequest {
  return {
    kind: wire.type_url.split('.').at(-1) ?? '',
    stream,
    nonce: wire.response_nonce ?? '',
    error: wire.error_detail?.message,
    names: [...(wire.resource_names ?? []), ...(wire.resource_names_subscribe ?? [])],
    atMs: performance.now(),
  };
}

function deltaResponse(kind: Kind, resources: Readonly<Record<string, object>>, removed: readonly string[], sent: number): object {
  return {
    type_url: TYPE_URLS[kind],
    nonce: `nonce-${sent}`,
    resources: Object.entries(resources).map(([name, message]) => ({ name, version: String(sent), resource: anyOf(kind, message) })),
    removed_resources: [...removed],
  };
}

function sotwResponse(kind: Kind, resources: Readonly<Record<string, object>>, sent: number): object {
  return {
    type_url: TYPE_URLS[kind],
    nonce: `nonce-${sent}`,
    version_info: String(sent),
    resources: Object.values(resources).map((message) => anyOf(kind, message)),
  };
}

function anyOf(kind: Kind, message: object): object {
  return any(typeNameOf(TYPE_URLS[kind]) as Parameters<typeof any>[0], message as never);
}

/** A bootstrap that takes listeners and clusters from this control plane. */
export function adsBootstrap(port: number, variant: Variant): object {
  const http2 = {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicit_http_config: { http2_protocol_options: {} },
  };
  return {
    node: { id: 'facts', cluster: 'facts' },
    dynamic_resources: {
      ads_config: {
        api_type: variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'ads' } }],
      },
      cds_config: { ads: {}, resource_api_version: 'V3' },
      lds_config: { ads: {}, resource_api_version: 'V3' },
    },
    static_resources: {
      clusters: [
        {
          name: 'ads',
          connect_timeout: '1s',
          typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
          load_assignment: {
            cluster_name: 'ads',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } }] }],
          },
        },
      ],
    },
  };
}
