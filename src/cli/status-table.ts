// The answer of `chancery status` as text: gateways, nodes per type, refusals. Pure.
import { z } from 'zod';
import { textTable } from './text-table.ts';

const typeSchema = z.object({
  state: z.string(),
  subscribed: z.union([z.literal('*'), z.number()]),
  acceptedVersion: z.string().optional(),
  sentVersion: z.string().optional(),
  lastAckAt: z.number().optional(),
  rejected: z.object({ version: z.string(), message: z.string(), at: z.number() }).optional(),
});

/** One node as the admin API gives it. */
export const nodeSchema = z.object({
  id: z.string(),
  cluster: z.string(),
  userAgent: z.string().optional(),
  version: z.string().optional(),
  connectedAt: z.number(),
  streams: z.array(z.object({ variant: z.string(), ads: z.boolean(), types: z.record(z.string(), typeSchema) })),
});

/** One gateway as the admin API gives it. */
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
});

export interface Status {
  readonly gateways: readonly z.output<typeof gatewaySchema>[];
  readonly nodes: readonly z.output<typeof nodeSchema>[];
}

export function statusTable({ gateways, nodes }: Status, nowMs: number): string {
  const parts = [gatewayTable(gateways, nowMs), problemLines(gateways), nodeTable(nodes, nowMs), refusalLines(nodes, nowMs)];
  return parts.filter((part) => part !== '').join('\n');
}

function gatewayTable(gateways: Status['gateways'], nowMs: number): string {
  const rows = gateways.map(({ gateway = '?', serving, isRestored, version = '-', acceptedAt, file }) => [
    gateway,
    isRestored ? `${serving} (kept from an earlier run)` : serving,
    version,
    acceptedAt === undefined ? '-' : `${age(Date.parse(acceptedAt), nowMs)} ago`,
    file,
  ]);
  return textTable(['GATEWAY', 'SERVING', 'VERSION', 'ACCEPTED', 'FILE'], rows);
}

function problemLines(gateways: Status['gateways']): string {
  return gateways
    .flatMap(({ problems }) => problems)
    .map(({ code, severity, message, source }) => `${severity}[${code}]: ${message}${source === undefined ? '' : `\n  --> ${source}`}\n`)
    .join('');
}

function nodeTable(nodes: Status['nodes'], nowMs: number): string {
  if (nodes.length === 0) return 'No node is connected.\n';
  const rows = nodes.flatMap((node) =>
    node.streams.flatMap(({ variant, types }) =>
      Object.entries(types).map(([typeUrl, type]) => [
        node.id,
        node.cluster,
        node.version ?? '-',
        variant,
        shortType(typeUrl),
        type.state,
        type.acceptedVersion ?? '-',
        type.sentVersion ?? '-',
        type.lastAckAt === undefined ? '-' : `${age(type.lastAckAt, nowMs)} ago`,
        String(type.subscribed),
      ]),
    ),
  );
  return textTable(['NODE', 'GATEWAY', 'ENVOY', 'XDS', 'TYPE', 'STATE', 'ACCEPTED', 'SENT', 'LAST ACK', 'SUBSCRIBED'], rows);
}

function refusalLines(nodes: Status['nodes'], nowMs: number): string {
  return nodes
    .flatMap((node) =>
      node.streams.flatMap(({ types }) => Object.entries(types).map(([typeUrl, { rejected }]) => ({ node, typeUrl, rejected }))),
    )
    .map(({ node, typeUrl, rejected }) =>
      rejected === undefined
        ? ''
        : `${node.id} refused ${shortType(typeUrl)} ${rejected.version} ${age(rejected.at, nowMs)} ago:\n  ${rejected.message}\n`,
    )
    .join('');
}

/** `12s`, `3m`, `5h`, `2d`. */
function age(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
