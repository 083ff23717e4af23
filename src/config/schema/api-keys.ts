// API keys: who has which, as digests; the keys themselves are nowhere (authz K1-K5).
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { CREDENTIAL_FATE_HELP, credentialFate, credentialSourcesSchema } from './credential.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { secretText } from './secret-text.ts';
import { atLeastOne, shape } from './shape.ts';
import { list, name, text, word } from './text.ts';

/** `sha256:` or `hmac:` and 64 hexadecimal digits, in lower case from here on. */
function keyDigest(): Scalar<string> {
  return scalar({ type: 'string', pattern: '^(sha256|hmac):[0-9A-Fa-f]{64}$' }, (value) => {
    if (typeof value !== 'string') return wrongType('the digest of a key', value);
    if (/^(?:sha256|hmac):[0-9A-Fa-f]{64}$/.test(value)) return ok(value.toLowerCase());
    // The value may be the key itself: it is not repeated.
    return wrong('CH1126', 'this is not the digest of a key', 'chancery key create prints a new key and its digest, sha256:…');
  });
}

/** The end of a day (UTC) or a moment, in milliseconds since the epoch. */
function lastMoment(): Scalar<number> {
  return scalar({ type: 'string', examples: ['2027-01-31', '2027-01-31T12:00:00Z'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a date such as "2027-01-31"', value, 'put it in quotes: "{value}"');
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(value);
    const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})$/.test(value);
    const ms = isDay || isMoment ? Date.parse(isDay ? `${value}T00:00:00Z` : value) : Number.NaN;
    const isReal = isDay ? new Date(ms || 0).toISOString().startsWith(value) : !Number.isNaN(ms);
    if (!isReal) return wrong('CH1127', '{value} is not a date', 'write "2027-01-31", or "2027-01-31T12:00:00Z" for a moment');
    return ok(isDay ? ms + 86_400_000 - 1 : ms);
  });
}

const consumerSchema = shape(
  {
    keys: list(keyDigest()).exactOptional().describe('Digests of the keys, at most 4: two while one is replaced by another.'),
    plain: list(secretText('a key'))
      .exactOptional()
      .describe('The keys themselves, "${file:…}": only for policies that the proxy enforces (enforce: proxy).'),
    scopes: list(text({ kind: 'a scope' }))
      .exactOptional()
      .describe('What the consumer may do, for scopes and anyScope of rules.'),
    notAfter: lastMoment().exactOptional().describe('The last day (UTC) or moment on which the keys are good.'),
    metadata: z
      .record(name('a key'), text({ kind: 'a value' }))
      .exactOptional()
      .describe('What else is known of the consumer, for claims of rules.'),
  },
  { rules: [atLeastOne('a consumer', ['keys', 'plain'])] },
);

export const apiKeysSchema = shape({
  from: credentialSourcesSchema.exactOptional().describe('Where requests carry the key. Default [{header: x-api-key}].'),
  pepper: secretText('a pepper').exactOptional().describe('Digests are HMACs with it, hmac:…; usually "${file:/run/secrets/pepper}".'),
  forward: z
    .record(headerName(), word('consumer'))
    .exactOptional()
    .describe('Headers that tell the backend whose key it was: {x-client-id: consumer}. Copies that clients send are removed first.'),
  credential: credentialFate().exactOptional().describe(CREDENTIAL_FATE_HELP),
  consumers: z.record(name('the name of a consumer'), consumerSchema).describe('Owners of keys, by name.'),
}).describe('API keys and their owners.');

export type ConsumerConfig = Immutable<z.output<typeof consumerSchema>>;
export type ApiKeysConfig = Immutable<z.output<typeof apiKeysSchema>>;
