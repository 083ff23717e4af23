// The bytes of a kept snapshot: a checksum line, a JSON header line, then the resources' bytes in the header's order. They hold private keys.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KeptSnapshot } from '../delivery/revision-store.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { VersionedMap } from '../snapshot/versioned-map.ts';

const MAGIC = 'chancery-snapshot 1';

const resourceSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  bytes: z.int().nonnegative(),
  ttlMs: z.number().exactOptional(),
  aliases: z.array(z.string()).exactOptional(),
});

const viewsSchema = z.array(z.strictObject({ typeUrl: z.string(), version: z.string(), resources: z.array(resourceSchema) }));

const stepSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('count'), nodes: z.number() }),
  z.strictObject({ kind: z.literal('share'), percent: z.number() }),
  z.strictObject({ kind: z.literal('canary') }),
]);

const settingsSchema = z.strictObject({
  steps: z.array(stepSchema),
  soakMs: z.number(),
  abortOn: z.strictObject({ nacks: z.number(), error5xx: z.number().exactOptional() }),
  quorum: z.number(),
  timeoutMs: z.number(),
});

const shapeSchema = z.strictObject({
  listeners: z.array(z.string()),
  services: z.array(z.string()),
  hosts: z.record(z.string(), z.array(z.string())),
});

const headerSchema = z.strictObject({
  revision: z.int().nonnegative(),
  gateway: z.string(),
  version: z.string(),
  contentHash: z.string(),
  acceptedAtMs: z.number(),
  settings: settingsSchema,
  shape: shapeSchema,
  views: viewsSchema,
  dropped: viewsSchema.exactOptional(),
});

type Header = z.output<typeof headerSchema>;
type ViewHeaders = z.output<typeof viewsSchema>;

export function encodeKeptSnapshot({ snapshot, dropped = new Map(), ...kept }: KeptSnapshot): Buffer {
  const views = [...snapshot.views.values()];
  const gone = [...dropped.values()];
  const { gateway, version } = snapshot;
  const header = {
    ...kept,
    gateway,
    version,
    views: views.map(viewHeader),
    ...(gone.length === 0 ? {} : { dropped: gone.map(viewHeader) }),
  };
  const bodies = [...views, ...gone].flatMap((view) => [...view.resources.values()].map((resource) => resource.any));
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...bodies]);
  return Buffer.concat([Buffer.from(`${MAGIC} ${sha256(rest)}\n`), rest]);
}

function viewHeader({ typeUrl, version, resources }: TypeView): ViewHeaders[number] {
  return {
    typeUrl,
    version,
    resources: [...resources.values()].map(({ name, version: own, any, ttlMs, aliases }) => ({
      name,
      version: own,
      bytes: any.length,
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(aliases === undefined ? {} : { aliases: [...aliases] }),
    })),
  };
}

/** The inverse of `encodeKeptSnapshot`, or the reason why these bytes are not what it wrote. */
export function decodeKeptSnapshot(bytes: Buffer): KeptSnapshot | string {
  const firstEnd = bytes.indexOf(0x0a);
  const [first, rest] = [bytes.subarray(0, Math.max(firstEnd, 0)).toString('latin1'), bytes.subarray(firstEnd + 1)];
  if (!first.startsWith(`${MAGIC} `)) return 'it does not begin as a file of this version does';
  if (first.slice(MAGIC.length + 1) !== sha256(rest)) return 'its checksum does not fit: it is cut off or changed';
  const headerEnd = rest.indexOf(0x0a);
  const header = headerSchema.safeParse(JSON.parse(rest.subarray(0, headerEnd).toString('utf8')));
  return header.success ? fromHeader(header.data, new Bodies(rest.subarray(headerEnd + 1))) : 'its header is not understood';
}

function fromHeader({ gateway, version, views, dropped, ...kept }: Header, bodies: Bodies): KeptSnapshot {
  const snapshot = { gateway, version, views: decodeViews(views, bodies) };
  return { ...kept, snapshot, ...(dropped === undefined ? {} : { dropped: decodeViews(dropped, bodies) }) };
}

/** The resources' bytes, one after the other. */
class Bodies {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(length: number): Buffer {
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }
}

function decodeViews(headers: ViewHeaders, bodies: Bodies): ReadonlyMap<string, TypeView> {
  const views = headers.map(({ typeUrl, version, resources }): TypeView => {
    const decoded = resources.map(
      ({ bytes, ...resource }): SnapshotResource => Object.freeze({ ...resource, typeUrl, any: bodies.next(bytes) }),
    );
    const mayExpire = decoded.some(({ ttlMs }) => ttlMs !== undefined);
    return { typeUrl, version, resources: VersionedMap.of(decoded), ...(mayExpire ? { mayExpire } : {}) };
  });
  return new Map(views.map((view) => [view.typeUrl, view]));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
