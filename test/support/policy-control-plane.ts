// The control plane as a companion sees it, without a mind of its own: sends the policies that a test gives it, and records every request.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { EnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { eventually } from './eventually.ts';

export type PolicyKind = 'AuthPolicy' | 'ApiKeySet' | 'Secret';

export interface SentResource {
  readonly name: string;
  /** Default 1. */
  readonly version?: string;
  readonly bytes: Uint8Array;
  /** What it says it is. Default: what was asked for. */
  readonly type?: PolicyKind;
}

export interface RecordedRequest {
  /** Number of the stream, from 1. */
  readonly stream: number;
  readonly kind: string;
  readonly nonce: string;
  readonly error: string | undefined;
  readonly subscribe: readonly string[];
  readonly held: Readonly<Record<string, string>>;
  /** On the first request of a stream. */
  readonly node:
    | { readonly id: string; readonly gateway: string; readonly role: string; readonly endpoints: readonly string[] }
    | undefined;
}

export interface PolicyControlPlane {
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** Open streams by the gateway of their node, oldest first. */
  streams(gateway: string): readonly number[];
  /** Streams that their client ended in order. */
  readonly halfClosed: readonly number[];
  /** Sends to the newest stream of the gateway; gives the nonce. */
  send(gateway: string, kind: PolicyKind, resources: readonly SentResource[], removed?: readonly string[]): string;
  answered(nonce: string): Promise<RecordedRequest>;
  /** Waits for the newest stream's first requests. */
  subscribed(gateway: string, after?: number): Promise<RecordedRequest>;
  close(): void;
}

interface Stream {
  readonly number: number;
  readonly call: ServerDuplexStream<Buffer, Buffer>;
  gateway: string;
  isOpen: boolean;
}

export async function startPolicyControlPlane(api: EnvoyApi, port = 0): Promise<PolicyControlPlane> {
  const requests: RecordedRequest[] = [];
  const streams: Stream[] = [];
  const halfClosed: number[] = [];
  let sent = 0;
  const server = new Server();
  server.addService(api.service('envoy.service.discovery.v3.AggregatedDiscoveryService'), {
    DeltaAggregatedResources: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const stream: Stream = { number: streams.length + 1, call, gateway: '', isOpen: true };
      streams.push(stream);
      call.on('data', (bytes: Buffer) => {
        const request = recorded(api, bytes, stream.number);
        if (request.node !== undefined) stream.gateway = request.node.gateway;
        requests.push(request);
      });
      call.on('error', () => {}).on('cancelled', () => void (stream.isOpen = false));
      call.on('end', () => {
        // A stream that breaks ends too, a moment before it says that it broke.
        setTimeout(() => {
          if (stream.isOpen) halfClosed.push(stream.number);
          stream.isOpen = false;
          call.end();
        }, 50);
      });
    },
  });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, number) =>
      error === null ? resolve(number) : reject(error),
    ),
  );
  const open = (gateway: string): Stream[] => streams.filter((stream) => stream.isOpen && stream.gateway === gateway);
  return {
    port: bound,
    requests,
    halfClosed,
    streams: (gateway) => open(gateway).map(({ number }) => number),
    send: (gateway, kind, resources, removed = []) => {
      sent += 1;
      open(gateway)
        .at(-1)
        ?.call.write(response(kind, `nonce-${sent}`, { resources, removed }));
      return `nonce-${sent}`;
    },
    answered: (nonce) => eventually(() => requests.find((request) => request.nonce === nonce), { what: `an answer to ${nonce}` }),
    subscribed: (gateway, after = 0) =>
      eventually(() => requests.findLast(({ node, stream }) => node?.gateway === gateway && stream > after), {
        what: `a stream of ${gateway}`,
      }),
    close: () => server.forceShutdown(),
  };
}

function recorded(api: EnvoyApi, bytes: Buffer, stream: number): RecordedRequest {
  const request = api.decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', bytes);
  const own = request.node?.metadata?.fields?.['chancery']?.struct_value?.fields;
  return {
    stream,
    kind: (request.type_url ?? '').split('.').at(-1) ?? '',
    nonce: request.response_nonce ?? '',
    error: request.error_detail?.message,
    subscribe: request.resource_names_subscribe ?? [],
    held: request.initial_resource_versions ?? {},
    node:
      request.node?.cluster === undefined
        ? undefined
        : {
            id: request.node.id ?? '',
            gateway: request.node.cluster,
            role: own?.['role']?.string_value ?? '',
            endpoints: (own?.['endpoints']?.list_value?.values ?? []).map((value) => value.string_value ?? ''),
          },
  };
}

/** By hand, so that a resource may hold what no encoder of ours would write. */
function response(
  kind: PolicyKind,
  nonce: string,
  { resources, removed }: { readonly resources: readonly SentResource[]; readonly removed: readonly string[] },
): Buffer {
  const url = Buffer.from(TYPE_URLS[kind]);
  return Buffer.concat([
    ...resources.map(({ name, version = '1', bytes, type = kind }) =>
      field(
        2,
        Buffer.concat([
          field(1, Buffer.from(version)),
          field(2, Buffer.concat([field(1, Buffer.from(TYPE_URLS[type])), field(2, bytes)])),
          field(3, Buffer.from(name)),
        ]),
      ),
    ),
    field(4, url),
    field(5, Buffer.from(nonce)),
    ...removed.map((name) => field(6, Buffer.from(name))),
  ]);
}

function field(number: number, value: Uint8Array): Buffer {
  const head = [number * 8 + 2];
  let length = value.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return Buffer.concat([Buffer.from([...head, length]), value]);
}
