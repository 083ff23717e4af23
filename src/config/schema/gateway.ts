// The whole language of one gateway: the root file with what its includes add. Sections are here, concepts in the files beside this one.
//
// Paths into the merged configuration: `['services', 'orders-v1', …]`, and a route by its name, `['routes', 'list-orders', …]`, so that the path
// of a route stays the same when others are added before it; `['routes', 3, …]` (its place in the merged list) is understood as well.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { accessLogSchema } from './access-log.ts';
import { apiKeysSchema } from './api-keys.ts';
import { authPolicySchema } from './auth-policy.ts';
import { authzSchema } from './authz.ts';
import { certificateSchema } from './certificate.ts';
import { cidr } from './cidr.ts';
import { clientCertificateSchema } from './client-certificate.ts';
import { defaultsSchema } from './defaults.ts';
import type { Immutable } from './immutable.ts';
import { introspectionSchema } from './introspection.ts';
import { jwtProviderSchema } from './jwt-provider.ts';
import { listenerSchema } from './listener.ts';
import { limitName, rateLimitSchema } from './rate-limit.ts';
import { rateLimitServiceSchema } from './rate-limit-service.ts';
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

/** A map by names; `what` carries its article. */
function named<Entry extends z.ZodType>(what: string, entry: Entry) {
  return z.record(name(`the name of ${what}`), entry).default(() => ({}));
}

export const gatewaySchema = shape({
  version: versionSchema.describe('Version of this format: v1.'),
  gateway: name('a gateway name').describe("Name of the gateway; equals Envoy's node.cluster."),
  include: list(text({ kind: 'a file or pattern' }), { allowEmpty: true })
    .exactOptional()
    .describe(
      'Further files, as paths or patterns (*, **, ?) relative to this file. They may hold listeners, certificates, services, routes and what routes name.',
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
  authz: authzSchema.exactOptional(),
  jwt: named('a JWT provider', jwtProviderSchema).describe('Issuers of JSON Web Tokens, by name.'),
  apiKeys: named('a set of API keys', apiKeysSchema).describe('API keys and their owners, by name.'),
  introspection: named('an introspection provider', introspectionSchema).describe('Issuers that are asked about each token, by name.'),
  clientCertificates: named('client certificates', clientCertificateSchema).describe('Client certificates as identities, by name.'),
  ipLists: named('an IP list', list(cidr())).describe('Lists of blocks of addresses, by name.'),
  policies: named('a policy', authPolicySchema).describe('Who may call, by name.'),
  rateLimitService: rateLimitServiceSchema.exactOptional(),
  rateLimits: z
    .record(limitName(), rateLimitSchema)
    .default(() => ({}))
    .describe('Limits by name, for rateLimits of routes.'),
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
  readonly jwt: readonly string[];
  readonly apiKeys: readonly string[];
  readonly introspection: readonly string[];
  readonly clientCertificates: readonly string[];
  readonly ipLists: readonly string[];
  readonly policies: readonly string[];
  readonly rateLimits: readonly string[];
  /** `defaults` as a whole has an error: what it would have said is unknown. */
  readonly hasBrokenDefaults: boolean;
}
