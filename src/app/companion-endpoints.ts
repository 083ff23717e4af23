// Lays the endpoints of the companions of now over whatever snapshot a proxy should reach, where the configuration names none. As with the
// endpoints of services, nothing is compiled and no wave is passed (D19).
import { isIP } from 'node:net';
import type { EnvoyApi } from '../proto/api.ts';
import type { Address } from '../proto/generated/envoy/config/core/v3/Address.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource } from '../snapshot/types.ts';
import { snapshotResource, withResource, withView } from '../snapshot/view.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';

export interface CompanionOverlay {
  /** The same object for equal states; the snapshot itself where nothing is to be laid over it. */
  over(base: Snapshot): Snapshot;
}

export interface CompanionOverlayOptions {
  readonly api: Pick<EnvoyApi, 'decode' | 'encodeAny'>;
  /** As written: `host:port`, `[v6]:port`, `unix:/path`. Sorted. */
  readonly endpoints: (gateway: string, role: CompanionRole) => readonly string[];
}

const ROLES: readonly CompanionRole[] = ['authz', 'ratelimit'];
const TYPE = TYPE_URLS.ClusterLoadAssignment;

/** The cluster of the companions of a role, and its assignment. */
export function nameOfCompanions(role: CompanionRole): string {
  return `companion/${role}`;
}

export function createCompanionOverlay({ api, endpoints }: CompanionOverlayOptions): CompanionOverlay {
  const encoded = new Map<string, SnapshotResource>();
  const laid = new WeakMap<Snapshot, { readonly key: string; readonly snapshot: Snapshot }>();
  const resourceOf = (role: CompanionRole, addresses: readonly string[]): SnapshotResource => {
    const key = JSON.stringify([role, addresses]);
    const resource = encoded.get(key) ?? assignment(api, role, addresses);
    // Few at a time: an old one is made again at no great cost.
    if (encoded.size > 100) encoded.clear();
    encoded.set(key, resource);
    return resource;
  };
  return {
    over: (base) => {
      const roles = ROLES.filter((role) => isLeftOpen(base, role, api));
      if (roles.length === 0) return base;
      const given = roles.map((role) => [role, endpoints(base.gateway, role)] as const);
      const key = JSON.stringify(given);
      const known = laid.get(base);
      if (known?.key === key) return known.snapshot;
      const snapshot = given.reduce((under, [role, addresses]) => withAssignment(under, resourceOf(role, addresses)), base);
      laid.set(base, { key, snapshot });
      return snapshot;
    },
  };
}

const emptiness = new WeakMap<SnapshotResource, boolean>();

/** The configuration has the cluster of the companions, and names no endpoints of it. */
export function isLeftOpen(base: Snapshot, role: CompanionRole, api: Pick<EnvoyApi, 'decode'>): boolean {
  const resource = base.views.get(TYPE)?.resources.get(nameOfCompanions(role));
  if (resource === undefined) return false;
  const known = emptiness.get(resource);
  if (known !== undefined) return known;
  const { value } = api.decode('google.protobuf.Any', resource.any);
  const { endpoints } = api.decode('envoy.config.endpoint.v3.ClusterLoadAssignment', Buffer.from(value ?? ''));
  const isEmpty = (endpoints ?? []).every(({ lb_endpoints: each }) => (each ?? []).length === 0);
  emptiness.set(resource, isEmpty);
  return isEmpty;
}

function withAssignment(base: Snapshot, resource: SnapshotResource): Snapshot {
  const view = base.views.get(TYPE);
  return view === undefined ? base : withView(base, withResource(view, resource));
}

function assignment(api: Pick<EnvoyApi, 'encodeAny'>, role: CompanionRole, addresses: readonly string[]): SnapshotResource {
  const lbEndpoints = addresses.flatMap((text) => {
    const address = companionAddress(text);
    return address === undefined ? [] : [{ endpoint: { address } }];
  });
  const name = nameOfCompanions(role);
  const message = { cluster_name: name, endpoints: lbEndpoints.length === 0 ? [] : [{ lb_endpoints: lbEndpoints }] };
  return snapshotResource(TYPE, name, api.encodeAny(typeNameOf(TYPE), message));
}

/** Undefined for what is no address that a proxy can be sent to: a host name, a port that is none. */
export function companionAddress(text: string): Address | undefined {
  if (text.startsWith('unix:')) return text.length > 'unix:'.length ? { pipe: { path: text.slice('unix:'.length) } } : undefined;
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || port < 1 || port > 65_535) return undefined;
  return { socket_address: { address: host, port_value: port } };
}
