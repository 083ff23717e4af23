// What the admin API answers about gateways, nodes and revisions, as far as the commands show it. What an older control plane does not tell
// is absent.
import { z } from 'zod';

const rejectedSchema = z.object({
  version: z.string(),
  message: z.string(),
  resources: z.array(z.string()).default([]),
  sources: z.array(z.string()).default([]),
  at: z.number(),
});

const typeSchema = z.object({
  state: z.string(),
  subscribed: z.union([z.literal('*'), z.number()]),
  acceptedVersion: z.string().optional(),
  sentVersion: z.string().optional(),
  lastAckAt: z.number().optional(),
  rejected: rejectedSchema.optional(),
});

/** One connected node. */
export const nodeSchema = z.object({
  id: z.string(),
  cluster: z.string(),
  userAgent: z.string().optional(),
  version: z.string().optional(),
  connectedAt: z.number(),
  runs: z.object({ version: z.string(), revision: z.number().optional(), since: z.number() }).optional(),
  streams: z.array(
    z.object({
      variant: z.string(),
      ads: z.boolean(),
      stage: z.string().default('-'),
      waitsEnded: z.number().default(0),
      types: z.record(z.string(), typeSchema),
    }),
  ),
});

/** A node that was connected and is not any more. */
const goneSchema = z.object({
  id: z.string(),
  cluster: z.string(),
  version: z.string().optional(),
  goneAt: z.number(),
  ran: z.string().optional(),
});

export const nodesSchema = z.object({ nodes: z.array(nodeSchema), gone: z.array(goneSchema).default([]) });

const nackSchema = z.object({
  nodeId: z.string(),
  typeUrl: z.string(),
  resources: z.array(z.object({ name: z.string() })),
  message: z.string(),
  place: z.string().optional(),
  atMs: z.number(),
});

const rolloutSchema = z.object({
  revision: z.number().optional(),
  version: z.string().optional(),
  state: z.string().optional(),
  lastGood: z.object({ revision: z.number(), version: z.string() }).optional(),
  wave: z
    .object({ step: z.number(), steps: z.number(), asked: z.number(), reached: z.number(), soakUntilMs: z.number().optional() })
    .optional(),
  policies: z.object({ text: z.string() }).optional(),
  withdrawn: z.object({ revision: z.number(), version: z.string(), reason: z.string(), atMs: z.number() }).optional(),
  nodes: z.number(),
  waitingFor: z.array(z.string()),
  waitingForCount: z.number(),
  held: z.array(z.object({ id: z.string(), reason: z.string() })).optional(),
  heldCount: z.number().optional(),
  nacks: z.array(nackSchema),
  quarantine: z.array(nackSchema.partial({ atMs: true })),
});

const discoveredSchema = z.object({
  service: z.string(),
  from: z.string(),
  state: z.string(),
  endpoints: z.array(z.string()),
  draining: z.array(z.string()).default([]),
  held: z.array(z.string()).default([]),
  error: z.string().optional(),
});

const companionSchema = z.object({
  role: z.string(),
  id: z.string(),
  state: z.string(),
  endpoints: z.array(z.string()),
  since: z.number(),
  held: z.number(),
  missing: z.array(z.string()),
  refused: z.array(z.object({ policy: z.string(), message: z.string() })),
});

const loadSchema = z.object({
  nodes: z.number(),
  services: z.record(
    z.string(),
    z.object({ requestsPerSecond: z.number(), errorsPerSecond: z.number(), droppedPerSecond: z.number(), inProgress: z.number() }),
  ),
});

export const gatewaySchema = z.object({
  gateway: z.string().optional(),
  file: z.string(),
  serving: z.string(),
  isRestored: z.boolean(),
  version: z.string().optional(),
  acceptedAt: z.string().optional(),
  problems: z.array(
    z.object({ code: z.string(), severity: z.string(), message: z.string(), source: z.string().optional(), help: z.string().optional() }),
  ),
  rollout: rolloutSchema.optional(),
  discovered: z.array(discoveredSchema).default([]),
  companions: z.array(companionSchema).default([]),
  load: loadSchema.optional(),
});

export type GatewayStatus = z.output<typeof gatewaySchema>;
export type NodeStatus = z.output<typeof nodeSchema>;
export type GoneNode = z.output<typeof goneSchema>;

export interface Status {
  readonly gateways: readonly GatewayStatus[];
  readonly nodes: readonly NodeStatus[];
  readonly gone: readonly GoneNode[];
}

/** Accepted everything that is on offer for it. */
export function isSynced({ streams }: NodeStatus): boolean {
  const states = streams.flatMap(({ types }) => Object.values(types).map(({ state }) => state));
  return states.length > 0 && states.every((state) => state === 'SYNCED');
}

/** The worst state of all its types. */
export function nodeState({ streams }: NodeStatus): string {
  const states = new Set(streams.flatMap(({ types }) => Object.values(types).map(({ state }) => state)));
  return ['ERROR', 'STALE', 'NOT_SENT', 'SYNCED'].find((state) => states.has(state)) ?? 'NOT_SENT';
}

/** `Cluster` for a type URL. */
export function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
