// The providers that an AuthPolicy carries, checked (D3). Equal settings of one gateway get equal ids, so that versions of policies share what
// is remembered of tokens and keys; any difference gives another id.
import { createHash } from 'node:crypto';
import type { EnvoyApi } from '../../proto/api.ts';
import type { ApiKeySourceOutput } from '../../proto/generated/chancery/policy/v1/ApiKeySource.ts';
import type { AuthPolicyOutput } from '../../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { ClientCertificateOutput } from '../../proto/generated/chancery/policy/v1/ClientCertificate.ts';
import type { IntrospectionOutput } from '../../proto/generated/chancery/policy/v1/Introspection.ts';
import type { JwtProviderOutput } from '../../proto/generated/chancery/policy/v1/JwtProvider.ts';
import type { SubjectAltNameOutput } from '../../proto/generated/chancery/policy/v1/SubjectAltName.ts';
import { filled, forwardedClaim, list, PolicyProblem, pathOf, positive, required, sourceOf, unset } from './field-checks.ts';
import type {
  ApiKeySettings,
  CertificateSettings,
  IntrospectionSettings,
  JwtSettings,
  KeySettings,
  PolicySettings,
  SubjectAltName,
} from './settings.ts';

type Providers = Pick<PolicySettings, 'jwt' | 'introspection' | 'apiKeys' | 'clientCertificates'>;

const ID_DIGITS = 16;
const PARTS = { FINGERPRINT: 'fingerprint', SUBJECT: 'subject', URI: 'uri', DNS: 'dns' } as const;
const SAN_TYPES = { DNS: 'dns', URI: 'uri', EMAIL: 'email', IP: 'ip' } as const;

export function decodeProviders(api: EnvoyApi, gateway: string, message: AuthPolicyOutput): Providers {
  const idOf = (type: string, provider: { readonly name?: string }) => {
    const digest = createHash('sha256')
      .update(api.encode(`chancery.policy.v1.${type}`, provider))
      .digest('hex');
    return `${gateway}/${provider.name}#${digest.slice(0, ID_DIGITS)}`;
  };
  return {
    jwt: list(message.jwt, (provider, field) => ({ id: idOf('JwtProvider', provider), ...jwt(provider, gateway, field) }), 'jwt'),
    introspection: list(
      message.introspection,
      (provider, field) => ({ id: idOf('Introspection', provider), ...introspection(provider, gateway, field) }),
      'introspection',
    ),
    apiKeys: list(message.api_keys, (source, field) => apiKeys(source, gateway, field), 'api_keys'),
    clientCertificates: list(message.client_certificates, certificate, 'client_certificates'),
  };
}

function token(message: JwtProviderOutput | IntrospectionOutput, field: string) {
  return {
    name: required(message.name, `${field}.name`),
    issuer: required(message.issuer, `${field}.issuer`),
    audiences: list(message.audiences, required, `${field}.audiences`),
    maxTokenBytes: positive(message.max_token_bytes, `${field}.max_token_bytes`),
    from: filled(message.from, sourceOf, `${field}.from`),
    scopeClaim: pathOf(message.scope_claim, `${field}.scope_claim`),
    forwardClaims: list(message.forward_claims, forwardedClaim, `${field}.forward_claims`),
    keepCredential: message.keep_credential ?? false,
  };
}

function jwt(message: JwtProviderOutput, gateway: string, field: string): Omit<JwtSettings, 'id'> {
  const maxLifetime = message.max_lifetime_seconds ?? 0;
  return {
    ...token(message, field),
    algorithms: filled(message.algorithms, required, `${field}.algorithms`),
    types: filled(message.types, required, `${field}.types`),
    clockSkewSeconds: message.clock_skew_seconds ?? 0,
    maxLifetimeSeconds: maxLifetime === 0 ? undefined : maxLifetime,
    keys: keys(message, gateway, field),
  };
}

function keys(message: JwtProviderOutput, gateway: string, field: string): KeySettings {
  switch (message.keys) {
    case 'remote': {
      const remote = message.remote ?? {};
      const at = `${field}.remote`;
      return {
        kind: 'remote',
        url: required(remote.url, `${at}.url`),
        discovery: remote.discovery ?? false,
        cacheForMs: positive(remote.cache_for_ms, `${at}.cache_for_ms`),
        timeoutMs: positive(remote.timeout_ms, `${at}.timeout_ms`),
        serveStaleForMs: remote.serve_stale_for_ms ?? 0,
        ca: remote.ca || undefined,
      };
    }
    case 'inline_keys':
      return { kind: 'inline', jwks: required(message.inline_keys, `${field}.inline_keys`) };
    case 'secret_name':
      return { kind: 'secret', secretName: `${gateway}/${required(message.secret_name, `${field}.secret_name`)}` };
    case undefined:
      throw unset(`${field}.keys`);
    default:
      throw unset(message.keys satisfies never);
  }
}

function introspection(message: IntrospectionOutput, gateway: string, field: string): Omit<IntrospectionSettings, 'id'> {
  return {
    ...token(message, field),
    url: required(message.url, `${field}.url`),
    clientId: required(message.client_id, `${field}.client_id`),
    clientSecretName: `${gateway}/${required(message.client_secret_name, `${field}.client_secret_name`)}`,
    timeoutMs: positive(message.timeout_ms, `${field}.timeout_ms`),
    cacheForMs: message.cache_for_ms ?? 0,
    denyForMs: message.deny_for_ms ?? 0,
    ca: message.ca || undefined,
  };
}

function apiKeys(message: ApiKeySourceOutput, gateway: string, field: string): ApiKeySettings {
  const name = required(message.name, `${field}.name`);
  return {
    name,
    setName: `${gateway}/${name}`,
    from: filled(message.from, sourceOf, `${field}.from`),
    consumerHeaders: list(message.consumer_headers, required, `${field}.consumer_headers`),
    keepCredential: message.keep_credential ?? false,
    pepperName: message.pepper_name === undefined || message.pepper_name === '' ? undefined : `${gateway}/${message.pepper_name}`,
  };
}

function certificate(message: ClientCertificateOutput, field: string): CertificateSettings {
  return {
    name: required(message.name, `${field}.name`),
    sans: filled(message.sans, subjectAltName, `${field}.sans`),
    forward: list(
      message.forward,
      (forwarded, at) => {
        const { part } = forwarded;
        if (part === undefined || part === 'PART_UNSPECIFIED' || !Object.hasOwn(PARTS, part))
          throw new PolicyProblem(`${at}.part`, 'is not known (D3)');
        return { header: required(forwarded.header, `${at}.header`), part: PARTS[part] };
      },
      `${field}.forward`,
    ),
  };
}

function subjectAltName(message: SubjectAltNameOutput, field: string): SubjectAltName {
  const { type, match: kind } = message;
  if (type === undefined || type === 'TYPE_UNSPECIFIED' || !Object.hasOwn(SAN_TYPES, type))
    throw new PolicyProblem(`${field}.type`, 'is not known (D3)');
  if (kind === undefined) throw unset(field);
  return { type: SAN_TYPES[type], match: { kind, value: required(message[kind], `${field}.${kind}`) } };
}
