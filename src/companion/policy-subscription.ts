// What a companion asks the control plane for, and what it makes of an answer: requests and responses of delta xDS as plain values, and the
// versions that it holds (authz D1, D3). Opens no stream.

import { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { NamedBytes, NamedSecret, PolicyUpdate, RefusedResource } from './policy-update.ts';

/** What companions of any kind ask for. */
const POLICY_TYPES = ['AuthPolicy', 'ApiKeySet', 'RateLimitTable', 'Secret'] as const;
export type PolicyType = (typeof POLICY_TYPES)[number];

/** Type → name as the control plane says it → version. */
export type HeldVersions = Readonly<Record<PolicyType, ReadonlyMap<string, string>>>;

export const NOTHING_HELD: HeldVersions = {
  AuthPolicy: new Map(),
  ApiKeySet: new Map(),
  RateLimitTable: new Map(),
  Secret: new Map(),
};

/** A response, read. */
export interface PolicyResponse {
  readonly type: PolicyType;
  readonly nonce: string;
  readonly update: PolicyUpdate;
  /** Name → version of what the response brings. */
  readonly versions: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
  /** Resources whose wrapping is not what it should be. */
  readonly unreadable: readonly RefusedResource[];
}

const REQUEST = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const RESPONSE = 'envoy.service.discovery.v3.DeltaDiscoveryResponse';
const INVALID_ARGUMENT = 3;

/** The first request of a type on a stream: everything of it, and what is held already. `node`: on the first of all. */
export function firstRequest(
  api: Pick<EnvoyApi, 'encode'>,
  type: PolicyType,
  given: { readonly held: HeldVersions; readonly node?: object },
): Buffer {
  return api.encode(REQUEST, {
    ...(given.node === undefined ? {} : { node: given.node }),
    type_url: TYPE_URLS[type],
    resource_names_subscribe: ['*'],
    initial_resource_versions: Object.fromEntries(given.held[type]),
  });
}

/** ACK, or NACK where there is a reason. */
export function answerRequest(api: Pick<EnvoyApi, 'encode'>, { type, nonce }: PolicyResponse, reason?: string): Buffer {
  return api.encode(REQUEST, {
    type_url: TYPE_URLS[type],
    response_nonce: nonce,
    ...(reason === undefined ? {} : { error_detail: { code: INVALID_ARGUMENT, message: reason } }),
  });
}

/** Undefined for a type that was not asked for. Throws ERR_DECODE. */
export function readResponse(api: Pick<EnvoyApi, 'decode'>, bytes: Buffer, gateway: string): PolicyResponse | undefined {
  const message = api.decode(RESPONSE, bytes);
  const type = POLICY_TYPES.find((name) => TYPE_URLS[name] === message.type_url);
  if (type === undefined) return undefined;
  const unreadable: RefusedResource[] = [];
  const named: NamedBytes[] = [];
  for (const { name = '', resource } of message.resources ?? []) {
    const any = anyOf(resource);
    if (any?.typeUrl === TYPE_URLS[type]) named.push({ name, bytes: any.value });
    else unreadable.push({ name, message: `holds ${any?.typeUrl ?? 'nothing'}` });
  }
  const removed = message.removed_resources ?? [];
  const secrets: NamedSecret[] = [];
  for (const resource of type === 'Secret' ? named : []) {
    const secret = secretOf(api, resource);
    if (secret === undefined) unreadable.push({ name: resource.name, message: 'is no secret' });
    else if (secret.text !== undefined) secrets.push({ name: secretName(gateway, resource.name), value: new Secret(secret.text) });
  }
  return {
    type,
    nonce: message.nonce ?? '',
    versions: new Map((message.resources ?? []).map(({ name = '', version = '' }) => [name, version])),
    removed,
    unreadable,
    update: {
      policies: type === 'AuthPolicy' ? named : [],
      apiKeys: type === 'ApiKeySet' ? named : [],
      tables: type === 'RateLimitTable' ? named : [],
      secrets,
      removed: type === 'Secret' ? removed.map((name) => secretName(gateway, name)) : removed,
    },
  };
}

/** What is held after the response, less what was refused: of that the version before stays. */
export function heldAfter(
  held: HeldVersions,
  { type, versions, removed }: PolicyResponse,
  refused: readonly RefusedResource[],
): HeldVersions {
  const isRefused = new Set(refused.map(({ name }) => name));
  const after = new Map(held[type]);
  for (const name of removed) after.delete(name);
  for (const [name, version] of versions) if (!isRefused.has(name)) after.set(name, version);
  return { ...held, [type]: after };
}

/** Secrets of several gateways are called alike. */
function secretName(gateway: string, name: string): string {
  return `${gateway}/${name}`;
}

/** Without a text for other kinds of secret, such as certificates, which are not for companions; undefined where the bytes are none. */
function secretOf(api: Pick<EnvoyApi, 'decode'>, { bytes }: NamedBytes): { readonly text: string | undefined } | undefined {
  try {
    const source = api.decode('envoy.extensions.transport_sockets.tls.v3.Secret', bytes).generic_secret?.secret;
    return { text: source?.inline_string ?? (source?.inline_bytes && Buffer.from(source.inline_bytes).toString('utf8')) };
  } catch {
    // One that is broken must not end the stream, and with it the policies beside it.
    return undefined;
  }
}

function anyOf(resource: unknown): { readonly typeUrl: string; readonly value: Uint8Array } | undefined {
  if (typeof resource !== 'object' || resource === null || !('type_url' in resource)) return undefined;
  const { type_url: typeUrl } = resource;
  const value = 'value' in resource ? resource.value : undefined;
  if (typeof typeUrl !== 'string') return undefined;
  return { typeUrl, value: value instanceof Uint8Array ? value : new Uint8Array() };
}
