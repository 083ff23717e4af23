// The whole language of one gateway: the root file with what its includes add. Sections are here, concepts in the files beside this one.
//
// Paths into the merged configuration: `['services', 'orders-v1', …]`, and a route by its name, `['routes', 'list-orders', …]`, so that the path
// of a route stays the same when others are added before it; `['routes', 3, …]` (its place in the merged list) is understood as well.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { accessLogSchema } from './access-log.ts';
import { certificateSchema } from './certificate.ts';
import { defaultsSchema } from './defaults.ts';
import type { Immutable } from './immutable.ts';
import { listenerSchema } from './listener.ts';
import { rolloutSchema } from './rollout.ts';
import { routeSchema } from './route.ts';
import { runtimeSchema } from './runtime.ts';
import { scalar, wrong } from './scalar.ts';
import { serviceSchema } from './service.ts';
import { shape } from './shape.ts';
import { boolean, list, name, text } from './text.ts';

export const CURRENT_VERSION = 'v1';

const versionSchema = scalar({ type: 'string', enum: [CURRENT_VERSION] }, (value) =>
  value === CURRENT_VERSION
    ? ok(CURRENT_VERSION)
    : wrong('CH1106', `{value} is not a version of this format; expected ${CURRENT_VERSION}`, `write version: ${CURRENT_VERSION}`),
);

export const gatewaySchema = shape({
  version: versionSchema.describe('Version of this format: v1.'),
  gateway: name('a gateway name').describe("Name of the gateway; equals Envoy's node.cluster."),
  include: list(text({ kind: 'a file or pattern' }), { allowEmpty: true })
    .exactOptional()
    .describe(
      'Further files, as paths or patterns (*, **, ?) relative to this file. They may hold listeners, certificates, services and routes.',
    ),
  defaults: defaultsSchema.exactOptional(),
  listeners: z
    .record(name('a listener name'), listenerSchema)
    .default(() => ({}))
    .describe('Ports that clients connect to, by name.'),
  certificates: z
    .record(name('a certificate name'), certificateSchema)
    .default(() => ({}))
    .describe('Certificates by name, for listeners and for tls.clientCertificate of services.'),
  services: z
    .record(name('a service name'), serviceSchema)
    .default(() => ({}))
    .describe('Services by name.'),
  routes: list(routeSchema, { allowEmpty: true })
    .default(() => [])
    .describe('Routes. Their order has no meaning (C1).'),
  accessLog: accessLogSchema.exactOptional(),
  runtime: runtimeSchema.exactOptional(),
  rollout: rolloutSchema.exactOptional(),
  allowLargeRemoval: boolean()
    .exactOptional()
    .describe('Allow an edit that removes all listeners, all routes of a host or more than half of the services. Default false.'),
}).describe('A gateway.');

/** The merged configuration: every section is there, if empty. Unchanged entries keep their identity between loads (P2). */
export type GatewayConfig = Omit<Immutable<z.output<typeof gatewaySchema>>, 'include'>;

/** Names of entries that have errors of their own, by section. */
export interface BrokenNames {
  readonly listeners: readonly string[];
  readonly certificates: readonly string[];
  readonly services: readonly string[];
}
