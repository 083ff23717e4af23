// Client certificates as identities: names that one must carry.
import { z } from 'zod';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { exactlyOne, shape } from './shape.ts';
import { list, text, word } from './text.ts';

const nameMatch = shape(
  {
    exact: text({ kind: 'a name' }).exactOptional().describe('The whole name.'),
    prefix: text({ kind: 'the beginning of a name' }).exactOptional().describe('How it begins.'),
    suffix: text({ kind: 'the end of a name' }).exactOptional().describe('How it ends; of a DNS name with its dot.'),
  },
  { rules: [exactlyOne('the test of a name', ['exact', 'prefix', 'suffix'])], insteadOfScalar: 'write {exact: {value}}' },
);

const sanSchema = shape(
  {
    dns: nameMatch.exactOptional().describe('A DNS name.'),
    uri: nameMatch.exactOptional().describe('A URI, such as a SPIFFE identity.'),
    email: nameMatch.exactOptional().describe('A mail address.'),
    ip: nameMatch.exactOptional().describe('An IP address.'),
  },
  { rules: [exactlyOne('a subject alternative name', ['dns', 'uri', 'email', 'ip'])], insteadOfScalar: 'write {dns: {exact: {value}}}' },
);

export const clientCertificateSchema = shape({
  sans: list(sanSchema).describe(
    'Subject alternative names, of which the certificate must carry one. Each fits names of its own type only.',
  ),
  forward: z
    .record(headerName(), word('fingerprint', 'subject', 'uri', 'dns'))
    .exactOptional()
    .describe('Headers that tell the backend who it is: {x-client-id: fingerprint}. Copies that clients send are removed first.'),
}).describe('Who may be at the other end of a TLS connection with a client certificate.');

export type ClientCertificateConfig = Immutable<z.output<typeof clientCertificateSchema>>;
