// A control plane without a mind of its own on separate streams, one service for each type: it sends what the test says on whichever stream
// asked, and records every request. For tests of what Envoy itself does.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { any } from '../../src/proto/any.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../../src/proto/type-urls.ts';
import { eventually } from './eventually.ts';

export type SeparateKind = 'Cluster' | 'ClusterLoadAssignment' | 'Listener' | 'RouteConfiguration';

export interface SeparateRequest {
  readonly kind: SeparateKind;
  /** Number of the stream over all types, from 1. */
  readonly stream: number;
  readonly nonce: string;
  readonly error: string | undefined;
  readonly names: readonly string[];
}

export interface ScriptedSeparate {
  readonly port: number;
  readonly requests: readonly SeparateRequest[];
  /** Sends resources on the newest stream that asked for all of them (or for everything of the type). Gives the nonce. */
  send(kind: SeparateKind, resources: Readonly<Record<string, object>>, removed?: readonly string[]): string;
  answered(nonce: string, timeoutMs?: number): Promise<SeparateRequest>;
  /** Waits for the `count`th stream that asks for the name. */
  asked(kind: SeparateKind, name: string, count?: number): Promise<void>;
  close(): Promise<void>;
}

const SERVICES: Readonly<Record<SeparateKind, readonly [service: string, methods: string]>> = {
  Cluster: ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters'],
  ClusterLoadAssignment: ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints'],
  Listener: ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners'],
  RouteConfiguration: ['envoy.service.route.v3.RouteDiscoveryService', 'Routes'],
};

interface OpenStream {
  readonly kind: SeparateKind;
  readonly stream: ServerDuplexStream<Buffer, Buffer>;
  names: readonly string[];
}

interface WireRequest {
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string } | null;
  readonly resource_names?: readonly string[];
  readonly resource_names_subscribe?: readonly string[];
}

export async function startScriptedSeparate(variant: 'delta' | 'sotw'): Promise<ScriptedSeparate> {
  const api = loadEnvoyApi();
  const prefix = variant === 'delta' ? 'Delta' : '';
  const requests: SeparateRequest[] = [];
  const streams: OpenStream[] = [];
  const server = new Server();
  for (const [kind, [service, methods]] of Object.entries(SERVICES) as [SeparateKind, readonly [string, string]][]) {
    server.addService(api.service(service), {
      [`${variant === 'delta' ? 'Delta' : 'Stream'}${methods}`]: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        const open: OpenStream = { kind, stream, names: [] };
        const number = streams.push(open);
        stream.on('data', (bytes: Buffer) => {
          const wire = api.decode(`envoy.service.discovery.v3.${prefix}DiscoveryRequest`, bytes) as unknown as WireRequest;
          const names = [...(wire.resource_names ?? []), ...(wire.resource_names_subscribe ?? [])];
          if (names.length > 0) open.names = names;
          requests.push({ kind, stream: number, nonce: wire.response_nonce ?? '', error: wire.error_detail?.message, names });
        });
        stream.on('error', () => {}).on('end', () => stream.end());
      },
    });
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  let sent = 0;
  const thatAsked = (kind: SeparateKind, names: readonly string[]): readonly OpenStream[] =>
    streams.filter((open) => open.kind === kind && (open.names.length === 0 || names.every((name) => open.names.includes(name))));
  return {
    port,
    requests,
    send: (kind, resources, removed = []) => {
      sent += 1;
      const nonce = `nonce-${sent}`;
      const typeName = typeNameOf(TYPE_URLS[kind]) as Parameters<typeof any>[0];
      const entries = Object.entries(resources).map(([name, message]) => ({ name, resource: any(typeName, message as never) }));
      const message =
        variant === 'delta'
          ? { resources: entries.map((entry) => ({ ...entry, version: String(sent) })), removed_resources: [...removed] }
          : { resources: entries.map(({ resource }) => resource), version_info: String(sent) };
      const target = thatAsked(kind, Object.keys(resources)).at(-1);
      if (target === undefined) throw new Error(`nobody asked for ${kind} ${Object.keys(resources).join()}`);
      target.stream.write(
        api.encode(`envoy.service.discovery.v3.${prefix}DiscoveryResponse`, { type_url: TYPE_URLS[kind], nonce, ...message }),
      );
      return nonce;
    },
    answered: (nonce, timeoutMs = 5_000) =>
      eventually(() => requests.find((request) => request.nonce === nonce), { timeoutMs, what: `an answer to ${nonce}` }),
    asked: async (kind, name, count = 1) =>
      void (await eventually(
        () => new Set(requests.filter((each) => each.kind === kind && each.names.includes(name)).map(({ stream }) => stream)).size >= count,
        {
          what: `${kind} ${name} to be asked for ${count} times`,
        },
      )),
    close: async () => server.forceShutdown(),
  };
}
