// Remembers of each response that a client has not answered yet what it was sent for, and whether later ones were answered before it.
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';

export class UnansweredResponses {
  /** Absent while nothing is unanswered (S10). */
  #sent: Map<TypeUrl, { readonly order: number; readonly target: Snapshot }> | undefined;
  #last = 0;
  #lastAnswered = 0;

  /** At most one per type counts: the last one. */
  add(typeUrl: TypeUrl, target: Snapshot): void {
    this.#last += 1;
    this.#sent ??= new Map();
    this.#sent.set(typeUrl, { order: this.#last, target });
  }

  /** It was answered; gives what it was sent for. */
  take(typeUrl: TypeUrl): Snapshot | undefined {
    const sent = this.#sent?.get(typeUrl);
    if (sent === undefined) return undefined;
    this.#sent?.delete(typeUrl);
    if (this.#sent?.size === 0) this.#sent = undefined;
    this.#lastAnswered = Math.max(this.#lastAnswered, sent.order);
    return sent.target;
  }

  /** A response that was sent after it was answered before it. */
  isPassed(typeUrl: TypeUrl): boolean {
    const sent = this.#sent?.get(typeUrl);
    return sent !== undefined && this.#lastAnswered > sent.order;
  }
}
