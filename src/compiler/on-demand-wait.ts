// How long a request waits for the routes of its host, where these are fetched on demand. Envoy has no bound for this wait but the longest
// silence of a stream: so that is short on such a listener, and each route gives its own streams the usual one back.
import type { Listener } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { Route } from '../proto/generated/envoy/config/route/v3/Route.ts';
import { memoised } from './memo.ts';
import { STREAM_IDLE_TIMEOUT_MS } from './route-timeout.ts';

/** Some times what a healthy control plane takes; while none can be reached, requests for hosts that a proxy lacks are 504 after it. */
const ON_DEMAND_WAIT_MS = 5_000;

/** Of streams whose route does not say its own. */
export function streamIdleTimeoutMs({ onDemandHosts }: Listener): number {
  return onDemandHosts === true ? ON_DEMAND_WAIT_MS : STREAM_IDLE_TIMEOUT_MS;
}

/** The same object for the same message. */
export const withUsualSilence = memoised((message: Route): Route => {
  const { route } = message;
  return route === undefined || route === null || route.idle_timeout !== undefined
    ? message
    : { ...message, route: { ...route, idle_timeout: duration(STREAM_IDLE_TIMEOUT_MS) } };
});
