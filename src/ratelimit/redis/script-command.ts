// R501, R503: uses that a script decides: several limits at once, costs above one, buckets and sliding windows. Equal requests are folded to
// (how many, cost); the first that fit pass. Pure.
import { rateOf } from '../algorithms/counter.ts';
import type { Window } from '../algorithms/fixed-window.ts';
import type { CounterUse } from '../store.ts';
import type { Pending, Verdict } from './pending.ts';

/** R407: of one call. */
export const MAX_GROUPS = 128;

/** The part of a request that one call decides: some of its uses, all or nothing. */
export interface ScriptPart {
  readonly uses: readonly CounterUse[];
  readonly pending: Pending;
  readonly places: readonly number[];
}

interface Group {
  readonly isOwed: boolean;
  readonly costs: readonly number[];
  readonly parts: ScriptPart[];
}

export interface ScriptKey {
  readonly name: string;
  readonly window: Window | undefined;
  readonly describe: readonly (string | number)[];
}

export class ScriptCommand {
  readonly keys: readonly ScriptKey[];
  readonly #groups = new Map<string, Group>();

  constructor(keys: readonly ScriptKey[]) {
    this.keys = keys;
  }

  get isFull(): boolean {
    return this.#groups.size >= MAX_GROUPS;
  }

  add(part: ScriptPart): void {
    const costs = part.uses.map(({ hits }) => hits);
    const isOwed = part.uses[0]?.kind === 'debit';
    const name = `${isOwed ? 'd' : 't'} ${costs.join(' ')}`;
    const group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, { isOwed, costs, parts: [part] });
    else group.parts.push(part);
  }

  /** KEYS and ARGV of take.lua. */
  arguments(): readonly (string | number)[] {
    return [
      this.keys.length,
      ...this.keys.map(({ name }) => name),
      ...this.keys.flatMap(({ describe }) => describe),
      ...[...this.#groups.values()].flatMap(({ isOwed, costs, parts }) => [isOwed ? 'd' : 't', parts.length, ...costs]),
    ];
  }

  /** Decides each part by the script's answer; tells of each use that was over, with microseconds until it may pass. */
  decide(reply: readonly number[], nowUs: number, onOver: (use: CounterUse, retryUs: number) => void): void {
    let at = 0;
    for (const group of this.#groups.values()) {
      const passed = reply[at] ?? 0;
      const after = this.keys.map((key, number) => afterGroup(key, reply.slice(at + 1 + number * 3, at + 4 + number * 3), nowUs));
      at += 1 + this.keys.length * 3;
      for (const [number, part] of group.parts.entries()) {
        const left = Math.max(0, passed - number - 1);
        const isTaken = number < passed;
        const verdicts = part.uses.map((use, place) => verdictOf(use, after[place] ?? NOTHING, { left, isTaken }));
        part.pending.decided(part.places, verdicts, isTaken);
        for (const [place, verdict] of verdicts.entries()) {
          const use = part.uses[place];
          if (verdict.isOver && use !== undefined) onOver(use, verdict.retryUs);
        }
      }
    }
  }

  fail(failure: Parameters<Pending['fail']>[0]): void {
    for (const { parts } of this.#groups.values()) for (const { pending } of parts) pending.fail(failure);
  }
}

interface After {
  readonly available: number;
  readonly resetUs: number;
  readonly retryUs: number;
}

const NOTHING: After = { available: 0, resetUs: 0, retryUs: 0 };

/** How a counter stands after a group. Of a fixed window the script does not know the end. */
function afterGroup({ window }: ScriptKey, [available = 0, resetUs = 0, retryUs = 0]: readonly number[], nowUs: number): After {
  const never = retryUs < 0 ? Number.POSITIVE_INFINITY : undefined;
  if (window === undefined) return { available, resetUs, retryUs: never ?? retryUs };
  const untilEndUs = Math.max(0, window.endUs - nowUs);
  return { available, resetUs: untilEndUs, retryUs: never ?? untilEndUs };
}

/** Of a request after which `left` equal ones passed: it saw what they took as still there. */
function verdictOf(use: CounterUse, after: After, { left, isTaken }: { readonly left: number; readonly isTaken: boolean }): Verdict {
  const isOver = use.kind === 'take' && !isTaken && after.available < Math.max(1, use.hits);
  const later = left * use.hits;
  const isBucket = use.limit.algorithm === 'bucket';
  const laterUs = isBucket && later > 0 ? (later * rateOf(use.limit).p) / rateOf(use.limit).n : 0;
  return {
    isOver,
    remaining: Math.max(0, after.available + later),
    resetUs: Math.max(0, after.resetUs - laterUs),
    retryUs: after.retryUs,
  };
}
