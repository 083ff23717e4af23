// Takes secrets out of resources before they are shown (C7): a short hash in their place tells two apart without showing either.
import { Secret } from '../lib/secret.ts';

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
/** Fields that hold Secret resources inside others: those of a bootstrap. */
const SECRETS_FIELD = 'secrets';
/** Fields of a Secret resource that hold public material. */
const PUBLIC_FIELDS: ReadonlySet<string> = new Set(['certificate_chain', 'trusted_ca', 'crl', 'ocsp_staple']);
/** Headers whose configured values are credentials. */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']);

/** A copy of the resource's JSON without keys, passwords and credentials; also of a bootstrap's. */
export function redactResource(typeUrl: string, json: unknown): unknown {
  return redact(json, typeUrl === SECRET_TYPE);
}

function redact(value: unknown, isSecret: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  const isCredential = 'key' in value && typeof value.key === 'string' && SECRET_HEADERS.has(value.key.toLowerCase());
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      const isHidden = (isSecret && (field === 'inline_string' || field === 'inline_bytes')) || (isCredential && isHeaderValue(field));
      if (isHidden && typeof inner === 'string') return [field, new Secret(inner).fingerprint()];
      return [field, redact(inner, field === SECRETS_FIELD || (isSecret && !PUBLIC_FIELDS.has(field)))];
    }),
  );
}

function isHeaderValue(field: string): boolean {
  return field === 'value' || field === 'raw_value';
}
