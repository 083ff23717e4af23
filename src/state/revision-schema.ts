// What entries of a history look like on disk: checked when they are read, because anybody may have written there.
import { z } from 'zod';

const count = z.int().nonnegative();
const time = z.number();
const resources = z.array(z.strictObject({ name: z.string(), version: z.string() }));

const nackSchema = z.strictObject({
  nodeId: z.string(),
  typeUrl: z.string(),
  resources,
  message: z.string(),
  place: z.string().exactOptional(),
  atMs: time,
});

const quarantineEntrySchema = z.strictObject({
  typeUrl: z.string(),
  resources,
  snapshotVersion: z.string().exactOptional(),
  nodeId: z.string(),
  message: z.string(),
  place: z.string().exactOptional(),
  revision: count.exactOptional(),
  atMs: time,
});

const reasonSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nacks'), nodes: count }),
  z.strictObject({ kind: z.literal('policies'), companions: count }),
  z.strictObject({ kind: z.literal('quorum'), accepted: count, answered: count }),
  z.strictObject({ kind: z.literal('error5xx'), percent: z.number(), requests: count }),
]);

const newRevisionShape = {
  number: count,
  gateway: z.string(),
  version: z.string(),
  contentHash: z.string(),
  author: z.string(),
  message: z.string(),
  files: z.array(z.string()),
  acceptedAtMs: time,
};

const waveSchema = z.strictObject({ step: count, asked: count, isEveryone: z.boolean(), atMs: time });
const liveShape = { nodes: count, durationMs: time, atMs: time };
const withdrawnShape = { reason: reasonSchema, backTo: count, atMs: time };

const revisionSchema = z.strictObject({
  ...newRevisionShape,
  texts: z.string().exactOptional(),
  state: z.enum(['accepted', 'offered', 'live', 'withdrawn', 'superseded']),
  goodAtMs: time.exactOptional(),
  live: z.strictObject(liveShape).exactOptional(),
  withdrawn: z.strictObject(withdrawnShape).exactOptional(),
  supersededBy: count.exactOptional(),
  waves: z.array(waveSchema),
  stale: z.array(z.string()),
  nacks: z.array(nackSchema),
});

const historySchema = z.strictObject({
  revisions: z.array(revisionSchema),
  good: count.exactOptional(),
  quarantine: z.strictObject({ entries: z.array(quarantineEntrySchema) }),
});

export const revisionEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('base'), history: historySchema }),
  z.strictObject({ kind: z.literal('accepted'), revision: z.strictObject(newRevisionShape) }),
  z.strictObject({ kind: z.literal('texts'), number: count, texts: z.string() }),
  z.strictObject({ kind: z.literal('wave'), number: count, wave: waveSchema }),
  z.strictObject({ kind: z.literal('stale'), number: count, nodes: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('nack'), number: count, nack: nackSchema }),
  z.strictObject({ kind: z.literal('good'), number: count, atMs: time }),
  z.strictObject({ kind: z.literal('live'), number: count, ...liveShape }),
  z.strictObject({ kind: z.literal('withdrawn'), number: count, ...withdrawnShape }),
  z.strictObject({ kind: z.literal('superseded'), number: count, by: count, atMs: time }),
  z.strictObject({ kind: z.literal('quarantined'), entries: z.array(quarantineEntrySchema) }),
  z.strictObject({ kind: z.literal('released'), atMs: time }),
]);
