// Which resources a client refused and has not accepted since. A refusal covers a whole response, but its message mostly names some of it, and
// the rest was applied (D7): so a later ACK of other resources does not end the refusal of these.
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import { namesMeant } from './rejected.ts';
import type { InFlight, Subscription } from './subscription.ts';

export class Refusals {
  /** Made with the first refusal: most streams see none (S10). */
  #names: Map<TypeUrl, ReadonlySet<string>> | undefined;

  /** The response was refused; `state`: after that. */
  add(state: Subscription, { plan }: InFlight, message: string): void {
    this.#names ??= new Map();
    const before = [...(this.#names.get(state.type.typeUrl) ?? [])].filter((name) => state.unaccepted.has(name));
    this.#names.set(state.type.typeUrl, new Set([...before, ...namesMeant(plan.changed, message)]));
  }

  /** Resources of `target` that are refused. */
  of(state: Subscription, target: TypeView): readonly string[] {
    const names = this.#names?.get(state.type.typeUrl);
    if (names === undefined || state.unaccepted.size === 0) return [];
    return [...names].filter((name) => state.unaccepted.has(name) && target.resources.has(name));
  }
}
