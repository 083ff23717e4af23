// Endpoints that come and go, as events of the feed. Only translates; decides nothing.

import type { EndpointsChanged } from '../discovery/discovery.ts';
import { namesText } from './changes-text.ts';
import type { ToldEvent } from './event-feed.ts';

const SERVICES_TOLD = 20;

export function toldEndpoints({ gateway, services }: EndpointsChanged): ToldEvent {
  const texts = services.map(({ name, endpoints, draining }) => {
    const going = draining === 0 ? '' : `, ${draining} draining`;
    return `${name} (${endpoints}${going})`;
  });
  return {
    kind: 'endpoints',
    gateway,
    text: `endpoints changed: ${namesText(texts)}`,
    details: { services: services.slice(0, SERVICES_TOLD), count: services.length },
  };
}
