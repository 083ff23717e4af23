// An immutable snapshot: all resources of one revision for one gateway, each encoded once and shared by every stream (P9).
import type { VersionedMap } from './versioned-map.ts';

export type TypeUrl = string;

/** One xDS resource; frozen. */
export interface SnapshotResource {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  /** Hash of the canonical bytes: the resource version (X71). */
  readonly version: string;
  /** An encoded google.protobuf.Any holding the resource. */
  readonly any: Buffer;
  /** The client drops it when it has not heard of it for so long; heartbeats keep it (X87, X89). */
  readonly ttlMs?: number;
  /** Other names by which clients may ask for it; only virtual hosts have them (X90). */
  readonly aliases?: readonly string[];
}

/** Why a resource is not offered though the configuration may have it (X52). */
export interface Withheld {
  /** `UNAVAILABLE`: a client that has it keeps it. */
  readonly reason: 'PERMISSION_DENIED' | 'UNAVAILABLE';
  readonly message: string;
}

/** All resources of one type. */
export interface TypeView {
  readonly typeUrl: TypeUrl;
  /** Hash over sorted (name, version); changes if and only if the contents do (X16, X17). */
  readonly version: string;
  /** Sorted by name; `view.ts` makes and changes views. No plain data: for another thread or a file, send the resources and make it anew. */
  readonly resources: VersionedMap<SnapshotResource>;
  /** By name; of names that `resources` lacks. */
  readonly withheld?: ReadonlyMap<string, Withheld>;
  /** Some resource may have a `ttlMs`. */
  readonly mayExpire?: true;
}

export interface Snapshot {
  /** The gateway it is for; equals node.cluster. */
  readonly gateway: string;
  /** Hash over all type versions. */
  readonly version: string;
  /** The version that the configuration alone gave, where live endpoints were laid over it (D19); absent where `version` is that one. */
  readonly revision?: string;
  readonly views: ReadonlyMap<TypeUrl, TypeView>;
}
