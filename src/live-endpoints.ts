// Lays the endpoints of now over whatever snapshot a node should reach (D19): one assignment is encoded and swapped in, nothing is parsed,
// resolved or compiled (P6). Knows no streams and no waves.
import { compileEndpoints } from './compiler/endpoints.ts';
import { nameOfService } from './compiler/names.ts';
import type { Discovery, LiveService } from './discovery/discovery.ts';
import type { ToldEndpoints } from './discovery/endpoint-flow.ts';
import type { EnvoyApi } from './proto/api.ts';
import { TYPE_URLS, typeNameOf } from './proto/type-urls.ts';
import { revisionOf } from './snapshot/revision-of.ts';
import type { Snapshot, SnapshotResource } from './snapshot/types.ts';
import { snapshotResource, withResources, withView } from './snapshot/view.ts';
import type { TargetSource } from './xds/targets.ts';

export interface LiveEndpointsOptions {
  readonly discovery: Pick<Discovery, 'services' | 'epoch'>;
  readonly api: Pick<EnvoyApi, 'check' | 'encodeAny'>;
  /** Endpoints that Envoy would refuse: the service keeps those of before. Told once for each change. */
  readonly onRefused?: (gateway: string, service: string, message: string) => void;
}

interface Laid {
  readonly epoch: number;
  readonly snapshot: Snapshot;
  /** What lies over the base, by service. */
  readonly told: ReadonlyMap<string, ToldEndpoints>;
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

class Overlay implements EndpointOverlay {
  readonly #options: LiveEndpointsOptions;
  readonly #laid = new WeakMap<Snapshot, Laid>();
  /** Undefined as a value: Envoy would refuse it. */
  readonly #encoded = new WeakMap<ToldEndpoints, { readonly owner: string; readonly resource: SnapshotResource | undefined }>();

  constructor(options: LiveEndpointsOptions) {
    this.#options = options;
  }

  over(base: Snapshot): Snapshot {
    const { discovery } = this.#options;
    const epoch = discovery.epoch(base.gateway);
    const before = this.#laid.get(base);
    if (before?.epoch === epoch) return before.snapshot;
    const laid = this.#lay(base, before ?? { epoch, snapshot: base, told: new Map() });
    this.#laid.set(base, { ...laid, epoch });
    return laid.snapshot;
  }

  #lay(base: Snapshot, before: Laid): Laid {
    const view = before.snapshot.views.get(TYPE);
    const services = this.#options.discovery.services(base.gateway, revisionOf(base));
    if (view === undefined || services.size === 0) return before;
    const told = new Map(before.told);
    const swapped: SnapshotResource[] = [];
    for (const [name, live] of services) {
      if (live.told === undefined || live.told === told.get(name) || !view.resources.has(nameOfService(name))) continue;
      const resource = this.#resourceOf(base.gateway, live, live.told);
      told.set(name, live.told);
      if (resource !== undefined) swapped.push(resource);
    }
    const next = withResources(view, swapped);
    if (next === view) return { ...before, told };
    return { ...before, told, snapshot: Object.freeze({ ...withView(before.snapshot, next), revision: revisionOf(base) }) };
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
