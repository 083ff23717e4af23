// What the limiter logs (ratelimit R812): denials at most one a second for each limit, with how many were not logged; never a value of a key.
import type { DecisionListener } from '../ratelimit/decision-listener.ts';
import type { DescriptorPlan } from '../ratelimit/plan/descriptor-plan.ts';
import type { Logger } from '../telemetry/logger.ts';

const QUIET_MS = 1_000;
const MAX_NAMES = 10_000;

export interface RatelimitLogOptions {
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  readonly onUnknown: (what: 'domain' | 'limit' | 'override') => void;
  /** A counter was asked, for the list of hot keys (R811). */
  readonly onCounted: (plan: DescriptorPlan, hits: number) => void;
  /** A request was over, in shadow mode too. Default: nobody listens. */
  readonly onOver?: (plan: DescriptorPlan) => void;
}

export function ratelimitLog({ logger, monotonicMs, onUnknown, onCounted, onOver }: RatelimitLogOptions): DecisionListener {
  const silences = new Silences(monotonicMs);
  return {
    counted: onCounted,
    denied(plan, isShadow) {
      onOver?.(plan);
      const [counter] = plan.counters;
      const limit = counter?.target.limit.id ?? plan.rule?.name ?? '';
      const said = silences.broken(limit);
      if (said === undefined) return;
      const fields = {
        event: 'ratelimit.denied',
        limit,
        shadow: isShadow,
        key_hash: counter?.target.key.text,
        suppressed: said,
      };
      logger.info(fields, isShadow ? 'a limit in shadow mode would deny' : 'a limit denied');
    },
    unknown: onUnknown,
    failed(cause) {
      if (silences.broken('\0failed') !== undefined) logger.error({ event: 'ratelimit.failed', err: cause }, 'a decision failed');
    },
  };
}

interface Silence {
  untilMs: number;
  suppressed: number;
}

/** After a line there is none of the same name for a second. */
class Silences {
  readonly #monotonicMs: () => number;
  readonly #silences = new Map<string, Silence>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How many lines were held back since the one before; undefined: this one is too. */
  broken(name: string): number | undefined {
    const nowMs = this.#monotonicMs();
    const known = this.#silences.get(name);
    if (known !== undefined && nowMs < known.untilMs) {
      known.suppressed += 1;
      return undefined;
    }
    if (known === undefined && this.#silences.size >= MAX_NAMES) this.#silences.clear();
    this.#silences.set(name, { untilMs: nowMs + QUIET_MS, suppressed: 0 });
    return known?.suppressed ?? 0;
  }
}
