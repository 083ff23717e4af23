// Makes resources bad on their way to an Envoy: a refusal of the kind that no check of ours sees before.
import { testApi } from './snapshots.ts';
import type { AlterResource } from './xds-relay.ts';

export interface Poison {
  /** For the relay of this proxy: what carries the word "poisoned" in its name or contents is refused by Envoy. */
  poison(proxy: string): AlterResource;
  /** Proxies that were sent something bad since the set was cleared. */
  readonly poisoned: Set<string>;
}

export function createPoison(): Poison {
  const poisoned = new Set<string>();
  return {
    poisoned,
    poison: (proxy) => (kind, name, bytes) => {
      const bad = bytes.includes('poisoned') ? BAD[kind]?.(name) : undefined;
      if (bad === undefined) return bytes;
      poisoned.add(proxy);
      return Buffer.concat([bytes, bad]);
    },
  };
}

/** What is appended is merged into the message. */
const BAD: Readonly<Record<string, (name: string) => Buffer>> = {
  Cluster: (name) => testApi().encode('envoy.config.cluster.v3.Cluster', { name, transport_socket: { name: 'unknown.to.envoy' } }),
  Listener: (name) => testApi().encode('envoy.config.listener.v3.Listener', { name, listener_filters: [{ name: 'unknown.to.envoy' }] }),
  // The domain is there already.
  RouteConfiguration: (name) =>
    testApi().encode('envoy.config.route.v3.RouteConfiguration', { name, virtual_hosts: [{ name: 'twice', domains: ['*'] }] }),
};
