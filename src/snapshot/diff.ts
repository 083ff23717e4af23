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
  const added: string[] = [];
  const changed: string[] = [];
  for (const [name, resource] of after?.resources ?? []) {
    const earlier = before?.resources.get(name);
    if (earlier === undefined) added.push(name);
    else if (earlier !== resource && earlier.version !== resource.version) changed.push(name);
  }
  const removed = [...(before?.resources.keys() ?? [])].filter((name) => after?.resources.has(name) !== true);
  return { added, changed, removed };
}
