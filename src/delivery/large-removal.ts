// Whether an edit takes away so much that it looks like an accident: files that were lost, a template that came out empty (D18, X86, B53). Pure.
import type { GatewayShape } from '../model/delivery-settings.ts';

export interface LargeRemoval {
  /** All listeners are gone, which these were; else empty. */
  readonly listeners: readonly string[];
  /** Hosts that lost all of their routes, none of which is anywhere else now. */
  readonly hosts: readonly string[];
  /** Set where more than half of the services are gone. */
  readonly services?: { readonly removed: number; readonly of: number };
}

/** Deleting the only route of a host is an everyday edit. */
const ROUTES_OF_A_LARGE_HOST = 2;

/** Undefined for an ordinary edit. Names that are replaced by as many others are a renaming, not a removal. */
export function largeRemoval(before: GatewayShape, after: GatewayShape): LargeRemoval | undefined {
  const listeners = after.listeners.length === 0 ? before.listeners : [];
  const hosts = lostHosts(before, after);
  const removed = before.services.length - after.services.length;
  const isHalved = removed * 2 > before.services.length;
  if (listeners.length === 0 && hosts.length === 0 && !isHalved) return undefined;
  return { listeners, hosts, ...(isHalved ? { services: { removed, of: before.services.length } } : {}) };
}

function lostHosts(before: GatewayShape, after: GatewayShape): readonly string[] {
  const lost = Object.entries(before.hosts).filter(([host, routes]) => routes.length >= ROUTES_OF_A_LARGE_HOST && !(host in after.hosts));
  if (lost.length === 0) return [];
  const routes = new Set(Object.values(after.hosts).flat());
  return lost.filter(([, names]) => names.every((name) => !routes.has(name))).map(([host]) => host);
}
