// The nodes of one gateway that cannot run its newest revision: they are no part of its rollout, which does not wait for them, and are offered
// the newest one that they can run. Decides nothing about revisions.
import type { Snapshot } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';
import type { NodeNeeds } from './node-needs.ts';

export interface HeldNode {
  readonly id: string;
  /** As NodeNeeds says it: `is Envoy 1.36.2, which …`. */
  readonly reason: string;
}

/** What a look changed: those that take part from now on, and those that do not any more. */
export interface HeldChange {
  readonly fit: readonly ClientNode[];
  readonly held: readonly HeldNode[];
}

export class HeldNodes {
  readonly #needs: NodeNeeds;
  /** All that are connected. */
  readonly #nodes = new Map<string, ClientNode>();
  readonly #held = new Map<string, string>();
  /** The last good snapshot that any Envoy can run. */
  #former: Snapshot | undefined;
  /** Version of what was on offer at the last look. */
  #lookedAt: string | undefined;

  constructor(needs: NodeNeeds) {
    this.#needs = needs;
  }

  /** Sorted by id. */
  get all(): readonly HeldNode[] {
    return [...this.#held].map(([id, reason]) => ({ id, reason })).sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** All that are connected. */
  get nodes(): Iterable<ClientNode> {
    return this.#nodes.values();
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** Why it takes no part in the rollout of `newest`; undefined: it does. */
  connected(node: ClientNode, newest: Snapshot | undefined): string | undefined {
    this.#nodes.set(node.id, node);
    const reason = newest && this.#needs.unmetBy(node, newest);
    if (reason !== undefined) this.#held.set(node.id, reason);
    return reason;
  }

  /** False where it took no part. */
  gone(id: string): boolean {
    this.#nodes.delete(id);
    return !this.#held.delete(id);
  }

  /** `newest` is on offer now; nothing where it was before. */
  look(newest: Snapshot | undefined): HeldChange {
    const change: { readonly fit: ClientNode[]; readonly held: HeldNode[] } = { fit: [], held: [] };
    if (newest === undefined || newest.version === this.#lookedAt) return change;
    this.#lookedAt = newest.version;
    if (this.#held.size === 0 && this.#needs.areNone(newest)) return change;
    for (const node of this.#nodes.values()) {
      const reason = this.#needs.unmetBy(node, newest);
      const was = this.#held.get(node.id);
      if (reason === was) continue;
      if (reason === undefined) {
        this.#held.delete(node.id);
        change.fit.push(node);
      } else {
        this.#held.set(node.id, reason);
        if (was === undefined) change.held.push({ id: node.id, reason });
      }
    }
    return change;
  }

  /** The snapshot is good: what cannot run later ones goes on with it, or takes it. */
  good(snapshot: Snapshot | undefined): void {
    if (snapshot !== undefined && this.#needs.areNone(snapshot)) this.#former = snapshot;
  }

  /** `wanted`, or what the node can run in its place; undefined where nothing is known: it keeps what it has (X85). */
  targetOf(node: ClientNode, wanted: Snapshot | undefined, good: Snapshot | undefined): Snapshot | undefined {
    if (wanted === undefined || this.#needs.unmetBy(node, wanted) === undefined) return wanted;
    return good !== undefined && this.#needs.unmetBy(node, good) === undefined ? good : this.#former;
  }
}
