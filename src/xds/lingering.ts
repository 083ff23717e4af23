// What targets dropped and clients may still use: parts that stay on offer, each until its time (D6 "break", X77). Pure.
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import { CLUSTER_RANK, type TypeRules, typeRules } from './type-rules.ts';
import { droppedFrom, unionViews } from './views.ts';

export type Views = ReadonlyMap<TypeUrl, TypeView>;

export const NO_VIEWS: Views = new Map();

/** Resources that targets dropped, kept on offer until `dueAtMs`. */
export interface Lingering {
  readonly views: Views;
  readonly openedAtMs: number;
  readonly dueAtMs: number;
  /** Clusters go first; what they need follows when that is accepted (X74). */
  readonly clustersGoneAtMs: number | undefined;
}

/** Starts the clock of what was dropped. Drops that come close after each other share one, so that many edits leave few parts. */
export function withDropped(
  parts: readonly Lingering[],
  dropped: Views,
  clock: { readonly nowMs: number; readonly lingerMs: number },
): readonly Lingering[] {
  if (dropped.size === 0) return parts;
  const { nowMs, lingerMs } = clock;
  const last = parts.at(-1);
  const fresh = { views: dropped, openedAtMs: nowMs, dueAtMs: nowMs + lingerMs, clustersGoneAtMs: undefined };
  if (last === undefined || last.clustersGoneAtMs !== undefined || nowMs - last.openedAtMs > lingerMs / 4) return [...parts, fresh];
  const dueAtMs = Math.max(last.dueAtMs, fresh.dueAtMs);
  return [...parts.slice(0, -1), { ...fresh, dueAtMs, openedAtMs: last.openedAtMs, views: mergeViews(last.views, dropped) }];
}

/** What lingers of a type, `dropped` included; undefined if nothing does. */
export function lingeringView(parts: readonly Lingering[], dropped: Views, rules: TypeRules): TypeView | undefined {
  const present = parts.filter((part) => rules.rank !== CLUSTER_RANK || part.clustersGoneAtMs === undefined);
  const views = [...present.map((part) => part.views), dropped].flatMap((part) => part.get(rules.typeUrl) ?? []);
  // The newer part wins where two hold the same name.
  return views.length === 0 ? undefined : views.reduce((older, newer) => unionViews(older, newer));
}

/** Of the older views what the newer ones lack, of the types that linger. */
export function droppedViews(older: Views, newer: Views): Views {
  const dropped = new Map<TypeUrl, TypeView>();
  for (const [typeUrl, view] of older) {
    const rules = typeRules(typeUrl);
    const gone = rules.lingers ? droppedFrom(view, newer.get(typeUrl) ?? rules.empty) : undefined;
    if (gone !== undefined) dropped.set(typeUrl, gone);
  }
  return dropped;
}

/** The views together, type by type; the newer one wins where both hold a name. */
export function mergeViews(older: Views, newer: Views): Views {
  const merged = new Map(older);
  for (const [typeUrl, view] of newer) {
    const known = merged.get(typeUrl);
    merged.set(typeUrl, known === undefined ? view : unionViews(known, view));
  }
  return merged;
}
