// How the endpoints of a service are found while it runs (D19-D21), in place of a list in the configuration.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { host } from './address.ts';
import { duration } from './duration.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { port } from './number.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { exactlyOne, shape } from './shape.ts';
import { text, word, yes } from './text.ts';

const ipFamily = word('preferV4', 'v4', 'v6', 'both')
  .exactOptional()
  .describe('Which addresses are used. preferV4 (default): IPv6 only where the name has no IPv4 address.');

const dnsSchema = shape(
  {
    name: host('a DNS name').describe('The name that is resolved, by the control plane.'),
    port: port().exactOptional().describe('Port of every address.'),
    srv: yes().exactOptional().describe('The name has SRV records, which give hosts, ports, weights and priorities.'),
    ipFamily,
  },
  { rules: [exactlyOne('dns', ['port', 'srv'])] },
);

const httpSchema = shape({
  url: httpUrl().describe('Answers GET with a JSON list of endpoints, each as in a file.'),
  interval: duration().exactOptional().describe('Time between two requests. Default 10s.'),
  timeout: duration().exactOptional().describe('A request without answer for so long has failed. Default 2s.'),
  headers: z
    .record(headerName(), text({ kind: 'a header value' }))
    .exactOptional()
    .describe('Sent with each request, such as authorization. Never shown.'),
});

const pushSchema = shape(
  {
    ttl: duration()
      .exactOptional()
      .describe('A pushed list holds so long, unless the push says another time. Default: until the next push.'),
    token: text({ kind: 'a token' })
      .exactOptional()
      .describe('A push must show it as a bearer token. Needed where the admin API listens on more than loopback.'),
  },
  { insteadOfScalar: 'an empty map, {}, takes all defaults' },
);

export const discoverySchema = shape(
  {
    dns: dnsSchema.exactOptional().describe('Addresses of a DNS name.'),
    file: text({ kind: 'a file path' })
      .exactOptional()
      .describe('A YAML or JSON file with a list of endpoints, relative to the file that names it; watched.'),
    http: httpSchema.exactOptional().describe('A URL that is asked again and again.'),
    push: pushSchema.exactOptional().describe('Lists are pushed: PUT /api/v1/endpoints/SERVICE of the admin API.'),
    drainFor: duration().exactOptional().describe('A removed endpoint gets no new requests for so long before it goes. Default 5s.'),
    keepLastFor: duration().exactOptional().describe('The last endpoints stay so long when none are found any more. Default 5m.'),
  },
  {
    rules: [exactlyOne('discovery', ['dns', 'file', 'http', 'push'])],
    insteadOfScalar: 'write {dns: {name: …, port: …}}, {file: …}, {http: {url: …}} or {push: {}}',
  },
).describe('Where the endpoints are found while the service runs.');

export type DiscoveryConfig = Immutable<z.output<typeof discoverySchema>>;

/** An absolute http or https URL without credentials and fragment. */
function httpUrl(): Scalar<string> {
  return scalar({ type: 'string', examples: ['http://registry.internal/orders.json'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a URL', value);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      return wrong('CH1111', '{value} is not an http or https URL', 'write it in full, such as http://registry.internal/orders.json');
    }
    if (url.username !== '' || url.password !== '' || url.hash !== '') {
      return wrong('CH1111', '{value} has credentials or a fragment', 'write credentials as headers: {authorization: …}');
    }
    return ok(url.href);
  });
}
