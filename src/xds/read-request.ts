// Discovery requests from bytes. The only file of the xDS server that decodes; throws ERR_DECODE for bytes that are no request.
import type { EnvoyApi } from '../proto/api.ts';
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { ResourceLocatorOutput } from '../proto/generated/envoy/service/discovery/v3/ResourceLocator.ts';
import type { StatusOutput } from '../proto/generated/google/rpc/Status.ts';
import { isXdstp, normalName } from '../snapshot/resource-name.ts';
import type { DiscoveryRequest } from './request.ts';
import type { Variant } from './subscription.ts';
import { splitTextMap } from './wire.ts';

export interface ReadRequest {
  /** Surely there only in a stream's first message (X3). */
  readonly node: NodeOutput | undefined;
  readonly request: DiscoveryRequest;
}

export type RequestReader = (bytes: Buffer) => ReadRequest;

export function requestReader(api: EnvoyApi, variant: Variant): RequestReader {
  return variant === 'sotw' ? (bytes) => readSotw(api, bytes) : (bytes) => readDelta(api, bytes);
}

function readSotw(api: EnvoyApi, bytes: Buffer): ReadRequest {
  const message = api.decode('envoy.service.discovery.v3.DiscoveryRequest', bytes);
  return {
    node: message.node ?? undefined,
    request: {
      typeUrl: message.type_url ?? '',
      nonce: message.response_nonce ?? '',
      error: errorOf(message.error_detail),
      isResuming: (message.version_info ?? '') !== '',
      names: { variant: 'sotw', list: allNames(message.resource_names, message.resource_locators) },
    },
  };
}

/** Field number in DeltaDiscoveryRequest. */
const INITIAL_RESOURCE_VERSIONS = 5;

function readDelta(api: EnvoyApi, bytes: Buffer): ReadRequest {
  // A client that comes back names all it holds: that map is read here, for it is most of the request (P11).
  const split = splitTextMap(bytes, INITIAL_RESOURCE_VERSIONS);
  const message = api.decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', split?.rest ?? bytes);
  const initialVersions = split?.map ?? new Map(Object.entries(message.initial_resource_versions ?? {}));
  return {
    node: message.node ?? undefined,
    request: {
      typeUrl: message.type_url ?? '',
      nonce: message.response_nonce ?? '',
      error: errorOf(message.error_detail),
      isResuming: initialVersions.size > 0,
      names: {
        variant: 'delta',
        subscribe: allNames(message.resource_names_subscribe, message.resource_locators_subscribe),
        unsubscribe: allNames(message.resource_names_unsubscribe, message.resource_locators_unsubscribe),
        initialVersions,
      },
    },
  };
}

/** Of a locator the name counts; its parameters choose among variants that we do not have (X93). Names compare normalised (X91). */
function allNames(names: readonly string[] | undefined, locators: readonly ResourceLocatorOutput[] | undefined): readonly string[] {
  const located = (locators ?? []).map((locator) => locator.name ?? '');
  const all = located.length === 0 ? (names ?? []) : [...(names ?? []), ...located];
  return all.some(isXdstp) ? all.map(normalName) : all;
}

function errorOf(status: StatusOutput | null | undefined): DiscoveryRequest['error'] {
  return status === null || status === undefined ? undefined : { code: status.code ?? 0, message: status.message ?? '' };
}
