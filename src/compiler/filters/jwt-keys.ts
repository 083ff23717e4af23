// The jwt_authn filter of a gateway: what policies need of it as plain data, and the filter itself once keys are known. Keys that are fetched
// come while the gateway runs (C5): whoever has them calls `keyedResources`, in whatever thread; so this file must load nothing else of the compiler.
import { any } from '../../proto/any.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { JwtProvider } from '../../proto/generated/envoy/extensions/filters/http/jwt_authn/v3/JwtProvider.ts';
import type { JwtRequirement } from '../../proto/generated/envoy/extensions/filters/http/jwt_authn/v3/JwtRequirement.ts';
import { TYPE_URLS } from '../../proto/type-urls.ts';
import { nameOfFilterSlot } from '../names.ts';

/** Survives JSON and structured clones. */
export interface JwtTemplate {
  /** Sorted by id. */
  readonly providers: readonly JwtTemplateProvider[];
  /** Sorted by name. */
  readonly requirements: readonly JwtTemplateRequirement[];
}

export interface JwtTemplateProvider {
  /** `<name>@<16 hex of all that it says>`, so that the providers of several revisions stand in one filter. */
  readonly id: string;
  /** Name in `jwt:`. */
  readonly provider: string;
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly keys: JwtTemplateKeys;
  /** All but the keys. */
  readonly settings: JwtProvider;
}

export type JwtTemplateKeys =
  | {
      readonly kind: 'url' | 'discovery';
      readonly url: string;
      readonly cacheForMs: number;
      readonly timeoutMs: number;
      readonly serveStaleForMs: number;
      /** PEM; absent: the machine's own authorities. */
      readonly ca?: string;
    }
  /** The canonical set (A19); without keys nothing can be decided. */
  | { readonly kind: 'inline'; readonly jwks?: string };

export interface JwtTemplateRequirement {
  /** `<policy>@<version>`, by which routes name it. */
  readonly name: string;
  /** Ids; of each list one token at most, whose issuer chooses. */
  readonly groups: readonly (readonly string[])[];
  /** No token is no denial here: the rules after decide (rbac). */
  readonly isOptional: boolean;
}

/** A resource that takes the place of the one of its type and name. */
export interface KeyedResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly message: TypedExtensionConfig;
}

/**
 * The filter with keys. `templates`: the newest first, then those whose names routes may still use (C6); of equal names the first counts.
 * `keysOf`: the canonical set (A19) of a provider whose keys are fetched, as text; undefined: there are none that may be used (J5), and
 * tokens of that issuer are answered 503. Empty without any requirement: then the slot is served empty.
 */
export function keyedResources(templates: readonly JwtTemplate[], keysOf: (id: string) => string | undefined): readonly KeyedResource[] {
  const oldestFirst = templates.toReversed();
  const requirements = new Map(oldestFirst.flatMap((template) => template.requirements.map((each) => [each.name, each])));
  const providers = new Map(oldestFirst.flatMap((template) => template.providers.map((each) => [each.id, each])));
  if (requirements.size === 0) return [];
  const named = [...new Set([...requirements.values()].flatMap((each) => each.groups.flat()))].sort();
  const message: TypedExtensionConfig = {
    name: nameOfFilterSlot('jwt'),
    typed_config: any('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
      providers: Object.fromEntries(
        named.flatMap((id) => {
          const provider = providers.get(id);
          return provider === undefined ? [] : [[id, withKeys(provider, keysOf)]];
        }),
      ),
      // Its own challenge would stand in every answer; ours come from local replies.
      strip_failure_response: true,
      requirement_map: Object.fromEntries([...requirements.values()].map((each) => [each.name, compileRequirement(each)])),
    }),
  };
  return [{ typeUrl: TYPE_URLS.TypedExtensionConfig, name: nameOfFilterSlot('jwt'), message }];
}

/** The audience of nobody: by it, and by nothing else, Envoy refuses tokens of an issuer without keys, after their form and times. */
const NO_AUDIENCE = 'urn:chancery:keys-unavailable';

/** Envoy insists on a key. Its x is the SHA-256 of `chancery: nobody has this key 1`, so nobody has the private part. */
const NO_KEY = JSON.stringify({
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      kid: NO_AUDIENCE,
      x: 'Jmtbc05JFjPKJeq3dPLOWfa6rDLpBLuDjrgZ0B-KzXM',
      y: 'wsMf230Moi_YH_-AOcm6a6d35xy_qn92XueREFi960g',
    },
  ],
});

function withKeys({ id, keys, settings }: JwtTemplateProvider, keysOf: (id: string) => string | undefined): JwtProvider {
  const text = keys.kind === 'inline' ? keys.jwks : keysOf(id);
  return text === undefined
    ? { ...settings, audiences: [NO_AUDIENCE], local_jwks: { inline_string: NO_KEY } }
    : { ...settings, local_jwks: { inline_string: text } };
}

function compileRequirement({ groups, isOptional }: JwtTemplateRequirement): JwtRequirement {
  const all = groups.map((group): JwtRequirement => {
    const any: JwtRequirement[] = group.map((id) => ({ provider_name: id }));
    if (isOptional) any.push({ allow_missing: {} });
    const [only] = any;
    return any.length === 1 && only !== undefined ? only : { requires_any: { requirements: any } };
  });
  const [only] = all;
  return all.length === 1 && only !== undefined ? only : { requires_all: { requirements: all } };
}
