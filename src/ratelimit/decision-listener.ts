// Whom the handler tells what it decided, beside counting (R811, R812). Called on the hot path; a type and a deaf one.
import type { DescriptorPlan } from './plan/descriptor-plan.ts';

export type UnknownThing = 'domain' | 'limit' | 'override' | 'rate';

export interface DecisionListener {
  /** A descriptor was counted, with so many hits. */
  counted(plan: DescriptorPlan, hits: number): void;
  /** A request was denied by this limit, or would have been but for its shadow mode. */
  denied(plan: DescriptorPlan, isShadow: boolean): void;
  /**
   * A request named a domain, a limit (R208) or an override unit (R322) that is not there, or brought a claim that is no rate or too large a one
   * (R107). `limit`: of what it was about; as the request says it.
   */
  unknown(what: UnknownThing, limit?: string): void;
  /** Something failed that should not; the caller got INTERNAL. */
  failed(cause: unknown): void;
}

export const DEAF_LISTENER: DecisionListener = {
  counted: () => undefined,
  denied: () => undefined,
  unknown: () => undefined,
  failed: () => undefined,
};
