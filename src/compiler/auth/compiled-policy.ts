// A policy as routes use it: its form, its version, and what each route that names it says to the filters.
import type { AuthModel, AuthPolicy } from '../../model/auth/types.ts';
import { any } from '../../proto/any.ts';
import type { AuthPolicy as AuthPolicyMessage } from '../../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { Any } from '../../proto/generated/google/protobuf/Any.ts';
import { nameOfFilterSlot, nameOfRequirement } from '../names.ts';
import { accessPolicies } from './access.ts';
import { API_KEY_FILTER, compileApiKeyAuth } from './api-key-auth.ts';
import { challengesOf } from './challenges.ts';
import { type AuthzSlot, authzSlotOf } from './ext-authz.ts';
import { policyForm } from './form.ts';
import { credentialPolicies, pathPolicies } from './hygiene.ts';
import { CLIENT_IP_HEADER, compileIdentityStamps, HEADER_BYTES, IDENTITY_FILTER, type Stamp } from './identity.ts';
import { compilePolicy, type PolicyContext } from './policy-message.ts';
import { jwtProvidersOf, leavesOf, sourcesOf } from './policy-parts.ts';
import { ACCESS_FILTER, compileDenials, HYGIENE_FILTER } from './rbac-filters.ts';

export interface CompiledPolicy {
  readonly policy: AuthPolicy;
  readonly form: 'proxy' | 'companion';
  readonly version: string;
  /** Equal for policies that say the same to routes. */
  readonly key: string;
  readonly message: AuthPolicyMessage;
  /** By filter; the same objects for all routes. */
  readonly configs: Readonly<Record<string, Any>>;
  /** The instance that asks a companion; absent in the compiled form. */
  readonly slot?: AuthzSlot;
  readonly challenges: Readonly<Record<string, string>>;
  /** Headers with credentials that backends do not get (H8), and what was stamped for us alone; the companion removes its own. */
  readonly removedHeaders: readonly string[];
  /** Headers that the identity filter writes, already in `configs`. */
  readonly stamps: readonly Stamp[];
}

/** `versionOf` hashes the message without its version (D2). */
export function compileAuthPolicy(
  policy: AuthPolicy,
  context: PolicyContext,
  versionOf: (message: AuthPolicyMessage) => string,
): CompiledPolicy {
  const { auth, gateway } = context;
  const message = compilePolicy(policy, context);
  const version = versionOf(message);
  const { form } = policyForm(policy, auth);
  const slot = form === 'companion' ? authzSlotOf(policy) : undefined;
  return {
    policy,
    form,
    version,
    key: `${form} ${slot ?? ''} ${version}`,
    message: { ...message, version },
    configs: slot === undefined ? proxyConfigs(policy, context, version) : companionConfigs(policy, context),
    ...(slot === undefined ? {} : { slot }),
    challenges: slot === undefined ? challengesOf(policy, auth, gateway) : {},
    removedHeaders: slot === undefined ? removedHeaders(policy, auth) : [],
    stamps: slot === undefined ? proxyStamps(policy, auth) : addressStamps(policy),
  };
}

function proxyConfigs(policy: AuthPolicy, { auth, paths }: PolicyContext, version: string): Readonly<Record<string, Any>> {
  const providers = jwtProvidersOf(policy, auth);
  const keys = sourcesOf({ ...policy, rule: policy.rule }, { ...auth, jwt: [] }).flatMap((source) =>
    source.kind === 'header' ? [source.name] : [],
  );
  const apiKeys = compileApiKeyAuth(policy, auth);
  const stamps = proxyStamps(policy, auth);
  return {
    [HYGIENE_FILTER]: compileDenials({ ...pathPolicies(paths), ...credentialPolicies(providers, keys) }),
    ...(stamps.length === 0 ? {} : { [IDENTITY_FILTER]: compileIdentityStamps(stamps) }),
    ...(providers.length === 0
      ? {}
      : {
          [nameOfFilterSlot('jwt')]: any('envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig', {
            requirement_name: nameOfRequirement(policy.name, version),
          }),
        }),
    ...(apiKeys === undefined
      ? {}
      : { [API_KEY_FILTER]: any('envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute', apiKeys) }),
    [ACCESS_FILTER]: compileDenials(accessPolicies(policy, auth)),
  };
}

/** The companion looks at paths too (C3); here they are refused before they cost it anything, and whatever `onFailure` says. */
function companionConfigs(policy: AuthPolicy, { paths }: PolicyContext): Readonly<Record<string, Any>> {
  const stamps = addressStamps(policy);
  return {
    [HYGIENE_FILTER]: compileDenials(pathPolicies(paths)),
    ...(stamps.length === 0 ? {} : { [IDENTITY_FILTER]: compileIdentityStamps(stamps) }),
  };
}

function addressStamps({ rule }: AuthPolicy): readonly Stamp[] {
  const reads = leavesOf(rule).some(({ kind }) => kind === 'ips');
  return reads ? [{ header: CLIENT_IP_HEADER, value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%' }] : [];
}

function proxyStamps(policy: AuthPolicy, auth: AuthModel): readonly Stamp[] {
  return [...fingerprintStamps(policy, auth), ...(jwtProvidersOf(policy, auth).length === 0 ? [] : [HEADER_BYTES])];
}

/** Only of certificates that the policy insists on (form.ts), so a stamp on a request that gets through is always true. */
function fingerprintStamps({ rule }: AuthPolicy, { clientCertificates }: AuthModel): readonly Stamp[] {
  const names = new Set(leavesOf(rule).flatMap((leaf) => (leaf.kind === 'clientCertificate' ? [leaf.name] : [])));
  return clientCertificates
    .filter(({ name }) => names.has(name))
    .flatMap(({ forward }) => forward.map(({ header }) => ({ header, value: '%DOWNSTREAM_PEER_FINGERPRINT_256%' })));
}

function removedHeaders(policy: AuthPolicy, auth: AuthModel): readonly string[] {
  const providers = jwtProvidersOf(policy, auth);
  const going = providers.filter(({ keepCredential }) => !keepCredential);
  const credentials = going.flatMap(({ from }) => from.flatMap((source) => (source.kind === 'header' ? [source.name] : [])));
  return [...new Set([...credentials, ...(providers.length === 0 ? [] : [HEADER_BYTES.header])])].sort();
}
