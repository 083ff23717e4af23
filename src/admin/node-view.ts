// Nodes as the API shows them: their state with the version that they run, and refusals with the lines that they are about.
import type { TypeUrl } from '../snapshot/types.ts';
import type { NodeStatus, StreamStatus, TypeStatus } from '../xds/status.ts';
import type { AdminSources } from './sources.ts';

export interface TypeView extends Omit<TypeStatus, 'rejected'> {
  readonly rejected?: NonNullable<TypeStatus['rejected']> & {
    /** `file:line` of the resources, as far as known. */
    readonly sources: readonly string[];
  };
}

export interface NodeView extends Omit<NodeStatus, 'streams'> {
  /** The newest configuration that it accepted all of; absent: none yet. `revision`: its number, where it is known still. */
  readonly runs?: { readonly version: string; readonly revision?: number; readonly since: number };
  readonly streams: readonly (Omit<StreamStatus, 'types'> & { readonly types: Readonly<Record<TypeUrl, TypeView>> })[];
}

/** Each takes the build thread a moment, and nobody reads more. */
const PLACES_SOUGHT = 100;

export async function nodeViews(sources: AdminSources, nodes: readonly NodeStatus[]): Promise<readonly NodeView[]> {
  const places = new Places(sources);
  return Promise.all(nodes.map((node) => nodeView(node, sources, places)));
}

async function nodeView({ streams, ...node }: NodeStatus, sources: AdminSources, places: Places): Promise<NodeView> {
  const runs = sources.runs(node.cluster, node.id);
  const shown = await Promise.all(
    streams.map(({ types, ...stream }) => withPlaces(stream, types, (url, name) => places.of(node.cluster, url, name))),
  );
  return { ...node, ...(runs === undefined ? {} : { runs: runsView(sources, node.cluster, runs) }), streams: shown };
}

type Runs = NonNullable<ReturnType<AdminSources['runs']>>;

function runsView(sources: AdminSources, gateway: string, { version, sinceMs }: Runs): NonNullable<NodeView['runs']> {
  const revision = sources.revisions(gateway)?.findLast((each) => each.version === version);
  return { version, ...(revision === undefined ? {} : { revision: revision.number }), since: sinceMs };
}

async function withPlaces(
  stream: Omit<StreamStatus, 'types'>,
  types: StreamStatus['types'],
  placeOf: (typeUrl: TypeUrl, name: string) => Promise<string | undefined>,
): Promise<NodeView['streams'][number]> {
  const entries = Object.entries(types).map(async ([typeUrl, { rejected, ...type }]) => {
    if (rejected === undefined) return [typeUrl, type] as const;
    const found = await Promise.all(rejected.resources.map((name) => placeOf(typeUrl, name)));
    const sources = [...new Set(found.filter((place) => place !== undefined))];
    return [typeUrl, { ...type, rejected: { ...rejected, sources } }] as const;
  });
  return { ...stream, types: Object.fromEntries(await Promise.all(entries)) };
}

/** Of one request: many nodes refuse the same resource. */
class Places {
  readonly #sources: AdminSources;
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(sources: AdminSources) {
    this.#sources = sources;
  }

  of(gateway: string, typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    const key = JSON.stringify([gateway, typeUrl, name]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= PLACES_SOUGHT) return Promise.resolve(undefined);
    const place = this.#sources.placeOf(gateway, typeUrl, name).catch(() => undefined);
    this.#known.set(key, place);
    return place;
  }
}
