// What is remembered of nodes beyond their streams: which version each one runs, and who was here and is gone. Bounded; decides nothing.
import { revisionOf } from '../snapshot/revision-of.ts';
import type { ClientNode } from '../xds/node.ts';
import type { ProgressListener } from '../xds/progress.ts';

/** A node without a stream: dead, moved elsewhere, or cut off. What it has it goes on serving. */
export interface GoneNode {
  readonly id: string;
  readonly cluster: string;
  /** Of the Envoy. */
  readonly version?: string;
  readonly goneAt: number;
  /** Version of the configuration that it ran when it went; absent: none completely. */
  readonly ran?: string;
}

/** The newest version that a node accepted all of. */
export interface NodeVersion {
  readonly version: string;
  readonly sinceMs: number;
}

export interface NodeBook {
  readonly progress: ProgressListener;
  /** Of a connected node. */
  runs(gateway: string, id: string): NodeVersion | undefined;
  /** Those of the last hour, newest first; a node that is back is not among them. */
  gone(): readonly GoneNode[];
}

const KEEP_MS = 3_600_000;
const MOST_GONE = 1_000;

export function createNodeBook(nowMs: () => number): NodeBook {
  const running = new Map<string, NodeVersion>();
  /** Oldest first. */
  const gone = new Map<string, GoneNode>();
  return {
    progress: {
      nodeConnected: (node) => void gone.delete(keyOf(node)),
      reached: (node, target, sinceMs) => void running.set(keyOf(node), { version: revisionOf(target), sinceMs }),
      nodeGone: (node, goneAt) => {
        const key = keyOf(node);
        const ran = running.get(key)?.version;
        running.delete(key);
        const { id, cluster, version } = node;
        gone.set(key, { id, cluster, goneAt, ...(version === undefined ? {} : { version }), ...(ran === undefined ? {} : { ran }) });
        const [oldest] = gone.keys();
        if (gone.size > MOST_GONE && oldest !== undefined) gone.delete(oldest);
      },
    },
    runs: (cluster, id) => running.get(keyOf({ cluster, id })),
    gone: () => [...gone.values()].filter(({ goneAt }) => nowMs() - goneAt < KEEP_MS).reverse(),
  };
}

function keyOf({ cluster, id }: Pick<ClientNode, 'cluster' | 'id'>): string {
  return JSON.stringify([cluster, id]);
}
