// Names of the rate-limit service on the wire.

export const RATELIMIT_SERVICE = 'envoy.service.ratelimit.v3.RateLimitService';

/** Before the name of a gateway: what its filters send as domain (ratelimit R202). */
export const DOMAIN_PREFIX = 'chancery.';
