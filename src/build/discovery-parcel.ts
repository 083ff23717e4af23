// Services under discovery on their way from the build thread: only new and changed ones travel, the others stay the same objects (P8).
import { hash } from 'node:crypto';
import type { DiscoveredService } from '../model/discovered-service.ts';

export interface DiscoveryParcel {
  /** Of all services, in order. */
  readonly keys: readonly string[];
  /** Those that the other side does not hold, by key. */
  readonly added: ReadonlyMap<string, DiscoveredService>;
}

/** By key. */
export type HeldServices = ReadonlyMap<string, DiscoveredService>;

/** `held`: what was packed last. Gives what the other side holds after it. */
export function packDiscovery(
  held: HeldServices | undefined,
  services: readonly DiscoveredService[],
): { readonly parcel: DiscoveryParcel; readonly held: HeldServices } {
  const all = new Map(services.map((service) => [keyOf(service), service]));
  return {
    parcel: { keys: services.map(keyOf), added: new Map([...all].filter(([key]) => held?.has(key) !== true)) },
    held: all,
  };
}

/** The inverse. Throws where `held` is not what the parcel was packed for. */
export function unpackDiscovery(held: HeldServices | undefined, { keys, added }: DiscoveryParcel): HeldServices {
  return new Map(
    keys.map((key) => {
      const service = added.get(key) ?? held?.get(key);
      if (service === undefined) throw new Error('a parcel of services met others than it was packed for');
      return [key, service];
    }),
  );
}

const known = new WeakMap<DiscoveredService, string>();

function keyOf(service: DiscoveredService): string {
  const key = known.get(service) ?? hash('sha256', JSON.stringify(service), 'base64url').slice(0, 22);
  known.set(service, key);
  return key;
}
