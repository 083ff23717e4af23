// The hot keys of every limit (R811): counts a sample of the decisions, so that it costs nothing that could be measured.
import { type HotKey, HotKeys } from './hot-keys.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';

/** Of so many decisions one is counted, as so many. */
const SAMPLE = 16;
/** The past counts half after each. */
const DECAY_MS = 60_000;
const MAX_RULES = 1_000;
const LISTED = 100;

export class HotRules {
  readonly #rules = new Map<string, HotKeys>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  /** Keeps no process alive. */
  constructor() {
    this.#timer = setInterval(() => {
      for (const rule of this.#rules.values()) rule.decay();
    }, DECAY_MS).unref();
  }

  counted(plan: DescriptorPlan, hits: number): void {
    this.#turn = (this.#turn + 1) % SAMPLE;
    if (this.#turn !== 0) return;
    for (const { target } of plan.counters) {
      const { id } = target.limit;
      let rule = this.#rules.get(id);
      if (rule === undefined) {
        if (this.#rules.size >= MAX_RULES) return;
        rule = new HotKeys();
        this.#rules.set(id, rule);
      }
      rule.add(target.key, hits * SAMPLE);
    }
  }

  /** Limits that counted something, by the `id` of their counters. */
  names(): readonly string[] {
    return [...this.#rules.keys()].sort();
  }

  /** The hundred counters of a limit that were asked most; undefined if it counted nothing. */
  top(id: string): { readonly name: string; readonly keys: readonly HotKey[] } | undefined {
    const rule = this.#rules.get(id);
    return rule === undefined ? undefined : { name: id, keys: rule.top(LISTED) };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
