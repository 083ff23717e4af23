// What the latest targets of each gateway no longer have, for clients that come back and cannot say what they hold (state of the world):
// without it their first full response would delete clusters that their routes still name.
import type { Snapshot } from '../snapshot/types.ts';
import { droppedViews, mergeViews, type Views } from './staging.ts';

export interface DroppedHistory {
  /** To be called with every snapshot that becomes the target of its gateway. */
  note(snapshot: Snapshot): void;
  /** What was dropped within the time kept, in its last form. */
  droppedOf(gateway: string): Views;
}

interface GatewayHistory {
  readonly target: Snapshot;
  /** Oldest first. */
  readonly parts: readonly { readonly views: Views; readonly atMs: number }[];
}

const NOTHING: Views = new Map();

export function createDroppedHistory(options: { readonly keepMs: number; readonly nowMs: () => number }): DroppedHistory {
  const { keepMs, nowMs } = options;
  const gateways = new Map<string, GatewayHistory>();
  return {
    note: (target) => {
      const before = gateways.get(target.gateway);
      const parts =
        before === undefined ? [] : withPart(before, droppedViews(before.target.views, target.views), { keepMs, nowMs: nowMs() });
      gateways.set(target.gateway, { target, parts });
    },
    droppedOf: (gateway) => {
      const parts = gateways.get(gateway)?.parts ?? [];
      return parts.filter(({ atMs }) => nowMs() - atMs < keepMs).reduce((views, part) => mergeViews(views, part.views), NOTHING);
    },
  };
}

/** Drops that come close after each other are one part, so that many edits leave few. */
function withPart(
  { parts }: GatewayHistory,
  views: Views,
  clock: { readonly keepMs: number; readonly nowMs: number },
): GatewayHistory['parts'] {
  const kept = parts.filter(({ atMs }) => clock.nowMs - atMs < clock.keepMs);
  if (views.size === 0 || clock.keepMs === 0) return kept;
  const last = kept.at(-1);
  if (last === undefined || clock.nowMs - last.atMs > clock.keepMs / 8) return [...kept, { views, atMs: clock.nowMs }];
  return [...kept.slice(0, -1), { views: mergeViews(last.views, views), atMs: last.atMs }];
}
