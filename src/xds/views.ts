// Operations on type views: difference, union, remainder. Each answer is made once per pair of views and shared by all streams,
// for views are immutable and most streams stand at the same ones.
import type { SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { typeView, withoutResources, withResources } from '../snapshot/view.ts';
import { emptiedIn } from './empty-slot.ts';

export interface ViewDiff {
  /** Names that are new or have another version. Both lists are sorted. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export function emptyView(typeUrl: TypeUrl): TypeView {
  return typeView(typeUrl, []);
}

const NO_BYTES = Buffer.alloc(0);

/** False for resources of which only name and version are known. */
export function isSendable({ any, aliases }: SnapshotResource): boolean {
  return any.length > 0 || aliases !== undefined;
}

/** What tells `view` from `base`. */
export const diffViews: (base: TypeView, view: TypeView) => ViewDiff = oncePerPair((base, view) => base.resources.diff(view.resources));

/** All of `view`, and of `older` what `view` has not, or has an empty slot for; `view` itself if that is nothing. */
export const unionViews: (older: TypeView, view: TypeView) => TypeView = oncePerPair((older, view) =>
  withResources(view, [...older.resources.without(view.resources), ...emptiedIn(older, view)]),
);

/** Of `older` what `view` has not, or has an empty slot for, as a view; undefined if that is nothing. */
export const droppedFrom: (older: TypeView, view: TypeView) => TypeView | undefined = oncePerPair((older, view) => {
  const extra = [...older.resources.without(view.resources), ...emptiedIn(older, view)];
  return extra.length === 0 ? undefined : typeView(view.typeUrl, extra);
});

/**
 * `view` with those of the names that it has as they are in `older`; of one that is not there it holds the name alone, which nobody is sent.
 * `older` itself where nothing tells the two apart.
 */
export function keepOlder(view: TypeView, older: TypeView, names: readonly string[]): TypeView {
  const byNames = keptViews(view, older);
  const key = names.join('\0');
  const known = byNames.get(key);
  if (known !== undefined) return known;
  const kept = names.flatMap((name) => (view.resources.has(name) ? (older.resources.get(name) ?? nameAlone(view.typeUrl, name)) : []));
  const mixed = withResources(view, kept);
  const answer = mixed.version === older.version ? older : mixed;
  if (byNames.size >= MAX_KEPT) byNames.clear();
  byNames.set(key, answer);
  return answer;
}

/** `view` without these names; itself where it has none of them. */
export function withoutNames(view: TypeView, names: readonly string[]): TypeView {
  return names.length === 0 ? view : withoutResources(view, names);
}

const MAX_KEPT = 64;
const keptViews = oncePerPair<Map<string, TypeView>>(() => new Map());

/** A version that no contents have. */
const NO_VERSION = '-';

function nameAlone(typeUrl: TypeUrl, name: string): SnapshotResource {
  return { typeUrl, name, version: NO_VERSION, any: NO_BYTES };
}

function oncePerPair<Answer>(make: (left: TypeView, right: TypeView) => Answer): (left: TypeView, right: TypeView) => Answer {
  const byLeft = new WeakMap<TypeView, WeakMap<TypeView, { readonly answer: Answer }>>();
  return (left, right) => {
    const byRight = byLeft.get(left) ?? new WeakMap<TypeView, { readonly answer: Answer }>();
    byLeft.set(left, byRight);
    const known = byRight.get(right) ?? { answer: make(left, right) };
    byRight.set(right, known);
    return known.answer;
  };
}
