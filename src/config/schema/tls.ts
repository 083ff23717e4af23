// TLS towards a service's endpoints.
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { host } from './address.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';
import { list, name, text } from './text.ts';
import { tlsVersion } from './tls-version.ts';

/** `system`, or certificates as PEM text. */
export function trustedCa(): Scalar<string> {
  return scalar({ type: 'string', examples: ['system', '${file:certs/ca.crt}'] }, (value) => {
    if (typeof value !== 'string') return wrongType('system or certificates as PEM text', value);
    if (value === 'system' || value.includes('-----BEGIN')) return ok(value);
    return wrong('CH1117', 'this is neither system nor certificates as PEM text', 'to read them from a file, write "${file:PATH}"');
  });
}

export const upstreamTlsSchema = shape(
  {
    ca: trustedCa().exactOptional().describe("Who must have signed the endpoints' certificates: system (default) or PEM text."),
    sni: host('a server name')
      .exactOptional()
      .describe("Name sent as SNI and expected in the certificate. Default: the endpoints' common host name."),
    subjectAltNames: list(text({ kind: 'a subject alternative name' }))
      .exactOptional()
      .describe('Names of which the certificate must carry one. Default: [sni].'),
    clientCertificate: name('a certificate name')
      .exactOptional()
      .describe('Name of a top-level certificate that Envoy shows to the endpoints.'),
    minVersion: tlsVersion().exactOptional().describe('Lowest TLS version. Default "1.2".'),
    maxVersion: tlsVersion().exactOptional().describe('Highest TLS version. Default "1.3".'),
  },
  { insteadOfScalar: 'an empty map, {}, takes all defaults' },
).describe('Encrypt the connection to the endpoints, and check who they are.');

export type UpstreamTlsConfig = Immutable<z.output<typeof upstreamTlsSchema>>;
