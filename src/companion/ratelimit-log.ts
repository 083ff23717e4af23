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
}

interface Silence {
  untilMs: number;
  suppressed: number;
}

export function ratelimitLog({ logger, monotonicMs, onUnknown, onCounted }: RatelimitLogOptions): DecisionListener {
  const silences = new Map<string, Silence>();
  const mayLog = (name: string): Silence | undefined => {
    const now = monotonicMs();
    const silence = silences.get(name);
    if (silence === undefined) {
      if (silences.size >= MAX_NAMES) silences.clear();
      silences.set(name, { untilMs: now + QUIET_MS, suppressed: 0 });
      return { untilMs: now, suppressed: 0 };
    }
    if (now >= silence.untilMs) {
      const { suppressed } = silence;
      silences.set(name, { untilMs: now + QUIET_MS, suppressed: 0 });
      return { untilMs: now, suppressed };
    }
    silence.suppressed += 1;
    return undefined;
  };
  return {
    counted: onCounted,
    denied(plan, isShadow) {
      const [counter] = plan.counters;
      const limit = counter?.target.limit.id ?? plan.rule?.name ?? '';
      const said = mayLog(limit);
      if (said === undefined) return;
      const fields = {
        event: 'ratelimit.denied',
        limit,
        shadow: isShadow,
        key_hash: counter?.target.key.text,
        suppressed: said.suppressed,
      };
      logger.info(fields, isShadow ? 'a limit in shadow mode would deny' : 'a limit denied');
    },
    unknown: onUnknown,
    failed(cause) {
      if (mayLog('\0failed') !== undefined) logger.error({ event: 'ratelimit.failed', err: cause }, 'a decision failed');
    },
  };
}
