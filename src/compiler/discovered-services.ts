// Services → what discovery needs of those whose endpoints are found while the gateway runs (D19): plain data, without certificates.
import type { DiscoveredService, EndpointOwner } from '../model/discovered-service.ts';
import type { Service } from '../model/types.ts';
import { memoised } from './memo.ts';

/** In the order given; unchanged services give the same objects. */
export function discoveredServices(services: readonly Service[]): readonly DiscoveredService[] {
  return services.map((service) => discoveredOf(service).discovered).filter((discovered) => discovered !== undefined);
}

const discoveredOf = memoised((service: Service): { readonly discovered?: DiscoveredService } => {
  const { discovery, endpoints } = service;
  if (discovery === undefined) {
    return {};
  }
  const { source, drainForMs, keepLastForMs } = discovery;
  return { discovered: { owner: ownerOf(service), endpoints, source, drainForMs, keepLastForMs } };
});

function ownerOf({ name, healthCheck, tls }: Service): EndpointOwner {
  return {
    name,
    ...(healthCheck === undefined ? {} : { healthCheck: { check: healthCheck.check } }),
    ...(tls?.sni === undefined ? {} : { tls: { sni: tls.sni } }),
  };
}
