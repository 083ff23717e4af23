// Lays the endpoints of now over whatever snapshot a node should reach (D19): one assignment is encoded and swapped in, nothing is parsed,
// resolved or compiled (P6). Knows no streams and no waves.
import { compileEndpoints } from '../compiler/endpoints.ts';
import { nameOfService } from '../compiler/names.ts';
import type { Discovery, LiveService } from '../discovery/discovery.ts';
import type { ToldEndpoints } from '../discovery/endpoint-flow.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';
import { revisionOf } from '../snapshot/revision-of.ts';
import type { Snapshot, SnapshotResource, TypeView } from '../snapshot/types.ts';
import { snapshotResource, withResources, withView } from '../snapshot/view.ts';
import type { TargetSource } from '../xds/targets.ts';

export interface LiveEndpointsOptions {
  readonly discovery: Pick<Discovery, 'services' | 'epoch' | 'changedSince'>;
  readonly api: Pick<EnvoyApi, 'check' | 'encodeAny'>;
  /** Endpoints that Envoy would refuse: the service keeps those of before. Told once for each change. */
  readonly onRefused?: (gateway: string, service: string, message: string) => void;
}

/** What lies over one base; brought up to date in place, because a copy of ten thousand services would cost more than the change. */
interface Laid {
  epoch: number;
  /** The assignments of the base with those of now in their places. */
  view: TypeView;
  /** What lies over the base, by service. */
  readonly services: Map<string, LiveService>;
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
    if (laid === view) return base;
    const known = this.#snapshots.get(base);
    if (known?.views.get(TYPE) === laid) return known;
    const live = withView(base, laid);
    this.#snapshots.set(base, live);
    return live;
  }

  #laidOver(view: TypeView, base: Snapshot): TypeView {
    const { discovery } = this.#options;
    const { gateway } = base;
    const revision = revisionOf(base);
    const epoch = discovery.epoch(gateway, revision);
    const byRevision = this.#laid.get(view) ?? new Map<string, Laid>();
    this.#laid.set(view, byRevision);
    const own = byRevision.get(revision);
    if (own?.epoch === epoch) return own.view;
    const laid = own ?? copyOf([...byRevision.values()].at(-1), view);
    const names = own && discovery.changedSince(gateway, own.epoch);
    this.#lay(gateway, laid, discovery.services(gateway, { revision, ...(names && { names }) }));
    laid.epoch = epoch;
    if (own === undefined) remember(byRevision, revision, laid);
    return laid.view;
  }

  #lay(gateway: string, laid: Laid, live: ReadonlyMap<string, LiveService>): void {
    const swapped: SnapshotResource[] = [];
    for (const [name, service] of live) {
      const { told } = service;
      const known = laid.services.get(name);
      if (told === undefined || (known?.told === told && known.service === service.service)) continue;
      laid.services.set(name, service);
      if (!laid.view.resources.has(nameOfService(name))) continue;
      const resource = this.#resourceOf(gateway, service, told);
      if (resource !== undefined) swapped.push(resource);
    }
    if (swapped.length > 0) laid.view = withResources(laid.view, swapped);
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

/** An edit that leaves the assignments as they are begins with what lies over them already. */
function copyOf(laid: Laid | undefined, view: TypeView): Laid {
  return { epoch: -1, view: laid?.view ?? view, services: new Map(laid?.services) };
}

function remember(byRevision: Map<string, Laid>, revision: string, laid: Laid): void {
  byRevision.set(revision, laid);
  const [oldest] = byRevision.keys();
  if (byRevision.size > REVISIONS_KEPT && oldest !== undefined) byRevision.delete(oldest);
}
