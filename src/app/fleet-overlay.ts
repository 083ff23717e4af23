// Lays the number of proxies over whatever snapshot a proxy should reach (ratelimit R213), as the endpoints of a cluster that its bootstrap has: no
// revision is made and no wave is passed (D19). A gateway whose limits are not divided is a fleet of one, so that nobody is told of every newcomer.
import { compileFleet } from '../compiler/fleet-cluster.ts';
import { FLEET_CLUSTER, nameOfFilterSlot } from '../compiler/names.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource } from '../snapshot/types.ts';
import { snapshotResource, typeView, withResource, withView } from '../snapshot/view.ts';

export interface FleetOverlayOptions {
  readonly api: Pick<EnvoyApi, 'decode' | 'encodeAny'>;
  readonly sizeOf: (gateway: string) => number;
  /** A limit has a burst below the number of proxies: a request costs more than its bucket holds, so none passes. Told once for each size. */
  readonly onThin: (gateway: string, thin: { readonly limits: readonly string[]; readonly size: number }) => void;
}

export interface FleetOverlay {
  /** The same object for equal states. */
  over(base: Snapshot): Snapshot;
}

interface DividedLimit {
  readonly name: string;
  readonly burst: number;
}

const TYPE = TYPE_URLS.ClusterLoadAssignment;
const LOCAL_RATE_LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const KEPT = 100;

export function createFleetOverlay({ api, sizeOf, onThin }: FleetOverlayOptions): FleetOverlay {
  const assignments = new Map<number, SnapshotResource>();
  const divided = new WeakMap<SnapshotResource, readonly DividedLimit[]>();
  const laid = new WeakMap<Snapshot, { readonly size: number; readonly snapshot: Snapshot }>();
  const assignmentOf = (size: number): SnapshotResource => {
    const known = assignments.get(size) ?? snapshotResource(TYPE, FLEET_CLUSTER, api.encodeAny(typeNameOf(TYPE), compileFleet(size)));
    if (assignments.size > KEPT) assignments.clear();
    assignments.set(size, known);
    return known;
  };
  const limitsOf = (base: Snapshot): readonly DividedLimit[] => {
    const filter = base.views.get(TYPE_URLS.TypedExtensionConfig)?.resources.get(nameOfFilterSlot('limit-fleet'));
    if (filter === undefined) return [];
    const known = divided.get(filter) ?? dividedLimits(api, filter);
    divided.set(filter, known);
    return known;
  };
  return {
    over: (base) => {
      const limits = limitsOf(base);
      const size = limits.length === 0 ? 1 : sizeOf(base.gateway);
      const known = laid.get(base);
      if (known?.size === size) return known.snapshot;
      const snapshot = withFleet(base, assignmentOf(size));
      laid.set(base, { size, snapshot });
      const thin = limits.filter(({ burst }) => burst < size).map(({ name }) => name);
      if (thin.length > 0) onThin(base.gateway, { limits: [...new Set(thin)], size });
      return snapshot;
    },
  };
}

function withFleet(base: Snapshot, resource: SnapshotResource): Snapshot {
  const view = base.views.get(TYPE);
  return withView(base, view === undefined ? typeView(TYPE, [resource]) : withResource(view, resource));
}

/** Of an empty place none. */
function dividedLimits(api: FleetOverlayOptions['api'], { any }: SnapshotResource): readonly DividedLimit[] {
  if (!any.includes(LOCAL_RATE_LIMIT)) return [];
  const outer = api.decode('google.protobuf.Any', any);
  const { typed_config } = api.decode('envoy.config.core.v3.TypedExtensionConfig', Buffer.from(outer.value ?? ''));
  const config = api.decode(LOCAL_RATE_LIMIT, Buffer.from(typed_config?.value ?? ''));
  return (config.descriptors ?? []).map(({ entries, token_bucket }) => ({
    name: entries?.[0]?.value ?? '',
    burst: token_bucket?.max_tokens ?? 0,
  }));
}
