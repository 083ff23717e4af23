// For separate streams, where no order between types can be kept: remembers for which clusters and listeners the endpoints and secrets
// of this stream were last sent, and says which have changed since (O1, X83). Holds no timer.
import type { SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { parentTypes } from './type-rules.ts';
import { diffViews } from './views.ts';

/** The view of a type in the present target. */
export type ViewOf = (typeUrl: TypeUrl) => TypeView;

export class ParentWatch {
  readonly #delayMs: number;
  /** Parent type → its view when its children were last sent. */
  readonly #sentFor = new Map<TypeUrl, TypeView>();
  #dueAtMs: number | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** When the children of changed parents are to be sent again. */
  get dueAtMs(): number | undefined {
    return this.#dueAtMs;
  }

  onSent(child: TypeUrl, viewOf: ViewOf): void {
    for (const parent of parentTypes(child)) this.#sentFor.set(parent, viewOf(parent));
  }

  onTarget(children: readonly TypeUrl[], viewOf: ViewOf, nowMs: number): void {
    if (children.some((child) => this.#changed(child, viewOf).length > 0)) this.#dueAtMs ??= nowMs + this.#delayMs;
  }

  hasChanged(child: TypeUrl, viewOf: ViewOf): boolean {
    return this.#changed(child, viewOf).length > 0;
  }

  /** The parents that changed since; from now on they have not. */
  takeChanged(child: TypeUrl, viewOf: ViewOf): readonly SnapshotResource[] {
    this.#dueAtMs = undefined;
    const changed = this.#changed(child, viewOf);
    this.onSent(child, viewOf);
    return changed;
  }

  #changed(child: TypeUrl, viewOf: ViewOf): readonly SnapshotResource[] {
    return parentTypes(child).flatMap((parent) => {
      const sentFor = this.#sentFor.get(parent);
      const view = viewOf(parent);
      return sentFor === undefined ? [] : diffViews(sentFor, view).changed.flatMap((name) => view.resources.get(name) ?? []);
    });
  }
}
