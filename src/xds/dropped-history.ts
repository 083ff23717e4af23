// What recent targets of each gateway had and others lack, for clients that come back and cannot say what they hold (state of the world):
// without it their first full response would delete clusters that their routes still name. Targets may stand side by side (waves, D13).
import type { Snapshot, TypeView } from '../snapshot/types.ts';
import { droppedViews, mergeViews, type Views } from './lingering.ts';

export interface DroppedHistory {
  /** To be called whenever a client is given a target, before it is, and with the target that a client had when it leaves. */
  note(snapshot: Snapshot): void;
  /** What an earlier run of the server knew to be dropped; begins its time anew. */
  remember(gateway: string, views: Views): void;
  /** What targets of the time kept had and later noted ones lacked, in its last form; some of it a present target may have. */
  droppedOf(gateway: string): Views;
}

interface Part {
  readonly views: Views;
  readonly atMs: number;
  /** Whose contents are in `views` already. */
  readonly known: ReadonlySet<TypeView>;
}

interface GatewayHistory {
  /** Noted last. */
  readonly target: Snapshot | undefined;
  /** Oldest first. */
  readonly parts: readonly Part[];
}

interface Clock {
  readonly keepMs: number;
  readonly nowMs: number;
}

const NOTHING: Views = new Map();

export function createDroppedHistory(options: { readonly keepMs: number; readonly nowMs: () => number }): DroppedHistory {
  const { keepMs, nowMs } = options;
  const gateways = new Map<string, GatewayHistory>();
  return {
    note: (target) => {
      const before = gateways.get(target.gateway);
      if (before?.target === target) return;
      const dropped = before?.target === undefined ? NOTHING : droppedViews(before.target.views, target.views);
      gateways.set(target.gateway, { target, parts: withDropped(before?.parts ?? [], dropped, { keepMs, nowMs: nowMs() }) });
    },
    remember: (gateway, views) => {
      const before = gateways.get(gateway);
      gateways.set(gateway, { target: before?.target, parts: withDropped(before?.parts ?? [], views, { keepMs, nowMs: nowMs() }) });
    },
    droppedOf: (gateway) => {
      const parts = gateways.get(gateway)?.parts ?? [];
      return parts.filter(({ atMs }) => nowMs() - atMs < keepMs).reduce((views, part) => mergeViews(views, part.views), NOTHING);
    },
  };
}

/** Drops that come close after each other are one part, so that many edits leave few, and nodes that take turns at two targets one. */
function withDropped(parts: readonly Part[], views: Views, clock: Clock): readonly Part[] {
  const kept = parts.filter(({ atMs }) => clock.nowMs - atMs < clock.keepMs);
  if (views.size === 0 || clock.keepMs === 0) return kept;
  const last = kept.at(-1);
  if (last === undefined || clock.nowMs - last.atMs > clock.keepMs / 8) {
    return [...kept, { views, atMs: clock.nowMs, known: new Set(views.values()) }];
  }
  const fresh = new Map([...views].filter(([, view]) => !last.known.has(view)));
  if (fresh.size === 0) return kept;
  const grown = { views: mergeViews(last.views, fresh), atMs: last.atMs, known: new Set([...last.known, ...fresh.values()]) };
  return [...kept.slice(0, -1), grown];
}
