// Every resource, cluster and stat name is made here, from the user's names alone (C16). They are a public contract: renaming a route or
// moving it changes none of them, and nothing else may put such a name together.

/** The shared secret that holds the certificate authorities of Envoy's machine (B7). */
export const SYSTEM_CA_SECRET = 'ca/system';

/** The layer of runtime values that comes over RTDS; its resource has the same name. */
export const RUNTIME_LAYER_NAME = 'runtime';

/** Listener `https` → `listener/https`. */
export function nameOfListener(listener: string): string {
  return `listener/${listener}`;
}

/** The one route configuration of a listener. */
export function nameOfRoutes(listener: string): string {
  return `routes/${listener}`;
}

/** The virtual host of a hostname, where it travels by itself; read as route configuration and host, split at the last slash (R21). */
export function nameOfVirtualHost(listener: string, hostname: string): string {
  return `${nameOfRoutes(listener)}/${hostname}`;
}

/** A service's cluster, and its endpoints under the same name. */
export function nameOfService(service: string): string {
  return `service/${service}`;
}

/** A certificate with its key. */
export function nameOfCertificate(certificate: string): string {
  return `certificate/${certificate}`;
}

/** The authority that signed the certificate of a service. */
export function nameOfServiceCa(service: string): string {
  return `ca/service/${service}`;
}

/** The authority that signs the clients of a listener. */
export function nameOfListenerCa(listener: string): string {
  return `ca/listener/${listener}`;
}

/** A place in the filter chain that is filled over ECDS; also the filter's name, by which routes speak to it. */
export function nameOfFilterSlot(slot: string): string {
  return `filter/${slot}`;
}

/** An auth policy as companions hold it (authz D2). */
export function nameOfPolicy(gateway: string, policy: string, version: string): string {
  return `${gateway}/${policy}@${version}`;
}

/** How a jwt_authn filter knows what a policy asks of tokens. */
export function nameOfRequirement(policy: string, version: string): string {
  return `${policy}@${version}`;
}

/** The keys of a source of API keys. */
export function nameOfApiKeySet(gateway: string, source: string): string {
  return `${gateway}/${source}`;
}

/** The key of HS algorithms. */
export function nameOfJwtSecret(provider: string): string {
  return `secret/jwt/${provider}`;
}

/** What API keys are hashed with. */
export function nameOfApiKeyPepper(source: string): string {
  return `secret/apiKeys/${source}`;
}

/** The secret by which a companion asks whether tokens are active. */
export function nameOfIntrospectionSecret(provider: string): string {
  return `secret/introspection/${provider}`;
}

/** The companions that decide about requests; no service can have this name. */
export const AUTHZ_CLUSTER = 'companion/authz';

/** The companions that count requests. */
export const RATE_LIMIT_CLUSTER = 'companion/ratelimit';

/**
 * The proxies of a gateway themselves, one endpoint each: a cluster of the bootstrap, by which each knows how many they are (ratelimit R213).
 * No service can have this name.
 */
export const FLEET_CLUSTER = 'chancery/fleet';

/** The domain of a gateway's limits: what filters send and companions know them by. */
export function domainOfLimits(gateway: string): string {
  return `chancery.${gateway}`;
}

/** What the limiter needs and nobody else may know: the key of its hashes, passwords, the key of its certificate. */
export function nameOfRateLimitSecret(secret: 'key' | 'redis' | 'sentinel' | 'redisTls'): string {
  return `secret/rateLimit/${secret}`;
}

/** Key of the descriptor entry of a part, where Envoy does not let it be the part's own spelling. */
export const FIXED_ENTRIES = {
  clientIp: 'remote_address',
  clientNet: 'masked_remote_address',
  service: 'destination_cluster',
} as const;

/** Stats of a listener read `http.<name>.…` and `listener.<name>.…`. */
export function statPrefixOfListener(listener: string): string {
  return listener;
}
