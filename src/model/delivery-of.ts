// What delivery must know of a model, taken from it. Pure; knows neither nodes nor streams.
import { DEFAULT_ROLLOUT, LINGER_MS, OPEN_ENDED_LINGER_MS, WARM_UP_MS } from './defaults.ts';
import type { DeliverySettings, GatewayShape } from './delivery-settings.ts';
import type { ForwardAction, HealthCheck, Model, Route, Service } from './types.ts';

export function deliveryOf(model: Model): DeliverySettings {
  return {
    rollout: model.rollout ?? DEFAULT_ROLLOUT,
    lingerMs: model.routes.reduce((most, route) => Math.max(most, longestUseMs(route)), LINGER_MS),
    warmUpMs: model.services.reduce((most, service) => Math.max(most, warmUpMs(service)), 0),
    allowLargeRemoval: model.allowLargeRemoval === true,
    shape: shapeOf(model),
  };
}

/** How long a request may hold on to the route's services; a fault holds it before it has reached any. */
function longestUseMs({ action, fault }: Route): number {
  return action.kind === 'forward' ? longestMs(action) + (fault?.delay?.fixedMs ?? 0) : 0;
}

function longestMs({ timeoutMs, idleTimeoutMs }: ForwardAction): number {
  if (timeoutMs !== 'none') return timeoutMs;
  return idleTimeoutMs === undefined || idleTimeoutMs === 'none' ? OPEN_ENDED_LINGER_MS : idleTimeoutMs;
}

function warmUpMs({ endpoints, healthCheck }: Service): number {
  const namesMs = endpoints.some(({ address }) => address.kind === 'dns') ? WARM_UP_MS : 0;
  return namesMs + (healthCheck === undefined ? 0 : firstCheckMs(healthCheck));
}

/** Envoy's first check comes after no interval, and ends by its timeout at the latest. */
function firstCheckMs({ timeoutMs }: HealthCheck): number {
  return timeoutMs + WARM_UP_MS;
}

function shapeOf({ listeners, services, routes }: Model): GatewayShape {
  const hosts = new Map<string, string[]>();
  for (const { name, hostnames } of routes) {
    for (const host of hostnames) {
      const names = hosts.get(host);
      if (names === undefined) hosts.set(host, [name]);
      else names.push(name);
    }
  }
  return {
    listeners: listeners.map(({ name }) => name),
    services: services.map(({ name }) => name),
    hosts: Object.fromEntries([...hosts].sort(([left], [right]) => (left < right ? -1 : 1))),
  };
}
