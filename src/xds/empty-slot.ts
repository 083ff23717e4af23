// Whether an extension config stands for a filter that is not there (D11): Envoy needs something under that name, and routes that switch it on still would be answered
// by nothing but it. So it counts as absent where the order of making and breaking is concerned (D6).
import { EMPTY_SLOT_FILTER, TYPE_URLS } from '../proto/type-urls.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';

const known = new WeakMap<SnapshotResource, boolean>();

export function isEmptySlot(resource: SnapshotResource): boolean {
  if (resource.typeUrl !== TYPE_URLS.TypedExtensionConfig) return false;
  const before = known.get(resource);
  if (before !== undefined) return before;
  const answer = resource.any.includes(EMPTY_SLOT_FILTER);
  known.set(resource, answer);
  return answer;
}

/** Of `older` the filters in whose place `view` has empty slots. */
export function emptiedIn(older: TypeView, view: TypeView): readonly SnapshotResource[] {
  if (view.typeUrl !== TYPE_URLS.TypedExtensionConfig) return [];
  return [...older.resources.values()].filter((resource) => {
    const now = view.resources.get(resource.name);
    return now !== undefined && isEmptySlot(now) && !isEmptySlot(resource);
  });
}
