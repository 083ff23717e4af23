// The gateway that the parity table asks: each policy twice, once for each form, with a route of its own.
import type { Mint } from './mint.ts';
import { POLICIES, PROVIDERS, policyNames } from './policies.ts';

/** Who decides about a policy: Envoy's own filters, or the ext_authz service. */
export const FORMS = ['proxy', 'companion'] as const;
export type Form = (typeof FORMS)[number];

export const PARITY_GATEWAY = 'parity';

export interface GatewayPlaces {
  /** Where Envoy listens, on loopback. */
  readonly port: number;
  /** Of the backend, HTTP/2 on loopback. */
  readonly upstreamPort: number;
}

/** Path of the route that a row asks. */
export function routePath(form: Form, policy: string): string {
  return `/${form}/${policy}`;
}

/** YAML, as a user would write it. */
export function gatewayText({ port, upstreamPort }: GatewayPlaces, mint: Pick<Mint, 'jwks' | 'partnerJwks'>): string {
  const both = policyNames().flatMap((name) => FORMS.map((form) => ({ name, form, rule: POLICIES[name] })));
  return [
    'version: v1',
    `gateway: ${PARITY_GATEWAY}`,
    'listeners:',
    `  http: {port: ${port}, address: 127.0.0.1, clientIp: {trustedHops: 1}}`,
    'services:',
    `  echo: {endpoints: ["127.0.0.1:${upstreamPort}"], protocol: h2}`,
    PROVIDERS.replaceAll('PARTNER_JWKS', mint.partnerJwks).replaceAll('JWKS', mint.jwks).trim(),
    'policies:',
    ...both.map(({ name, form, rule }) => `  ${name}-${form}: ${rule.replace(/\}$/, `, enforce: ${form}}`)}`),
    'routes:',
    ...both.map(
      ({ name, form }) =>
        `  - {name: ${form}-${name}, matches: [{path: {prefix: ${routePath(form, name)}}}], backends: [echo], auth: {policy: ${name}-${form}}}`,
    ),
    '',
  ].join('\n');
}
