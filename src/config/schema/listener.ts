// Listeners: where clients connect, with TLS, client address and path handling.
import { z } from 'zod';
import { ipAddress } from './address.ts';
import { certificatePem, certificateSchema } from './certificate.ts';
import type { Immutable } from './immutable.ts';
import { integer, port } from './number.ts';
import { redirectCode } from './redirect.ts';
import { excludes, shape } from './shape.ts';
import { boolean, list, name, text, word } from './text.ts';
import { tlsVersion } from './tls-version.ts';

const clientAuthSchema = shape({
  ca: certificatePem().describe('The certificate authorities that client certificates are checked against, as PEM text.'),
  mode: word('require', 'optional')
    .exactOptional()
    .describe(
      'require (default): a client without a valid certificate cannot connect. optional: it may connect without one, never with a bad one.',
    ),
});

export const listenerTlsSchema = shape({
  minVersion: tlsVersion().exactOptional().describe('Lowest TLS version. Default "1.2".'),
  maxVersion: tlsVersion().exactOptional().describe('Highest TLS version. Default "1.3".'),
  alpn: list(text({ kind: 'a protocol name' }))
    .exactOptional()
    .describe('Protocols offered, best first. Default [h2, http/1.1].'),
  certificates: list(z.union([name('a certificate name'), certificateSchema])).describe(
    'Names of top-level certificates, or certificates written here. Envoy chooses by SNI; the first is used where none fits.',
  ),
  clientAuth: clientAuthSchema.exactOptional().describe('Client certificates (mutual TLS).'),
});

const listenerRedirectSchema = shape({
  scheme: word('http', 'https').describe('Every request is answered with a redirect to this scheme.'),
  port: port().exactOptional().describe("Port of the new address. Default: the scheme's own."),
  code: redirectCode().exactOptional(),
});

const clientIpSchema = shape({
  trustedHops: integer({ min: 0, max: 100 }, 'a number of proxies').describe(
    'How many X-Forwarded-For entries, from the right, are our own proxies. 0 (default): the peer is the client.',
  ),
});

const pathsSchema = shape({
  escapedSlashes: word('keep', 'reject', 'redirect', 'unescape')
    .exactOptional()
    .describe('What happens to %2F and %5C in paths. Default keep; reject once the gateway has any auth.'),
  mergeSlashes: boolean().exactOptional().describe('Treat // as /. Default false; true once the gateway has any auth.'),
  parameters: word('reject', 'allow')
    .exactOptional()
    .describe('What happens to paths with a ; (path parameters). Default allow; reject once the gateway has any auth.'),
});

const listenerHeadersSchema = shape({
  underscores: word('reject', 'drop', 'keep')
    .exactOptional()
    .describe('What happens to requests with a _ in the name of a header: 400, the header dropped, or nothing. Default reject.'),
});

export const listenerSchema = shape(
  {
    address: ipAddress().exactOptional().describe('IP address to listen on. Default 0.0.0.0.'),
    port: port().describe('TCP port, 1-65535.'),
    tls: listenerTlsSchema.exactOptional().describe('Serve TLS. Without it: plain text.'),
    redirect: listenerRedirectSchema.exactOptional().describe('Answer everything with a redirect and serve no routes.'),
    clientIp: clientIpSchema.exactOptional().describe("Where the client's address comes from."),
    paths: pathsSchema.exactOptional().describe('How request paths are cleaned before routing.'),
    headers: listenerHeadersSchema.exactOptional().describe('What becomes of odd request headers.'),
    onDemandHosts: boolean()
      .exactOptional()
      .describe(
        'An Envoy fetches the routes of a host when the first request for it comes, for gateways with very many hosts. Default false.',
      ),
  },
  { rules: [excludes('redirect', ['paths', 'onDemandHosts'], 'a listener that redirects serves no routes')] },
).describe('A port that clients connect to.');

export type ListenerConfig = Immutable<z.output<typeof listenerSchema>>;
export type ListenerTlsConfig = Immutable<z.output<typeof listenerTlsSchema>>;
