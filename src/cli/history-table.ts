// The answer of `chancery history` as text. Pure.
import { z } from 'zod';
import { ago } from './age.ts';
import { messageLines } from './message-lines.ts';
import { shortType } from './status-schema.ts';
import { textTable } from './text-table.ts';

const reasonSchema = z.looseObject({ kind: z.string() });

export const revisionSchema = z.object({
  number: z.number(),
  version: z.string(),
  contentHash: z.string(),
  author: z.string(),
  message: z.string(),
  files: z.array(z.string()),
  acceptedAtMs: z.number(),
  state: z.string(),
  goodAtMs: z.number().optional(),
  live: z.object({ nodes: z.number(), durationMs: z.number(), atMs: z.number() }).optional(),
  withdrawn: z.object({ reason: reasonSchema, backTo: z.number(), atMs: z.number() }).optional(),
  supersededBy: z.number().optional(),
  waves: z.array(z.object({ step: z.number(), asked: z.number(), isEveryone: z.boolean(), atMs: z.number() })),
  stale: z.array(z.string()),
  nacks: z.array(
    z.object({
      nodeId: z.string(),
      typeUrl: z.string(),
      resources: z.array(z.object({ name: z.string() })),
      message: z.string(),
      place: z.string().optional(),
      atMs: z.number(),
    }),
  ),
});

export const revisionsSchema = z.object({ revisions: z.array(revisionSchema) });

export type RevisionView = z.output<typeof revisionSchema>;

/** In the order given. */
export function historyTable(revisions: readonly RevisionView[], nowMs: number): string {
  if (revisions.length === 0) return 'There is no revision yet.\n';
  const newestLive = Math.max(...revisions.flatMap(({ number, state }) => (state === 'live' ? number : [])));
  const rows = revisions.map((revision) => [
    String(revision.number),
    revision.state === 'live' && revision.number < newestLive ? 'was live' : revision.state,
    `${new Date(revision.acceptedAtMs).toISOString().slice(0, 19)}Z`,
    ago(revision.acceptedAtMs, nowMs),
    revision.author,
    revision.version,
    revision.waves.length === 0 ? '-' : revision.waves.map(({ asked, isEveryone }) => (isEveryone ? 'all' : String(asked))).join(' → '),
    outcome(revision),
  ]);
  const table = textTable(['REVISION', 'STATE', 'ACCEPTED', '', 'BY', 'VERSION', 'WAVES', 'OUTCOME'], rows);
  const nacks = revisions.flatMap(nackLines);
  return nacks.length === 0 ? table : `${table}\n${nacks.join('')}`;
}

function outcome({ live, withdrawn, supersededBy, stale, nacks }: RevisionView): string {
  const parts = [
    ...(live === undefined ? [] : [`live on ${live.nodes === 1 ? '1 node' : `${live.nodes} nodes`} after ${live.durationMs} ms`]),
    ...(withdrawn === undefined ? [] : [`withdrawn (${withdrawn.reason.kind}), back to ${withdrawn.backTo}`]),
    ...(supersededBy === undefined || live !== undefined ? [] : [`overtaken by ${supersededBy}`]),
    ...(nacks.length === 0 ? [] : [`${nacks.length} refused`]),
    ...(stale.length === 0 ? [] : [`${stale.length} without an answer`]),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}

function nackLines({ number, nacks }: RevisionView): readonly string[] {
  return nacks.map(({ nodeId, typeUrl, resources, message, place }) => {
    const names = resources.map(({ name }) => name).join(', ');
    return `revision ${number}: ${nodeId} refused ${shortType(typeUrl)} ${names}\n${messageLines(message)}${place === undefined ? '' : `  --> ${place}\n`}`;
  });
}
