// Whom the handler tells what it decided, beside counting (R811, R812). Called on the hot path; a type and a deaf one.
import type { DescriptorPlan } from './plan/descriptor-plan.ts';

export interface DecisionListener {
  /** A descriptor was counted, with so many hits. */
  counted(plan: DescriptorPlan, hits: number): void;
  /** A request was denied by this limit, or would have been but for its shadow mode. */
  denied(plan: DescriptorPlan, isShadow: boolean): void;
  /** A request named a domain, a limit (R208) or an override unit (R322) that is not there. */
  unknown(what: 'domain' | 'limit' | 'override'): void;
  /** Something failed that should not; the caller got INTERNAL. */
  failed(cause: unknown): void;
}

export const DEAF_LISTENER: DecisionListener = {
  counted: () => undefined,
  denied: () => undefined,
  unknown: () => undefined,
  failed: () => undefined,
};
