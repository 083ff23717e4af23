// Responses as bytes: joined from resources that are encoded already (T3), and shared by all streams that are sent the same plan,
// nonce included (T5). Decides nothing about what is sent.
import type { CacheListener } from '../lib/cache-listener.ts';
import { type WireField, type WireMessage, wireMessage, writeMessage } from '../proto/wire.ts';
import type { SnapshotResource } from '../snapshot/types.ts';
import type { Plan, ResourceError } from './subscription.ts';

export interface Frame {
  /** An encoded DiscoveryResponse or DeltaDiscoveryResponse. */
  readonly bytes: Buffer;
  readonly nonce: string;
  /** Rises over all frames of the process: a stream takes a shared frame only if it has not seen a later one, so no nonce comes twice. */
  readonly sequence: number;
}

export interface FramesOptions {
  /** Begins every nonce; differs between processes. */
  readonly prefix: string;
  /** `control_plane.identifier` of every response (X15). */
  readonly identifier: string;
  /** Of shared frames that are kept. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly cache?: CacheListener;
}

export interface Frames {
  /** The bytes of `plan` under a nonce that is new to a stream whose last sequence is `lastSequence`. */
  frame(plan: Plan, lastSequence: number): Frame;
  /** Forgets the shared frames; to be called when there are newer views. */
  clear(): void;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

export function createFrames(options: FramesOptions): Frames {
  const kept = new Map<Plan, Frame>();
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  let keptBytes = 0;
  let sequence = 0;

  function keep(plan: Plan, frame: Frame): void {
    keptBytes += frame.bytes.length - (kept.get(plan)?.bytes.length ?? 0);
    kept.delete(plan);
    kept.set(plan, frame);
    let evicted = 0;
    for (const [oldest, { bytes }] of kept) {
      if (keptBytes <= maxBytes) break;
      kept.delete(oldest);
      keptBytes -= bytes.length;
      evicted += 1;
    }
    if (evicted > 0) options.cache?.evicted(evicted);
    options.cache?.holds(kept.size, keptBytes);
  }

  return {
    frame: (plan, lastSequence) => {
      const known = kept.get(plan);
      if (known !== undefined && known.sequence > lastSequence) {
        options.cache?.hit();
        return known;
      }
      sequence += 1;
      const nonce = `${options.prefix}-${sequence}`;
      const frame = { bytes: encode(plan, nonce, options.identifier), nonce, sequence };
      options.cache?.missed();
      keep(plan, frame);
      return frame;
    },
    clear: () => {
      kept.clear();
      keptBytes = 0;
      options.cache?.holds(0, 0);
    },
  };
}

function encode(plan: Plan, nonce: string, identifier: string): Buffer {
  const message = plan.variant === 'sotw' ? sotwResponse(plan, nonce, identifier) : deltaResponse(plan, nonce, identifier);
  // Not from the shared slab: a kept frame would pin the whole of it (P28).
  const bytes = Buffer.allocUnsafeSlow(message.size);
  writeMessage(bytes, message, 0);
  return bytes;
}

/** envoy.service.discovery.v3.DiscoveryResponse */
function sotwResponse(plan: Plan, nonce: string, identifier: string): WireMessage {
  return wireMessage([
    [1, plan.view.version],
    ...plan.entries.map((resource): WireField => [2, isWrapped(plan, resource) ? wrapped(plan, resource) : resource.any]),
    ...plan.heartbeats.map((resource): WireField => [2, wrapped(plan, resource)]),
    [4, plan.view.typeUrl],
    [5, nonce],
    [6, wireMessage([[1, identifier]])],
    ...plan.errors.map((error): WireField => [7, errorMessage(error)]),
  ]);
}

/** envoy.service.discovery.v3.DeltaDiscoveryResponse */
function deltaResponse(plan: Plan, nonce: string, identifier: string): WireMessage {
  return wireMessage([
    [1, plan.view.version],
    ...[...plan.entries, ...plan.heartbeats].map((resource): WireField => [2, resourceMessage(plan, resource)]),
    [4, plan.view.typeUrl],
    [5, nonce],
    ...plan.removed.map((name): WireField => [6, name]),
    [7, wireMessage([[1, identifier]])],
    ...plan.errors.map((error): WireField => [9, errorMessage(error)]),
  ]);
}

/** envoy.service.discovery.v3.Resource. A heartbeat has no body, nor has a host that nobody answers for. */
function resourceMessage({ heartbeats, limits }: Plan, { name, version, any, aliases, ttlMs }: SnapshotResource): WireMessage {
  const hasBody = heartbeats.length === 0 && any.length > 0;
  return wireMessage([
    [1, version],
    ...(hasBody ? [[2, any] as const] : []),
    [3, name],
    ...(aliases ?? []).map((alias): WireField => [4, alias]),
    ...(ttlMs === undefined || limits.takesTtl !== true ? [] : [[6, duration(ttlMs)] as const]),
  ]);
}

/** State of the world has no place for a time to live but a wrapping (X88). */
function isWrapped({ limits }: Plan, { ttlMs }: SnapshotResource): boolean {
  return ttlMs !== undefined && limits.takesTtl === true && limits.takesWrapped === true;
}

/** google.protobuf.Any of a Resource */
function wrapped(plan: Plan, resource: SnapshotResource): WireMessage {
  return wireMessage([
    [1, 'type.googleapis.com/envoy.service.discovery.v3.Resource'],
    [2, resourceMessage(plan, resource)],
  ]);
}

/** google.protobuf.Duration */
function duration(ms: number): WireMessage {
  return wireMessage([
    [1, Math.floor(ms / 1000)],
    [2, Math.round((ms % 1000) * 1_000_000)],
  ]);
}

/** envoy.service.discovery.v3.ResourceError of a ResourceName and a google.rpc.Status */
function errorMessage({ name, code, message }: ResourceError): WireMessage {
  return wireMessage([
    [1, wireMessage([[1, name]])],
    [
      2,
      wireMessage([
        [1, code],
        [2, message],
      ]),
    ],
  ]);
}
