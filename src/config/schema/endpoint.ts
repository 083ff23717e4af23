// Endpoints: the short form `host:port` and the map with weight, zone, priority and metadata.
import { z } from 'zod';
import { type EndpointAddressConfig, endpointAddress } from './address.ts';
import type { Immutable } from './immutable.ts';
import { integer, UINT32_MAX } from './number.ts';
import { shape } from './shape.ts';
import { text } from './text.ts';

const detailedEndpointSchema = shape({
  address: endpointAddress().describe('host:port, [IPv6]:port or unix:/path.'),
  weight: integer({ min: 1, max: UINT32_MAX }, 'a weight')
    .exactOptional()
    .describe('Share of the traffic against the other endpoints. Default 1.'),
  priority: integer({ min: 0, max: 128 }, 'a priority')
    .exactOptional()
    .describe('0 (default) is used first; the next one while too few of it are healthy.'),
  zone: text({ kind: 'a zone' }).exactOptional().describe('Availability zone.'),
  metadata: z
    .record(text({ kind: 'a metadata key' }), text({ kind: 'a metadata value', allowEmpty: true }))
    .exactOptional()
    .describe('Text values that Envoy keeps with the endpoint (filter metadata envoy.lb).'),
}).describe('An endpoint with its weight and place.');

/** A string of the user is already the parsed address. */
export const endpointSchema = z.union([endpointAddress().describe('host:port, [IPv6]:port or unix:/path.'), detailedEndpointSchema]);

export type DetailedEndpointConfig = Immutable<z.output<typeof detailedEndpointSchema>>;
/** `'address' in endpoint` tells the two forms apart. */
export type EndpointConfig = EndpointAddressConfig | DetailedEndpointConfig;
