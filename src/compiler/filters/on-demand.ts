// The filter that fetches the routes of a host when the first request for it comes (VHDS), and lets the request wait for them.
import { any } from '../../proto/any.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export const ON_DEMAND_FILTER = 'envoy.filters.http.on_demand';

export const onDemand: HttpFilterCompiler = {
  appliesTo: 'all',
  compileFilter: ({ onDemandHosts }) =>
    onDemandHosts === true
      ? { name: ON_DEMAND_FILTER, typed_config: any('envoy.extensions.filters.http.on_demand.v3.OnDemand', {}) }
      : undefined,
};
