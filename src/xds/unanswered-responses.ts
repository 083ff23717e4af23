// Remembers of each response that a client has not answered yet what it was sent for, and whether later ones were answered before it.
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';

interface Unanswered {
  readonly order: number;
  readonly target: Snapshot;
  /** It replaced one that was passed: the client still holds back its answer. */
  readonly isPassed: boolean;
}

export class UnansweredResponses {
  /** Absent while nothing is unanswered (S10). */
  #sent: Map<TypeUrl, Unanswered> | undefined;
  #last = 0;
  #lastAnswered = 0;

  /** At most one per type counts: the last one. */
  add(typeUrl: TypeUrl, target: Snapshot): void {
    const isPassed = this.isPassed(typeUrl);
    this.#last += 1;
    this.#sent ??= new Map();
    this.#sent.set(typeUrl, { order: this.#last, target, isPassed });
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

  /** A response that was sent after it, or after an unanswered one that it replaced, was answered before it. */
  isPassed(typeUrl: TypeUrl): boolean {
    const sent = this.#sent?.get(typeUrl);
    return sent !== undefined && (sent.isPassed || this.#lastAnswered > sent.order);
  }
}
