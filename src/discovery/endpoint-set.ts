// Endpoints of one service by their address: each address stands once. Compares contents, never places in files.
import { addressText } from '../lib/address-text.ts';
import type { Endpoint } from '../model/types.ts';

/** Key: `host:port`, `[v6]:port` or `unix:/path`. */
export type EndpointSet = ReadonlyMap<string, Endpoint>;

export const NO_ENDPOINTS: EndpointSet = new Map();

/** Of several endpoints at one address the one of the lowest priority number stays, then the first. */
export function endpointSet(endpoints: Iterable<Endpoint>): EndpointSet {
  const set = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const key = addressKey(endpoint);
    const twin = set.get(key);
    if (twin === undefined || endpoint.priority < twin.priority) set.set(key, endpoint);
  }
  return set;
}

export function addressKey({ address }: Endpoint): string {
  return addressText(address);
}

/** True when both have the same addresses with the same settings, in any order. */
export function sameEndpoints(left: EndpointSet, right: EndpointSet): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [key, endpoint] of left) {
    const other = right.get(key);
    if (other === undefined || (other !== endpoint && contentOf(other) !== contentOf(endpoint))) return false;
  }
  return true;
}

/** Equal for equal endpoints; the address is compared by its key. */
function contentOf({ hostname, metadata, priority, weight, zone }: Endpoint): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([hostname, priority, weight, zone, sorted]);
}
