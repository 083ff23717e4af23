// Discovery requests from bytes. The only file of the xDS server that decodes; throws ERR_DECODE for bytes that are no request.
import type { EnvoyApi } from '../proto/api.ts';
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { ResourceLocatorOutput } from '../proto/generated/envoy/service/discovery/v3/ResourceLocator.ts';
import type { StatusOutput } from '../proto/generated/google/rpc/Status.ts';
import { isXdstp, normalName } from '../snapshot/resource-name.ts';
import { ScannedVersions } from './initial-versions.ts';
import type { InternNames, NameSet } from './name-map.ts';
import type { DiscoveryRequest } from './request.ts';
import { scanRequest } from './request-scan.ts';
import type { SotwNames } from './sotw.ts';
import type { Variant } from './subscription.ts';

export interface ReadRequest {
  /** Surely there only in a stream's first message (X3). */
  readonly node: NodeOutput | undefined;
  readonly request: DiscoveryRequest;
}

export type RequestReader = (bytes: Buffer) => ReadRequest;

/** `known`: finds the set of names that others have asked for before; without it names are read one by one. */
export function requestReader(api: EnvoyApi, variant: Variant, known?: InternNames['known']): RequestReader {
  return variant === 'sotw' ? (bytes) => readSotw(api, bulkOf(bytes, false, known)) : (bytes) => readDelta(api, bulkOf(bytes, true, known));
}

/** Fewer names and versions than these are decoded as everything else. */
const FEW = 64;

/** A request, and what was read of it without the decoder. */
interface Bulk {
  readonly rest: Buffer;
  readonly names: NameSet | undefined;
  readonly versions: ScannedVersions | undefined;
}

function bulkOf(bytes: Buffer, hasVersions: boolean, known: InternNames['known'] | undefined): Bulk {
  const scan = bytes.length < FEW ? undefined : scanRequest(bytes, hasVersions);
  if (scan === undefined) return { rest: bytes, names: undefined, versions: undefined };
  const names = scan.names.length / 2 < FEW ? undefined : known?.(bytes, scan.names);
  const versions = scan.versions.length / 4 < FEW ? undefined : new ScannedVersions(bytes, scan.versions);
  if (names === undefined && versions === undefined) return { rest: bytes, names, versions };
  const rest = scan.without({ names: names !== undefined, versions: versions !== undefined });
  return { rest, names, versions };
}

function readSotw(api: EnvoyApi, { rest, names }: Bulk): ReadRequest {
  const message = api.decode('envoy.service.discovery.v3.DiscoveryRequest', rest);
  const list = allNames(message.resource_names, message.resource_locators);
  return {
    node: message.node ?? undefined,
    request: {
      typeUrl: message.type_url ?? '',
      nonce: message.response_nonce ?? '',
      error: errorOf(message.error_detail),
      isResuming: (message.version_info ?? '') !== '',
      names: sotwNames(names, list),
    },
  };
}

function sotwNames(set: NameSet | undefined, list: readonly string[]): SotwNames {
  if (set === undefined) return { variant: 'sotw', list };
  return list.length === 0 ? { variant: 'sotw', list, set } : { variant: 'sotw', list: [...set.keys(), ...list] };
}

function readDelta(api: EnvoyApi, { rest, names, versions }: Bulk): ReadRequest {
  const message = api.decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', rest);
  const initialVersions = versions ?? new Map(Object.entries(message.initial_resource_versions ?? {}));
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
        ...(names === undefined ? {} : { subscribeSet: names }),
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
