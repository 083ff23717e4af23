// One side's part of what nodes should reach, laid over whatever the sides below say: endpoints of companions, keys of issuers, the size of the
// fleet. Knows who is to be told when that part changes; decides nothing.
import type { Snapshot } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';
import type { TargetSource } from '../xds/targets.ts';

export class TargetLayer {
  readonly #listeners = new Set<{ readonly tell: (gateway: string) => void }>();

  /** The targets below as `over` changes them; it must give the same object for equal states (T5). */
  above(targets: TargetSource, over: (base: Snapshot, node: ClientNode) => Snapshot): TargetSource {
    return {
      ...targets,
      targetFor: (node) => {
        const base = targets.targetFor(node);
        return base === undefined ? undefined : over(base, node);
      },
      subscribe: (tell) => {
        const listener = { tell };
        this.#listeners.add(listener);
        const end = targets.subscribe(tell);
        return () => {
          this.#listeners.delete(listener);
          end();
        };
      },
    };
  }

  /** This part of a gateway's targets may have changed. */
  tell(gateway: string): void {
    for (const { tell } of this.#listeners) tell(gateway);
  }
}
