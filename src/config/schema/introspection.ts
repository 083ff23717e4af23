// Tokens that only their issuer can read: it is asked (RFC 7662).
import type { z } from 'zod';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { tokenFields } from './jwt-provider.ts';
import { secretText } from './secret-text.ts';
import { shape } from './shape.ts';
import { text } from './text.ts';
import { trustedCa } from './tls.ts';
import { webAddress } from './web-address.ts';

const clientSchema = shape({
  id: text({ kind: 'a client id' }).describe('Name of the gateway at the issuer.'),
  secret: secretText('a client secret').describe('Its password; usually "${file:/run/secrets/introspect}".'),
});

export const introspectionSchema = shape({
  ...tokenFields,
  url: webAddress('the address of an introspection endpoint').describe('Where tokens are asked for: https://…'),
  client: clientSchema.describe('How the gateway shows who it is: HTTP Basic.'),
  timeout: duration().exactOptional().describe('Time for one question; at least 50 ms less than authz.timeout. Default 150ms.'),
  cacheFor: duration().exactOptional().describe('How long the answer for a valid token holds, never past its end. Default 60s.'),
  denyFor: duration().exactOptional().describe('How long the answer for an invalid token holds. Default 5s.'),
  ca: trustedCa().exactOptional().describe("Who must have signed the issuer's certificate: system (default) or PEM text."),
}).describe('An issuer that is asked about each token.');

export type IntrospectionConfig = Immutable<z.output<typeof introspectionSchema>>;
