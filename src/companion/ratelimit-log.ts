// What the limiter logs (ratelimit R812): denials at most one a second for each limit, unknown limits and claims that are no rates one a minute
// (R107, R208), with how many were not logged; never a value of a key.
import type { DecisionListener, UnknownThing } from '../ratelimit/decision-listener.ts';
import type { DescriptorPlan } from '../ratelimit/plan/descriptor-plan.ts';
import type { Logger } from '../telemetry/logger.ts';

const QUIET_MS = 1_000;
const LONG_QUIET_MS = 60_000;
/** What else a request may write there is nobody's name, and does not belong in a log. */
const LIMIT_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const UNKNOWN_TEXTS = {
  limit: 'a request named a limit that is not there, and passed',
  rate: 'the claim of a token is no rate, or one above max: the rate of the limit holds',
} as const;
const MAX_NAMES = 10_000;

export interface RatelimitLogOptions {
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  readonly onUnknown: (what: UnknownThing) => void;
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
      // Rules of reference files may have no name.
      const limit = plan.rule?.name || (counter?.target.limit.id ?? '');
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
    unknown(what, limit) {
      onUnknown(what);
      if (what !== 'limit' && what !== 'rate') return;
      const known = limit !== undefined && LIMIT_NAME.test(limit) ? limit : undefined;
      const suppressed = silences.broken(`\0${what} ${known}`, LONG_QUIET_MS);
      if (suppressed === undefined) return;
      logger.warn({ event: `ratelimit.unknown_${what}`, limit: known, suppressed }, UNKNOWN_TEXTS[what]);
    },
    failed(cause) {
      if (silences.broken('\0failed') !== undefined) logger.error({ event: 'ratelimit.failed', err: cause }, 'a decision failed');
    },
  };
}

interface Silence {
  untilMs: number;
  suppressed: number;
}

/** After a line there is none of the same name for a while. */
class Silences {
  readonly #monotonicMs: () => number;
  readonly #silences = new Map<string, Silence>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How many lines were held back since the one before; undefined: this one is too. */
  broken(name: string, quietMs = QUIET_MS): number | undefined {
    const nowMs = this.#monotonicMs();
    const known = this.#silences.get(name);
    if (known !== undefined && nowMs < known.untilMs) {
      known.suppressed += 1;
      return undefined;
    }
    if (known === undefined && this.#silences.size >= MAX_NAMES) this.#silences.clear();
    this.#silences.set(name, { untilMs: nowMs + quietMs, suppressed: 0 });
    return known?.suppressed ?? 0;
  }
}
