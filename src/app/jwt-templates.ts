// The jwt_authn filters of a gateway's revisions before keys are known (authz C6): those that proxies may be told to reach, and for ten minutes
// those before, whose requirement names proxies may still use. A state machine without clock.
import type { JwtTemplate } from '../compiler/filters/jwt-keys.ts';

export interface RevisionTemplate {
  /** Version of the snapshot. */
  readonly revision: string;
  readonly template: JwtTemplate;
  /** It was the last good revision once, so proxies accept its filter. */
  readonly isProven?: boolean;
  /** No proxy is told to reach the revision any more. */
  readonly goneAtMs?: number;
}

export const TEMPLATE_KEEP_MS = 600_000;

export class JwtTemplates {
  /** The newest last. */
  #all: readonly RevisionTemplate[];

  constructor(kept: readonly RevisionTemplate[] = []) {
    this.#all = kept;
  }

  /** The newest first. */
  get all(): readonly RevisionTemplate[] {
    return this.#all.toReversed();
  }

  follow(revision: string, template: JwtTemplate): void {
    this.#all = [...this.#all.filter((each) => each.revision !== revision), { revision, template }];
  }

  /** The revision is good. */
  prove(revision: string): void {
    this.#all = this.#all.map((each) => (each.revision === revision ? { ...each, isProven: true } : each));
  }

  /**
   * What a proxy is to know that should reach the revision: its own, and those whose names its routes may still use. One that is still in
   * waves, or was withdrawn, is nothing for others: they might refuse it (D13). The newest first.
   */
  of(revision: string): readonly JwtTemplate[] {
    const own = this.all.filter((each) => each.revision === revision || each.isProven === true);
    return own
      .toSorted((left, right) => Number(right.revision === revision) - Number(left.revision === revision))
      .map(({ template }) => template);
  }

  /** `present`: revisions that a proxy may be told to reach. True where something went. */
  look(present: ReadonlySet<string>, nowMs: number): boolean {
    const before = this.#all.length;
    this.#all = this.#all.flatMap(({ goneAtMs = nowMs, ...each }) => {
      if (present.has(each.revision)) return [each];
      return nowMs >= goneAtMs + TEMPLATE_KEEP_MS ? [] : [{ ...each, goneAtMs }];
    });
    return this.#all.length < before;
  }
}
