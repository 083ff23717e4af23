// What a message would have Envoy fetch, put into the message itself: for a plain Envoy without a control plane.
import type { TypedExtensionConfig } from '../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { RouteConfiguration } from '../proto/generated/envoy/config/route/v3/RouteConfiguration.ts';
import { ON_DEMAND_FILTER } from './filters/on-demand.ts';

export interface InlineSources {
  /** By name, with all virtual hosts. */
  readonly routes: ReadonlyMap<string, RouteConfiguration>;
  /** Filters that come over ECDS, by name; one that is absent does nothing and is left out. */
  readonly filters: ReadonlyMap<string, TypedExtensionConfig>;
}

/** The same message with routes in place of RDS and filters in place of ECDS; a secret without a source is looked for among the static ones. */
export function inline(value: unknown, sources: InlineSources): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item) => (isLeftOut(item, sources) ? [] : [inline(item, sources)]));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const fields = Object.entries(value).map(([name, field]): [string, unknown] | undefined => {
    switch (name) {
      case 'sds_config':
        return undefined;
      case 'rds':
        return ['route_config', sources.routes.get(textIn(field, 'route_config_name'))];
      case 'config_discovery':
        return ['typed_config', sources.filters.get(textIn(value, 'name'))?.typed_config];
      default:
        return [name, inline(field, sources)];
    }
  });
  return Object.fromEntries(fields.filter((field) => field !== undefined));
}

/** Of a list of filters. */
function isLeftOut(item: unknown, { filters }: InlineSources): boolean {
  const name = textIn(item, 'name');
  const isFetched = typeof item === 'object' && item !== null && 'config_discovery' in item;
  return name === ON_DEMAND_FILTER || (isFetched && !filters.has(name));
}

function textIn(value: unknown, field: string): string {
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const text = fields[field];
  return typeof text === 'string' ? text : '';
}
