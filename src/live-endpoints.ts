// Lays the endpoints of now over whatever snapshot a node should reach (D19): one assignment is encoded and swapped in, nothing is parsed,
// resolved or compiled (P6). Knows no streams and no waves.
import { compileEndpoints } from './compiler/endpoints.ts';
import { nameOfService } from './compiler/names.ts';
import type { Discovery, LiveService } from './discovery/discovery.ts';
import type { ToldEndpoints } from './discovery/endpoint-flow.ts';
import type { EnvoyApi } from './proto/api.ts';
import { TYPE_URLS, typeNameOf } from './proto/type-urls.ts';
import { revisionOf } from './snapshot/revision-of.ts';
import type { Snapshot, SnapshotResource, TypeView } from './snapshot/types.ts';
import { snapshotResource, withResources, withView } from './snapshot/view.ts';
import type { TargetSource } from './xds/targets.ts';

export interface LiveEndpointsOptions {
  readonly discovery: Pick<Discovery, 'services' | 'epoch' | 'changedSince'>;
  readonly api: Pick<EnvoyApi, 'check' | 'encodeAny'>;
  /** Endpoints that Envoy would refuse: the service keeps those of before. Told once for each change. */
  readonly onRefused?: (gateway: string, service: string, message: string) => void;
}

interface Laid {
  readonly epoch: number;
  /** The assignments of the base with those of now in their places. */
  readonly view: TypeView;
  /** What lies over the base, by service. */
  readonly services: ReadonlyMap<string, LiveService>;
}

const TYPE = TYPE_URLS.ClusterLoadAssignment;

/** Gives for equal states the same object; a snapshot of which no endpoints are known is given back itself. */
export interface EndpointOverlay {
  over(base: Snapshot): Snapshot;
}

export function createEndpointOverlay(options: LiveEndpointsOptions): EndpointOverlay {
  return new Overlay(options);
}

/** The same targets with the endpoints of now; nodes with the same target share the result too. */
export function withLiveEndpoints(
  targets: TargetSource,
  { overlay, discovery }: { readonly overlay: EndpointOverlay; readonly discovery: Pick<Discovery, 'subscribe'> },
): TargetSource {
  return {
    targetFor: (node) => {
      const base = targets.targetFor(node);
      return base && overlay.over(base);
    },
    subscribe: (listener) => {
      const ends = [targets.subscribe(listener), discovery.subscribe(({ gateway }) => listener(gateway))];
      return () => {
        for (const end of ends) end();
      };
    },
    gateways: () => targets.gateways(),
  };
}

/** So many revisions over the same assignments are remembered: those in waves, and some that come back. */
const REVISIONS_KEPT = 8;

class Overlay implements EndpointOverlay {
  readonly #options: LiveEndpointsOptions;
  /** By the assignments of the base, which most edits leave as they are, then by revision; the newest last. */
  readonly #laid = new WeakMap<TypeView, Map<string, Laid>>();
  readonly #snapshots = new WeakMap<Snapshot, Snapshot>();
  /** Undefined as a resource: Envoy would refuse it. */
  readonly #encoded = new WeakMap<ToldEndpoints, { readonly owner: string; readonly resource: SnapshotResource | undefined }>();

  constructor(options: LiveEndpointsOptions) {
    this.#options = options;
  }

  over(base: Snapshot): Snapshot {
    const view = base.views.get(TYPE);
    if (view === undefined) return base;
    const laid = this.#laidOver(view, base);
    if (laid.view === view) return base;
    const known = this.#snapshots.get(base);
    if (known?.views.get(TYPE) === laid.view) return known;
    const live = withView(base, laid.view);
    this.#snapshots.set(base, live);
    return live;
  }

  #laidOver(view: TypeView, base: Snapshot): Laid {
    const { discovery } = this.#options;
    const revision = revisionOf(base);
    const byRevision = this.#laid.get(view) ?? new Map<string, Laid>();
    this.#laid.set(view, byRevision);
    const own = byRevision.get(revision);
    const epoch = discovery.epoch(base.gateway);
    if (own?.epoch === epoch) return own;
    const before = own ?? [...byRevision.values()].at(-1) ?? { epoch, view, services: new Map() };
    const changed = own && discovery.changedSince(base.gateway, own.epoch);
    const laid = {
      ...this.#lay(base.gateway, before, discovery.services(base.gateway, { revision, ...(changed && { names: changed }) })),
      epoch,
    };
    byRevision.delete(revision);
    byRevision.set(revision, laid);
    const [oldest] = byRevision.keys();
    if (byRevision.size > REVISIONS_KEPT && oldest !== undefined) byRevision.delete(oldest);
    return laid;
  }

  #lay(gateway: string, before: Laid, live: ReadonlyMap<string, LiveService>): Laid {
    const swapped: SnapshotResource[] = [];
    const fresh: (readonly [string, LiveService])[] = [];
    for (const [name, service] of live) {
      const { told } = service;
      const known = before.services.get(name);
      if (told === undefined || (known?.told === told && known.service === service.service)) continue;
      fresh.push([name, service]);
      if (!before.view.resources.has(nameOfService(name))) continue;
      const resource = this.#resourceOf(gateway, service, told);
      if (resource !== undefined) swapped.push(resource);
    }
    if (fresh.length === 0) return before;
    return { ...before, view: withResources(before.view, swapped), services: new Map([...before.services, ...fresh]) };
  }

  #resourceOf(gateway: string, { service }: LiveService, told: ToldEndpoints): SnapshotResource | undefined {
    const owner = JSON.stringify(service.owner);
    const known = this.#encoded.get(told);
    if (known?.owner === owner) return known.resource;
    const message = compileEndpoints(service.owner, told.endpoints);
    const [problem] = this.#options.api.check(typeNameOf(TYPE), message);
    const name = nameOfService(service.owner.name);
    const resource =
      problem === undefined ? snapshotResource(TYPE, name, this.#options.api.encodeAny(typeNameOf(TYPE), message)) : undefined;
    if (problem !== undefined) this.#options.onRefused?.(gateway, service.owner.name, problem.message);
    this.#encoded.set(told, { owner, resource });
    return resource;
  }
}
