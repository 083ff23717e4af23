// Which counters of a request are asked about in one command.
import { isDecisive } from '../algorithms/decide.ts';
import type { CounterUse } from '../store.ts';

/** Places of the uses that are decided together: those that deny each other, of one slot where there are several; every other one alone. */
export function decidedParts(uses: readonly CounterUse[], places: readonly number[], isSharded: boolean): readonly (readonly number[])[] {
  const together = new Map<string, number[]>();
  const parts: number[][] = [];
  for (const place of places) {
    const use = uses[place];
    if (use === undefined) continue;
    const name = isSharded ? (use.slot ?? use.key).text : '';
    const part = isDecisive(use) ? together.get(name) : undefined;
    if (part !== undefined) {
      part.push(place);
      continue;
    }
    const made = [place];
    parts.push(made);
    if (isDecisive(use)) together.set(name, made);
  }
  return parts;
}
