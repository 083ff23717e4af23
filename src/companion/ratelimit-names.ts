// Names of the rate-limit service on the wire.

export const RATELIMIT_SERVICE = 'envoy.service.ratelimit.v3.RateLimitService';
