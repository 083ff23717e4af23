// What the handler asks of one domain of a table, whichever language the table was written in. Types only.
import type { DecisionCounts } from '../decision-counts.ts';
import type { EntrySpan } from '../request-scan.ts';
import type { DescriptorPlan } from './descriptor-plan.ts';

/** One descriptor, as places in a request. */
export interface DescriptorView {
  readonly bytes: Uint8Array;
  readonly entries: readonly EntrySpan[];
  /** R322: the limit that the descriptor brings. */
  readonly override: { readonly requests: number; readonly unit: number } | undefined;
}

export interface DomainPlans {
  readonly domain: string;
  /** R307: `own` tables take all or nothing, `reference` ones count each descriptor alone. */
  readonly kind: 'own' | 'reference';
  /** Whether `descriptor.limit` takes part (R205, R322). */
  readonly readsOverrides: boolean;
  /** Pure; the caller remembers the plan by the descriptor's bytes. */
  plan(descriptor: DescriptorView): DescriptorPlan;
}

/** What making plans needs beside the table. */
export interface PlanTools {
  /** R410: keys the hashes of counters. */
  readonly keySecret: Uint8Array;
  readonly counts: DecisionCounts;
  /** R810: used share above which a decision counts as near. */
  readonly nearRatio: number;
}

/** The text of a span; what is not UTF-8 is replaced, which only matters to values that are compared with configured ones. */
export function spanText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
