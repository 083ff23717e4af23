// Where Envoy fetches what a resource refers to: always the one aggregated stream it has already (one order of updates, X75).
import type { ConfigSource } from '../proto/generated/envoy/config/core/v3/ConfigSource.ts';

/**
 * One object for all, so that it is encoded once. Envoy's `initial_fetch_timeout` of 15 s stays: whoever waits for a child that never
 * comes goes on without it instead of holding up the start for ever (D8).
 */
export const ADS: ConfigSource = { ads: {}, resource_api_version: 'V3' };
