// A raw xDS client: sends exactly the requests it is told to, answers nothing by itself and shows every response. Asserts nothing.
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import type { DeltaDiscoveryRequest } from '../../src/proto/generated/envoy/service/discovery/v3/DeltaDiscoveryRequest.ts';
import type { DeltaDiscoveryResponseOutput } from '../../src/proto/generated/envoy/service/discovery/v3/DeltaDiscoveryResponse.ts';
import type { DiscoveryRequest } from '../../src/proto/generated/envoy/service/discovery/v3/DiscoveryRequest.ts';
import type { DiscoveryResponseOutput } from '../../src/proto/generated/envoy/service/discovery/v3/DiscoveryResponse.ts';
import type { ResourceOutput } from '../../src/proto/generated/envoy/service/discovery/v3/Resource.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { contentOf, type TypeLabel, testApi } from './snapshots.ts';

export type WireVariant = 'sotw' | 'delta';

export interface RawResponse {
  readonly typeUrl: string;
  /** `version_info` or `system_version_info`. */
  readonly version: string;
  readonly nonce: string;
  readonly controlPlane: string | undefined;
  /** Name → the text that the resource was built from. */
  readonly resources: Readonly<Record<string, string>>;
  /** Names as they came, so that doubles show. */
  readonly names: readonly string[];
  /** Delta: name → resource version. */
  readonly versions: Readonly<Record<string, string>>;
  /** Type URLs of the resources themselves. */
  readonly anyTypeUrls: readonly string[];
  readonly removed: readonly string[];
  /** `resource_errors`: name → code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Name → aliases, of those that have any. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  /** Name → time to live in milliseconds, of those that have one. */
  readonly ttls: Readonly<Record<string, number>>;
  /** Names that came without a body. */
  readonly bodiless: readonly string[];
  readonly bytes: number;
}

export interface StreamEnd {
  readonly code: number;
  readonly details: string;
}

export interface RawStream {
  send(request: DiscoveryRequest | DeltaDiscoveryRequest): void;
  /** Bytes that need not be a message. */
  sendBytes(bytes: Buffer): void;
  /** The next response that was not taken yet; rejects if the stream ends or 15 s pass. */
  next(): Promise<RawResponse>;
  /** Responses that came and were not taken. */
  readonly waiting: readonly RawResponse[];
  readonly ended: Promise<StreamEnd>;
  readonly isOpen: boolean;
  cancel(): void;
  halfClose(): void;
  /** Stops reading from the transport until `resume`. */
  pause(): void;
  resume(): void;
}

export interface XdsChannel {
  /** `service`: the label of a separate service; the aggregated one without. */
  open(variant: WireVariant, service?: TypeLabel): RawStream;
  /** Any method, such as one that is not served. */
  openPath(path: string, variant?: WireVariant): RawStream;
  close(): void;
}

const SERVICES: Readonly<Partial<Record<TypeLabel, readonly [service: string, plural: string]>>> = {
  Listener: ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners'],
  RouteConfiguration: ['envoy.service.route.v3.RouteDiscoveryService', 'Routes'],
  Cluster: ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters'],
  ClusterLoadAssignment: ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints'],
  Secret: ['envoy.service.secret.v3.SecretDiscoveryService', 'Secrets'],
  Runtime: ['envoy.service.runtime.v3.RuntimeDiscoveryService', 'Runtime'],
  TypedExtensionConfig: ['envoy.service.extension.v3.ExtensionConfigDiscoveryService', 'ExtensionConfigs'],
  ScopedRouteConfiguration: ['envoy.service.route.v3.ScopedRoutesDiscoveryService', 'ScopedRoutes'],
  VirtualHost: ['envoy.service.route.v3.VirtualHostDiscoveryService', 'VirtualHosts'],
  LbEndpoint: ['envoy.service.endpoint.v3.LocalityEndpointDiscoveryService', 'LocalityEndpoints'],
};

const TIMEOUT_MS = 15_000;

export function openChannel(port: number): XdsChannel {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
  });
  const openPath = (path: string, variant: WireVariant = 'sotw'): RawStream => {
    const same = (bytes: Buffer): Buffer => bytes;
    return rawStream(client.makeBidiStreamRequest(path, same, same), variant);
  };
  return {
    open: (variant, service) => openPath(pathOf(variant, service), variant),
    openPath,
    close: () => client.close(),
  };
}

function pathOf(variant: WireVariant, service: TypeLabel | undefined): string {
  const form = variant === 'sotw' ? 'Stream' : 'Delta';
  if (service === undefined) return `/envoy.service.discovery.v3.AggregatedDiscoveryService/${form}AggregatedResources`;
  const [name, plural] = SERVICES[service] ?? [];
  if (name === undefined) throw new Error(`there is no separate service for ${service}`);
  return `/${name}/${form}${plural}`;
}

function rawStream(call: ClientDuplexStream<Buffer, Buffer>, variant: WireVariant): RawStream {
  const waiting: RawResponse[] = [];
  const takers: { readonly take: (response: RawResponse) => void; readonly fail: (error: Error) => void }[] = [];
  let end: StreamEnd | undefined;
  call.on('data', (bytes: Buffer) => {
    const response = readResponse(bytes, variant);
    const taker = takers.shift();
    if (taker === undefined) waiting.push(response);
    else taker.take(response);
  });
  call.on('error', () => {});
  const ended = new Promise<StreamEnd>((resolve) => {
    call.on('status', ({ code, details }) => {
      end = { code, details };
      for (const { fail } of takers.splice(0)) fail(new Error(`the stream ended: ${code} ${details}`));
      resolve(end);
    });
  });
  const type = `envoy.service.discovery.v3.${variant === 'sotw' ? 'DiscoveryRequest' : 'DeltaDiscoveryRequest'}`;
  return {
    waiting,
    ended,
    get isOpen() {
      return end === undefined;
    },
    send: (request) => void call.write(testApi().encode(type, request)),
    sendBytes: (bytes) => void call.write(bytes),
    next: () => {
      const first = waiting.shift();
      if (first !== undefined) return Promise.resolve(first);
      if (end !== undefined) return Promise.reject(new Error(`the stream ended: ${end.code} ${end.details}`));
      return nextOf(takers);
    },
    cancel: () => call.cancel(),
    halfClose: () => call.end(),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
  };
}

function nextOf(takers: { readonly take: (response: RawResponse) => void; readonly fail: (error: Error) => void }[]): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`no response within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      const index = takers.indexOf(taker);
      if (index >= 0) takers.splice(index, 1);
      reject(error);
    };
    const take = (response: RawResponse): void => {
      clearTimeout(timer);
      resolve(response);
    };
    const taker = { take, fail };
    takers.push(taker);
  });
}

function readResponse(bytes: Buffer, variant: WireVariant): RawResponse {
  return variant === 'sotw' ? readSotw(bytes) : readDelta(bytes);
}

function readSotw(bytes: Buffer): RawResponse {
  const message = testApi().decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
  const resources = (message.resources ?? []).map((any) => {
    const { type_url: typeUrl, value } = any as { type_url?: string; value?: Buffer };
    if (typeUrl !== WRAPPER) return readAny(any);
    return { ...readResource(testApi().decode('envoy.service.discovery.v3.Resource', value ?? Buffer.alloc(0))), typeUrl };
  });
  return {
    ...common(message, resources),
    version: message.version_info ?? '',
    versions: {},
    removed: [],
    bytes: bytes.length,
  };
}

function readDelta(bytes: Buffer): RawResponse {
  const message = testApi().decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes);
  const resources = (message.resources ?? []).map(readResource);
  return {
    ...common(message, resources),
    version: message.system_version_info ?? '',
    versions: Object.fromEntries(resources.map(({ name, version }) => [name, version ?? ''])),
    removed: message.removed_resources ?? [],
    bytes: bytes.length,
  };
}

const WRAPPER = 'type.googleapis.com/envoy.service.discovery.v3.Resource';

interface ReadResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly content: string;
  readonly version?: string;
  readonly aliases?: readonly string[];
  readonly ttlMs?: number;
  readonly isBodiless?: boolean;
}

function common(
  message: DiscoveryResponseOutput | DeltaDiscoveryResponseOutput,
  resources: readonly ReadResource[],
): Omit<RawResponse, 'version' | 'versions' | 'removed' | 'bytes'> {
  const having = <Value>(of: (resource: ReadResource) => Value | undefined): Record<string, Value> =>
    Object.fromEntries(
      resources.flatMap((resource) => {
        const value = of(resource);
        return value === undefined ? [] : [[resource.name, value] as const];
      }),
    );
  return {
    typeUrl: message.type_url ?? '',
    nonce: message.nonce ?? '',
    controlPlane: message.control_plane?.identifier,
    resources: having(({ content, isBodiless }) => (isBodiless === true ? undefined : content)),
    names: resources.map(({ name }) => name),
    anyTypeUrls: resources.map(({ typeUrl }) => typeUrl),
    errors: Object.fromEntries(
      (message.resource_errors ?? []).map(({ resource_name: of, error_detail: why }) => [of?.name ?? '', why?.code ?? 0]),
    ),
    aliases: having(({ aliases }) => (aliases?.length === 0 ? undefined : aliases)),
    ttls: having(({ ttlMs }) => ttlMs),
    bodiless: resources.filter(({ isBodiless }) => isBodiless).map(({ name }) => name),
  };
}

function readResource({ name, version, resource, aliases, ttl }: ResourceOutput): ReadResource {
  return {
    ...readAny(resource),
    name: name ?? '',
    version: version ?? '',
    ...(aliases === undefined ? {} : { aliases }),
    ...(ttl === undefined ? {} : { ttlMs: Number(ttl.seconds ?? 0) * 1000 + (ttl.nanos ?? 0) / 1_000_000 }),
    isBodiless: resource === undefined,
  };
}

function readAny(any: unknown): ReadResource {
  const { type_url: typeUrl = '', value = Buffer.alloc(0) } = (any ?? {}) as { type_url?: string; value?: Buffer };
  const isKnown = (Object.values(TYPE_URLS) as string[]).includes(typeUrl);
  return { typeUrl, ...(isKnown ? contentOf(typeUrl, value) : { name: '', content: '' }) };
}
