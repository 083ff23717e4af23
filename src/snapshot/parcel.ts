// A snapshot on its way from one thread to another: what changed since the one before, its bytes in one buffer that is transferred (P8).
// What did not change is named by nothing: the receiver has it. Both sides must hold the same snapshot as the one before.
import { diffSnapshots } from './diff.ts';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from './types.ts';
import { snapshotVersion, typeView, withoutResources, withResources } from './view.ts';

interface ViewParcel {
  readonly typeUrl: TypeUrl;
  /** Names, versions and lengths in bytes of what is new or changed, in the order of the bytes. */
  readonly names: readonly string[];
  readonly versions: readonly string[];
  readonly lengths: readonly number[];
  readonly removed: readonly string[];
}

/** Plain data; a structured clone of it is as good. */
export interface SnapshotParcel {
  readonly gateway: string;
  readonly version: string;
  /** Version of the snapshot that the receiver must have; absent: the parcel holds everything. */
  readonly base?: string;
  /** Types of the whole snapshot, in its order. */
  readonly typeUrls: readonly TypeUrl[];
  /** Only of types in which something changed. */
  readonly views: readonly ViewParcel[];
  /** To be transferred, not copied. */
  readonly bytes: ArrayBuffer;
}

/** Without `base` everything is in it. */
export function packSnapshot(base: Snapshot | undefined, snapshot: Snapshot): SnapshotParcel {
  const changed: SnapshotResource[] = [];
  const views: ViewParcel[] = [];
  for (const [typeUrl, diff] of diffSnapshots(base, snapshot)) {
    const resources = snapshot.views.get(typeUrl)?.resources;
    const own = [...diff.added, ...diff.changed].flatMap((name) => resources?.get(name) ?? []);
    changed.push(...own);
    views.push({
      typeUrl,
      names: own.map(({ name }) => name),
      versions: own.map(({ version }) => version),
      lengths: own.map(({ any }) => any.length),
      removed: diff.removed,
    });
  }
  return {
    gateway: snapshot.gateway,
    version: snapshot.version,
    ...(base === undefined ? {} : { base: base.version }),
    typeUrls: [...snapshot.views.keys()],
    views,
    bytes: joined(changed),
  };
}

function joined(resources: readonly SnapshotResource[]): ArrayBuffer {
  const bytes = new Uint8Array(resources.reduce((sum, { any }) => sum + any.length, 0));
  let at = 0;
  for (const { any } of resources) {
    bytes.set(any, at);
    at += any.length;
  }
  return bytes.buffer;
}

/** So many are unpacked before others get their turn: less than a millisecond. */
const RESOURCES_PER_TURN = 500;

/**
 * The snapshot that was packed. What is equal in `held`, the last snapshot that was unpacked, is the same object, also where the parcel
 * holds everything. `turn` is awaited now and then, so that what else runs in this thread is not held up. Throws where `held` is not
 * the parcel's base.
 */
export async function unpackSnapshot(parcel: SnapshotParcel, held: Snapshot | undefined, turn: () => Promise<void>): Promise<Snapshot> {
  if (parcel.base !== undefined && parcel.base !== held?.version) {
    throw new Error(`a parcel of changes to snapshot ${parcel.base} met ${held?.version ?? 'none'}`);
  }
  const views = new Map<TypeUrl, TypeView>(parcel.base === undefined ? [] : held?.views);
  const reader = new ResourceReader(parcel.bytes, turn);
  for (const view of parcel.views) {
    const resources = await reader.read(view);
    views.set(view.typeUrl, merged(view, resources, { held: held?.views.get(view.typeUrl), isWhole: parcel.base === undefined }));
    await turn();
  }
  return assembled(parcel, views, held);
}

interface HeldView {
  readonly held: TypeView | undefined;
  readonly isWhole: boolean;
}

function merged({ typeUrl, removed }: ViewParcel, resources: readonly SnapshotResource[], { held, isWhole }: HeldView): TypeView {
  if (isWhole || held === undefined) return typeView(typeUrl, resources, held);
  return withoutResources(withResources(held, resources), removed);
}

function assembled({ gateway, version, typeUrls }: SnapshotParcel, views: Map<TypeUrl, TypeView>, held: Snapshot | undefined): Snapshot {
  const ordered = typeUrls.flatMap((typeUrl) => views.get(typeUrl) ?? []);
  const isSame = held?.gateway === gateway && held.views.size === ordered.length;
  if (isSame && ordered.every((view) => held.views.get(view.typeUrl) === view)) return held;
  const own = snapshotVersion(ordered);
  if (own !== version) throw new Error(`snapshot ${version} was unpacked as ${own}`);
  return Object.freeze({ gateway, version, views: new Map(ordered.map((view) => [view.typeUrl, view])) });
}

class ResourceReader {
  readonly #bytes: ArrayBuffer;
  readonly #turn: () => Promise<void>;
  #at = 0;
  #count = 0;

  constructor(bytes: ArrayBuffer, turn: () => Promise<void>) {
    this.#bytes = bytes;
    this.#turn = turn;
  }

  async read({ typeUrl, names, versions, lengths }: ViewParcel): Promise<readonly SnapshotResource[]> {
    const resources: SnapshotResource[] = [];
    for (const [index, name] of names.entries()) {
      const length = lengths[index] ?? 0;
      resources.push(Object.freeze({ typeUrl, name, version: versions[index] ?? '', any: this.#copy(length) }));
      this.#count += 1;
      if (this.#count % RESOURCES_PER_TURN === 0) await this.#turn();
    }
    return resources;
  }

  /** Of its own: a resource that stays for long must not keep the bytes of all that came with it (P28). */
  #copy(length: number): Buffer {
    const any = Buffer.allocUnsafeSlow(length);
    any.set(new Uint8Array(this.#bytes, this.#at, length));
    this.#at += length;
    return any;
  }
}
