// The client-status service (R31, R32): per node what the server has sent it and what came of it, in the words of Envoy's API. Contents are
// shown without secrets (X100); a client sees the nodes that it may act for.

import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Peer } from '../grpc/access.ts';
import { refuse } from '../grpc/refuse.ts';
import { CallRefusal, refusalOf, type UnaryContext, unary } from '../grpc/unary.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { ClientStatusRequestOutput } from '../proto/generated/envoy/service/status/v3/ClientStatusRequest.ts';
import type { NodeMatcherOutput } from '../proto/generated/envoy/type/matcher/v3/NodeMatcher.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { SnapshotResource } from '../snapshot/types.ts';
import { type ResourceStatus, resourceStatuses, type SubscriptionView } from './client-status.ts';
import { type ClientNode, clientNode } from './node.ts';
import { matchesNode } from './node-matcher.ts';

export const CLIENT_STATUS_SERVICE = 'envoy.service.status.v3.ClientStatusDiscoveryService';

/** One stream of a client. */
export interface ClientStream {
  readonly node: ClientNode;
  readonly subscriptions: readonly SubscriptionView[];
}

/** A resource's JSON without its secrets. */
export type Redact = (typeUrl: string, json: unknown) => unknown;

export interface ClientStatusContext extends UnaryContext {
  readonly api: EnvoyApi;
  readonly clients: () => readonly ClientStream[];
  /** Default: of secrets nothing is shown, other resources as they are. */
  readonly redact?: Redact;
}

const REQUEST = 'envoy.service.status.v3.ClientStatusRequest';
const RESPONSE = 'envoy.service.status.v3.ClientStatusResponse';
const ANY = 'google.protobuf.Any';

export function clientStatusMethods(context: ClientStatusContext): UntypedServiceImplementation {
  return {
    FetchClientStatus: unary(context, (bytes, peer) => clientStatusAnswer(bytes, { ...context, peer })),
    StreamClientStatus: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const denial = context.access.admit(call);
      if (denial !== undefined) return refuse(call, denial);
      call.on('end', () => call.end());
      call.on('error', () => {});
      call.on('data', (bytes: Buffer) => {
        try {
          call.write(clientStatusAnswer(bytes, { ...context, peer: call }));
        } catch (error) {
          const { code, details } = refusalOf(error, context.logger);
          call.emit('error', Object.assign(new Error(details), { code, details }));
        }
      });
    },
  };
}

/** An encoded ClientStatusResponse to an encoded request. Throws CallRefusal and ERR_DECODE. */
export function clientStatusAnswer(bytes: Buffer, context: ClientStatusContext & { readonly peer: Peer }): Buffer {
  const { api, access, peer, clients } = context;
  const request = api.decode(REQUEST, bytes);
  if (request.node !== undefined && request.node !== null) {
    const denial = access.permit(peer, clientNode(request.node));
    if (denial !== undefined) throw new CallRefusal(denial.code, denial.details);
  }
  const meant = clients().filter(({ node }) => isMeant(request.node_matchers ?? [], node) && access.permit(peer, node) === undefined);
  const configs = [...byNode(meant).values()].map((streams) => clientConfig(streams, request, context));
  return api.encode(RESPONSE, { config: configs });
}

/** Any matcher may fit; without one nobody is meant. */
function isMeant(matchers: readonly NodeMatcherOutput[], node: ClientNode): boolean {
  return matchers.some((matcher) => matchesNode(matcher, node));
}

function byNode(streams: readonly ClientStream[]): ReadonlyMap<string, readonly ClientStream[]> {
  const nodes = new Map<string, ClientStream[]>();
  for (const stream of streams) {
    const key = JSON.stringify([stream.node.cluster, stream.node.id]);
    nodes.set(key, [...(nodes.get(key) ?? []), stream]);
  }
  return new Map([...nodes].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function clientConfig(
  streams: readonly ClientStream[],
  request: ClientStatusRequestOutput,
  context: Pick<ClientStatusContext, 'api' | 'redact'>,
): object {
  const node = streams.at(-1)?.node;
  const statuses = streams.flatMap(({ subscriptions }) => subscriptions.flatMap(resourceStatuses));
  const contents = request.exclude_resource_contents === true ? () => undefined : contentsOf(context);
  return {
    node: {
      id: node?.id ?? '',
      cluster: node?.cluster ?? '',
      ...(node?.userAgent === undefined ? {} : { user_agent_name: node.userAgent }),
      ...(node?.metadata === undefined ? {} : { metadata: node.metadata }),
    },
    generic_xds_configs: statuses.map((found) => genericConfig(found, contents)),
  };
}

/** An encoded or decoded Any; gives undefined for what is not shown. */
type Contents = (resource: SnapshotResource) => object | undefined;

function genericConfig(found: ResourceStatus, contents: Contents): object {
  const config = found.resource && contents(found.resource);
  const { refusal } = found;
  return {
    type_url: found.typeUrl,
    name: found.name,
    config_status: found.status,
    ...(found.version === undefined ? {} : { version_info: found.version }),
    ...(found.acceptedAtMs === undefined ? {} : { last_updated: timestamp(found.acceptedAtMs) }),
    ...(config === undefined ? {} : { xds_config: config }),
    ...(refusal === undefined
      ? {}
      : { error_state: { details: refusal.message, version_info: refusal.version, last_update_attempt: timestamp(refusal.atMs) } }),
  };
}

function contentsOf({ api, redact }: Pick<ClientStatusContext, 'api' | 'redact'>): Contents {
  return ({ typeUrl, any }) => {
    if (redact === undefined) return typeUrl === TYPE_URLS.Secret ? undefined : api.decode(ANY, any);
    const json = redact(typeUrl, api.toJson(ANY, api.decode(ANY, any)));
    return api.decode(ANY, api.fromJson(ANY, json));
  };
}

function timestamp(atMs: number): { readonly seconds: number; readonly nanos: number } {
  return { seconds: Math.floor(atMs / 1_000), nanos: Math.floor(atMs % 1_000) * 1_000_000 };
}
