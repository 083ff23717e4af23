// The reply of our own tables: statuses, the headers of R211 and R308, the metadata of R309. One object writes all replies of a handler, one
// after the other.

import { responseHeader } from './plan/counter-bytes.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';
import { isTighter, type Tightest } from './planned-request.ts';
import {
  endMetadata,
  OK,
  OVER_LIMIT,
  secondsOf,
  writeBody,
  writeDraftHeader,
  writeNumberHeader,
  writeOverallCode,
} from './reply/reply-fields.ts';
import { ReplyWriter } from './reply/reply-writer.ts';
import { StatusList } from './reply/status-list.ts';
import { structField, writeField, writeNumberField, writeTextField } from './reply/struct-fields.ts';

/** R309. */
export type DenialReason = 'over_limit' | 'missing_key' | 'blocked' | 'store_failure';

const REASONS: Readonly<Record<DenialReason, Uint8Array>> = {
  over_limit: structField('reason', 'over_limit'),
  missing_key: structField('reason', 'missing_key'),
  blocked: structField('reason', 'blocked'),
  store_failure: structField('reason', 'store_failure'),
};
const DEGRADED = structField('degraded', true);
const REMAINING = Buffer.from('remaining');
const RESET_MS = Buffer.from('resetMs');
const KEY_HASH = Buffer.from('keyHash');
const RETRY_AFTER = Buffer.from('retry-after');
const PROBLEM_TYPE = responseHeader('content-type', 'application/problem+json');

interface Denial {
  readonly plan: DescriptorPlan;
  /** Absent where nothing was counted. */
  readonly tightest: Tightest | undefined;
  readonly reason: DenialReason;
}

interface Shown {
  readonly plan: DescriptorPlan;
  readonly tightest: Tightest;
}

export class OwnReply {
  readonly statuses = new StatusList();
  readonly #writer = new ReplyWriter();
  readonly #revision: Uint8Array;
  #denial: Denial | undefined;
  #shown: Shown | undefined;
  #wouldDeny: string[] = [];
  #isDegraded = false;

  constructor(revision: string) {
    this.#revision = structField('revision', revision);
  }

  begin(isDegraded: boolean): void {
    this.#denial = undefined;
    this.#shown = undefined;
    if (this.#wouldDeny.length > 0) this.#wouldDeny = [];
    this.#isDegraded = isDegraded;
  }

  /** A limit denies; of several the one that lasts longest is told (R308). */
  denies(plan: DescriptorPlan, tightest: Tightest | undefined, reason: DenialReason): void {
    const denial = { plan, tightest, reason };
    if (this.#denial === undefined || waitOf(denial) > waitOf(this.#denial)) this.#denial = denial;
  }

  /** A limit in shadow mode would deny (R108). */
  wouldDeny({ rule }: DescriptorPlan): void {
    if (rule !== undefined) this.#wouldDeny.push(rule.name);
  }

  /** A limit whose headers are `draft`: the one that denies is told, else that with the least left (R211). */
  shows(plan: DescriptorPlan, tightest: Tightest): void {
    if (this.#shown === undefined || isTighter(tightest, this.#shown.tightest)) this.#shown = { plan, tightest };
  }

  /** The bytes, for so many descriptors. */
  end(count: number): Buffer {
    const writer = this.#writer;
    const denial = this.#denial;
    if (denial !== undefined || this.#isDegraded || this.#wouldDeny.length > 0) this.#writeMetadata(denial);
    if (denial?.plan.rule?.hasBody === true) this.#writeBody(denial);
    if (this.#shown !== undefined) writeDraft(writer, this.#shown);
    if (denial !== undefined) this.#writeRetryAfter(denial);
    this.statuses.write(writer, count);
    writeOverallCode(writer, denial === undefined ? OK : OVER_LIMIT);
    return writer.take();
  }

  #writeRetryAfter(denial: Denial): void {
    const wait = waitOf(denial);
    if (wait !== Number.POSITIVE_INFINITY) writeNumberHeader(this.#writer, RETRY_AFTER, Math.max(1, secondsOf(wait)));
  }

  #writeMetadata(denial: Denial | undefined): void {
    const writer = this.#writer;
    const since = writer.length;
    writer.bytes(this.#revision);
    if (denial !== undefined) {
      const { plan, tightest, reason } = denial;
      const counted = plan.counters[0]?.target.key;
      if (counted !== undefined) writeTextField(writer, KEY_HASH, counted.text);
      if (tightest !== undefined) {
        const { retryAfterMs, remaining } = tightest.outcome;
        if (retryAfterMs !== Number.POSITIVE_INFINITY) writeNumberField(writer, RESET_MS, retryAfterMs);
        writeNumberField(writer, REMAINING, remaining);
      }
      writer.bytes(REASONS[reason]);
      if (plan.rule !== undefined) writer.bytes(plan.rule.nameField);
    }
    if (this.#isDegraded) writer.bytes(DEGRADED);
    if (this.#wouldDeny.length > 0) writeField(writer, 'shadow', this.#wouldDeny);
    endMetadata(writer, since);
  }

  /** R308: RFC 9457. */
  #writeBody({ plan, tightest, reason }: Denial): void {
    const wait = tightest?.outcome.retryAfterMs ?? Number.POSITIVE_INFINITY;
    const problem = {
      title: 'Too many requests',
      limit: plan.rule?.name,
      reason,
      ...(wait === Number.POSITIVE_INFINITY ? {} : { retryAfter: Math.max(1, secondsOf(wait)) }),
    };
    writeBody(this.#writer, JSON.stringify(problem));
    this.#writer.bytes(PROBLEM_TYPE);
  }
}

/** How long the denial lasts; infinite where no wait helps. */
function waitOf({ tightest }: Denial): number {
  return tightest?.outcome.retryAfterMs ?? Number.POSITIVE_INFINITY;
}

function writeDraft(writer: ReplyWriter, { plan, tightest }: Shown): void {
  const { counter, outcome } = tightest;
  const resetMs = outcome.isOver ? outcome.retryAfterMs : outcome.resetMs;
  writeDraftHeader(writer, plan.rule?.name ?? '', { remaining: outcome.remaining, resetMs });
  writer.bytes(counter.policyHeader);
}
