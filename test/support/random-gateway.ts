// Random configurations for tests against a real Envoy: every word of the language, with odd but mostly legal values. Some entries are wrong;
// `acceptedGateway` takes those out that the program refuses.
import fc from 'fast-check';
import { runtime } from './random-filters.ts';
import { route, serviceNames } from './random-route.ts';
import { serviceConfig } from './random-service.ts';
import { oneOf, some } from './random-text.ts';

/** Names of certificates that TLS listeners use; the test defines them. */
export const CERTIFICATES = ['ec', 'rsa', 'wild'] as const;
/** Environment variable with the authority of client certificates. */
export const CLIENT_CA = 'TEST_CLIENT_CA';

export interface RandomGateway {
  readonly listeners: Readonly<Record<string, object>>;
  readonly services: Readonly<Record<string, object>>;
  readonly routes: readonly { readonly name: string }[];
  readonly runtime: Readonly<Record<string, unknown>>;
}

const tls = fc
  .tuple(
    fc.uniqueArray(oneOf(...CERTIFICATES), { minLength: 1, maxLength: 3 }),
    some({
      minVersion: oneOf('1.2', '1.3'),
      maxVersion: oneOf('1.2', '1.3'),
      alpn: oneOf(['h2', 'http/1.1'], ['http/1.1'], ['h2'], ['odd/1', 'http/1.1']),
      clientAuth: fc.record({ ca: oneOf(`\${env:${CLIENT_CA}}`), mode: oneOf('require', 'optional') }),
    }),
  )
  .map(([certificates, more]) => ({ ...more, certificates }));

const listener = fc
  .tuple(
    fc.integer({ min: 1, max: 65_535 }),
    some({
      address: oneOf('0.0.0.0', '127.0.0.1', '::', '::1'),
      clientIp: oneOf({ trustedHops: 0 }, { trustedHops: 3 }, { trustedHops: 100 }),
      tls,
      headers: some({ underscores: oneOf('reject', 'drop', 'keep') }),
      paths: some({ escapedSlashes: oneOf('keep', 'reject', 'redirect', 'unescape'), mergeSlashes: fc.boolean() }),
    }),
  )
  .map(([port, more]) => ({ ...more, port }));

/** Few, because most hosts of a random gateway lie below one another. */
const isOnDemand = fc.oneof({ weight: 5, arbitrary: oneOf({}) }, { weight: 1, arbitrary: oneOf({ onDemandHosts: true }) });

/** A plain listener and others, the services s0 to s.7, and some thirty routes. */
export const randomGateway: fc.Arbitrary<RandomGateway> = fc
  .tuple(
    fc.array(fc.tuple(listener, isOnDemand), { minLength: 1, maxLength: 3 }),
    fc.array(serviceConfig, { minLength: serviceNames.length, maxLength: serviceNames.length }),
    fc.array(route, { minLength: 20, maxLength: 40 }),
    runtime,
  )
  .map(([listeners, services, routes, values]) => ({
    listeners: {
      plain: { port: 60 },
      ...Object.fromEntries(listeners.map(([value, onDemand], index) => [`l${index}`, { ...value, ...onDemand }])),
      'to-tls': { port: 70 + listeners.length, redirect: { scheme: 'https', port: 8443 } },
    },
    services: Object.fromEntries(services.map((value, index) => [serviceNames[index] ?? '', value])),
    routes: routes.map((value, index) => ({ name: `r${index}`, ...value })),
    runtime: values,
  }));
