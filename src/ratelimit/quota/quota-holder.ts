// One proxy's part of one budget, as the allocator knows it: what it would use, what it was told and until when that holds. Decides nothing.
import { GRACE_MS } from '../algorithms/ledger.ts';
import { Demand } from './demand.ts';
import { type BucketId, isSameId } from './quota-limit.ts';
import { ASSIGNMENT_TTL_MS, type BucketAction, type BucketUsage } from './usage-report.ts';

/** R703: a report this long after a smaller assignment was sent was made under it. */
const CONFIRMED_MS = 1_000;
/** How long a report may have been under way. */
const UNDER_WAY_MS = 1_000;
/** R707. */
const IDLE_MS = 60_000;

/** Who asks: a stream of a proxy. */
export interface Asker {
  /** Which proxy it is, as far as can be told: SAN or address. A new stream of it takes over what a closed one had. */
  readonly proxy: string;
  send(action: BucketAction): void;
}

export interface Portion {
  /** Tokens per fill interval. */
  readonly share: number;
  readonly burst: number;
}

export const NOTHING: Portion = { share: 0, burst: 0 };

export class QuotaHolder {
  /** In the ledger; unique over all instances. */
  readonly name: string;
  readonly id: BucketId;
  readonly proxy: string;
  readonly demand: Demand;
  /** As the ledger has it. */
  portion: Portion = NOTHING;
  /** Undefined: its stream is closed, but it may go on with what it was told. */
  asker: Asker | undefined;
  /** It was abandoned, or what it had is over: its next report is a first one. */
  isGone = false;
  /** It came from elsewhere with an assignment that lasts longer than telling it less would be right. */
  withheldUntilMs: number | undefined;
  /** A larger share or burst than now may have been spent since the last report. */
  #highest: Portion = NOTHING;
  #replaced = 0;
  #smallerMs: number | undefined;
  #changedMs = Number.NEGATIVE_INFINITY;
  #validUntilMs: number;
  #busyMs: number;

  constructor(name: string, id: BucketId, { asker, nowMs }: { readonly asker: Asker; readonly nowMs: number }) {
    this.name = name;
    this.id = id;
    this.asker = asker;
    this.proxy = asker.proxy;
    this.demand = new Demand(nowMs);
    this.#busyMs = nowMs;
    this.#validUntilMs = nowMs + ASSIGNMENT_TTL_MS;
  }

  /** Gives the seconds that the report covers. */
  report(usage: BucketUsage, nowMs: number): number {
    if (usage.allowed + usage.denied > 0) this.#busyMs = nowMs;
    // A report that was under way when something changed knows nothing of it.
    if (nowMs - this.#changedMs >= UNDER_WAY_MS) {
      this.#highest = this.portion;
      this.#replaced = 0;
    }
    return this.demand.report(usage, nowMs);
  }

  /** A report that came then proves that it has what it was told last. */
  isConfirmedBy(reportedMs: number): boolean {
    return this.#smallerMs !== undefined && reportedMs - this.#smallerMs >= CONFIRMED_MS;
  }

  /** The ledger knows. */
  confirmed(): void {
    this.#smallerMs = undefined;
  }

  /** It has what the ledger says, so that both may change. */
  get isSettled(): boolean {
    return this.#smallerMs === undefined;
  }

  get changedMs(): number {
    return this.#changedMs;
  }

  /** Last request. */
  get busyMs(): number {
    return this.#busyMs;
  }

  isIdle(nowMs: number): boolean {
    return nowMs - this.#busyMs >= IDLE_MS;
  }

  /** Whatever it was told is over, whether or not it heard of it. */
  isLapsed(nowMs: number): boolean {
    return nowMs >= this.#validUntilMs + GRACE_MS;
  }

  /** What it may have spent since its last report, at most, at `fillSeconds`. */
  unreported(fillSeconds: number, nowMs: number): number {
    const untilMs = Math.min(nowMs, this.#validUntilMs + GRACE_MS);
    const seconds = Math.max(0, untilMs - this.demand.reportedMs + UNDER_WAY_MS) / 1_000;
    return (this.#highest.share / fillSeconds) * seconds + this.#highest.burst * this.#replaced;
  }

  /** The ledger's answer. What is smaller than before must be told at once. */
  granted(portion: Portion, nowMs: number): void {
    const { share, burst } = this.portion;
    if (portion.share < share || portion.burst < burst) this.#smallerMs = nowMs;
    if (portion.share !== share || portion.burst !== burst) {
      this.#changedMs = nowMs;
      this.#replaced += 1;
    }
    this.portion = portion;
    this.#highest = { share: Math.max(this.#highest.share, portion.share), burst: Math.max(this.#highest.burst, portion.burst) };
  }

  tell(fillSeconds: number, nowMs: number): void {
    this.#validUntilMs = nowMs + ASSIGNMENT_TTL_MS;
    // A bucket that holds nothing, or is never filled, lets nothing pass.
    const usable = this.portion.burst > 0 ? this.portion : NOTHING;
    this.asker?.send({ kind: 'assign', id: this.id, assignment: { ...usable, fillSeconds } });
  }
}

/**
 * Whose stream is closed: what it had goes on with a new stream of that proxy. Several proxies may have one name, and which of them is back nobody
 * knows: with the least share none of them has more than it had, and all of them together have no more than what the ledger knows.
 */
export function formerHolder(holders: Iterable<QuotaHolder>, proxy: string, id: BucketId): QuotaHolder | undefined {
  let least: QuotaHolder | undefined;
  for (const holder of holders) {
    if (holder.asker !== undefined || holder.proxy !== proxy || !isSameId(holder.id, id)) continue;
    if (least === undefined || holder.portion.share < least.portion.share) least = holder;
  }
  return least;
}
