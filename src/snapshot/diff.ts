// What changed between two snapshots, by type and name. Compares versions, never bytes.
import type { Snapshot, TypeUrl, TypeView } from './types.ts';

/** Names of resources, each list in the order of its view. */
export interface ViewDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Only types in which something changed. Without `previous` everything is added. */
export function diffSnapshots(previous: Snapshot | undefined, next: Snapshot): ReadonlyMap<TypeUrl, ViewDiff> {
  const typeUrls = new Set([...(previous?.views.keys() ?? []), ...next.views.keys()]);
  const diffs = new Map<TypeUrl, ViewDiff>();
  for (const typeUrl of [...typeUrls].sort()) {
    const before = previous?.views.get(typeUrl);
    const after = next.views.get(typeUrl);
    if (before !== after && before?.version !== after?.version) diffs.set(typeUrl, diffViews(before, after));
  }
  return diffs;
}

/** An absent view has no resources. */
export function diffViews(before: TypeView | undefined, after: TypeView | undefined): ViewDiff {
  if (before === undefined || after === undefined) {
    return { added: [...(after?.resources.keys() ?? [])], changed: [], removed: [...(before?.resources.keys() ?? [])] };
  }
  const { changed, removed } = before.resources.diff(after.resources);
  return {
    added: changed.filter((name) => !before.resources.has(name)),
    changed: changed.filter((name) => before.resources.has(name)),
    removed,
  };
}
