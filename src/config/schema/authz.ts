// The companion that decides what proxies cannot: where it is, and how long Envoy waits for it.
import type { z } from 'zod';
import { endpointAddress, host } from './address.ts';
import { certificatePem, privateKeyPem } from './certificate.ts';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { secretText } from './secret-text.ts';
import { type ShapeRule, shape } from './shape.ts';
import { list } from './text.ts';
import { trustedCa } from './tls.ts';

const certAndKey: ShapeRule = (value) =>
  'cert' in value === 'key' in value
    ? []
    : [{ code: 'CH1105', message: 'cert and key stand together', path: ['cert' in value ? 'cert' : 'key'] }];

export const companionTlsSchema = shape(
  {
    ca: trustedCa().exactOptional().describe('Who must have signed the certificate of the companion: system (default) or PEM text.'),
    cert: certificatePem().exactOptional().describe('Certificate that the proxies show, with its chain, as PEM text.'),
    key: privateKeyPem().exactOptional().describe('Its key as PEM text.'),
    sni: host('a server name').exactOptional().describe("Name expected in the companion's certificate. Default: the endpoints' host name."),
  },
  { rules: [certAndKey], insteadOfScalar: 'write {ca: "${file:…}", cert: "${file:…}", key: "${file:…}"}' },
);

export const authzSchema = shape({
  endpoints: list(endpointAddress())
    .exactOptional()
    .describe('Where it is: host:port or unix:/path. Default: the companions in this process and those that connect to it.'),
  tls: companionTlsSchema.exactOptional().describe('Encrypt the way to it, and show who asks; needed off the machine itself.'),
  timeout: duration().exactOptional().describe('How long Envoy waits for an answer. Default 250ms.'),
  keySecret: secretText('a secret')
    .exactOptional()
    .describe(
      'Keys the hashes of subjects in logs and metadata, so that all companions tell the same ones. Default: each process has its own.',
    ),
}).describe('The auth companion.');

export type AuthzConfig = Immutable<z.output<typeof authzSchema>>;
