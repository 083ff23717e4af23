// What a route says to the filters of its listener: naming one switches it on for the route's requests (D11).
import type { Route } from '../model/types.ts';
import { any } from '../proto/any.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/Route.ts';
import { CORS_FILTER, compileCorsPolicy } from './filters/cors.ts';
import { compileFault, FAULT_FILTER } from './filters/fault.ts';
import { memoised } from './memo.ts';

type FilterConfigs = NonNullable<RouteMessage['typed_per_filter_config']>;

/** Only the field that holds something; the same object for all messages of a route. */
export const compileRouteFilters = memoised(({ cors, fault }: Route): Pick<RouteMessage, 'typed_per_filter_config'> => {
  const configs: FilterConfigs = {
    ...(cors === undefined ? {} : { [CORS_FILTER]: any('envoy.extensions.filters.http.cors.v3.CorsPolicy', compileCorsPolicy(cors)) }),
    ...(fault === undefined ? {} : { [FAULT_FILTER]: any('envoy.extensions.filters.http.fault.v3.HTTPFault', compileFault(fault)) }),
  };
  return Object.keys(configs).length === 0 ? {} : { typed_per_filter_config: configs };
});
