// API keys that Envoy itself holds, where the user has asked for that: the keys stand in the route, in every proxy.
import type { ApiKeySource, AuthModel, AuthPolicy, Consumer, Requirements } from '../../model/auth/types.ts';
import { any } from '../../proto/any.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { ApiKeyAuthPerRoute } from '../../proto/generated/envoy/extensions/filters/http/api_key_auth/v3/ApiKeyAuthPerRoute.ts';
import { nameOfFilterSlot } from '../names.ts';
import { leavesOf } from './policy-parts.ts';

export const API_KEY_FILTER = nameOfFilterSlot('api-key');

/** What fills the slot; all that it does comes with the route. */
export const API_KEY_AUTH: TypedExtensionConfig = {
  name: API_KEY_FILTER,
  typed_config: any('envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth', {}),
};

/** Undefined for a policy that takes no API keys. */
export function compileApiKeyAuth({ rule }: AuthPolicy, auth: AuthModel): ApiKeyAuthPerRoute | undefined {
  for (const leaf of leavesOf(rule)) {
    const source = leaf.kind === 'apiKeys' ? auth.apiKeys.find(({ name }) => name === leaf.source) : undefined;
    if (leaf.kind === 'apiKeys' && source !== undefined) return compileSource(source, leaf.requirements);
  }
  return undefined;
}

/** An empty list would allow all; no consumer has this name. */
const NOBODY = '/nobody';

function compileSource({ from, consumers, consumerHeaders, keepCredential }: ApiKeySource, requirements: Requirements): ApiKeyAuthPerRoute {
  const [header] = consumerHeaders;
  const asksScopes = requirements.scopes.length + requirements.anyScope.length > 0;
  const allowed = consumers.filter((consumer) => holdsScopes(consumer, requirements)).map(({ name }) => name);
  return {
    credentials: consumers.flatMap(({ name, plain }) => plain.map((key) => ({ key: key.reveal(), client: name }))),
    key_sources: from.map((source) => ({ [source.kind]: source.name })),
    ...(asksScopes ? { allowed_clients: allowed.length === 0 ? [NOBODY] : allowed } : {}),
    forwarding: { ...(header === undefined ? {} : { header }), hide_credentials: !keepCredential },
  };
}

function holdsScopes({ scopes }: Consumer, { scopes: all, anyScope }: Requirements): boolean {
  return all.every((scope) => scopes.includes(scope)) && (anyScope.length === 0 || anyScope.some((scope) => scopes.includes(scope)));
}
