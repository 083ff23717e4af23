// One budget over all proxies that share it (R703-R707): what each of them is told, and when. The ledger grants, this asks; its work is done
// one piece after the other. It knows no wire.
import { GRACE_MS } from '../algorithms/ledger.ts';
import type { CounterKey } from '../store/counter-key.ts';
import { StoreError } from '../store/store-error.ts';
import type { CounterStore, LedgerAnswer, LedgerEntry } from '../store.ts';
import { type Asker, formerHolder, NOTHING, type Portion, QuotaHolder } from './quota-holder.ts';
import type { QuotaLimit } from './quota-limit.ts';
import type { Divided, QuotaPool } from './quota-pool.ts';
import { burstOf, demandOf, isChange, isShort, type Participant, roomOf, type Targets, targetsOf, wantOf } from './targets.ts';
import { ASSIGNMENT_TTL_MS, type BucketUsage } from './usage-report.ts';

export interface BudgetOptions {
  readonly store: CounterStore;
  readonly key: CounterKey;
  readonly nowMs: () => number;
  /** A name that no holder of any instance has. */
  readonly newName: () => string;
}

/** R705. */
const PATIENCE_MS = 5_000;
/** When the assignment that a proxy brought with it is over for the ledger too. */
const WITHHELD_MS = ASSIGNMENT_TTL_MS + GRACE_MS + 1_000;
/** Longer than rounding and the way here: a report between this one and the last before did not come. */
const MISSED_MS = 2_000;
/** A store that failed is not asked for so long: proxies are told again what they have, in time. */
const STORE_PAUSE_MS = 1_000;

export class QuotaBudget {
  readonly #options: BudgetOptions;
  #limit: QuotaLimit;
  #pool: QuotaPool;
  readonly #holders = new Set<QuotaHolder>();
  #entries: readonly LedgerEntry[] = [];
  #free: Portion = NOTHING;
  #work: Promise<void> = Promise.resolve();
  /** By anybody. */
  #reportedMs = Number.NEGATIVE_INFINITY;
  #storeAwayUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ limit, pool }: Divided, options: BudgetOptions) {
    this.#limit = limit;
    this.#pool = pool;
    this.#options = options;
  }

  get key(): CounterKey {
    return this.#options.key;
  }

  get limit(): QuotaLimit {
    return this.#limit;
  }

  /** A new table has other numbers for it. */
  change({ limit, pool }: Divided): void {
    this.#limit = limit;
    this.#pool = pool;
  }

  /** Nobody has any of it, for so long that nobody can take back what he had. */
  isOver(nowMs: number): boolean {
    return this.#holders.size === 0 && nowMs - this.#reportedMs > WITHHELD_MS;
  }

  /** Part of the limit that proxies of this instance have. */
  get ratio(): number {
    const share = [...this.#holders].reduce((sum, { portion }) => sum + portion.share, 0);
    const all = this.#size().share;
    return all === 0 ? 0 : share / all;
  }

  /** Who has what, as this instance knows it: its own proxies, and all entries of the ledger. */
  get standing() {
    return { size: this.#size(), own: [...this.#holders], entries: this.#entries };
  }

  /** Somebody changed the counter of this hash (R811): what is left of the window is divided anew, at once. */
  async counterChanged(hash: string): Promise<void> {
    if (this.#pool.counter !== hash) return;
    await this.#do(() => this.#pool.debit(0));
    for (const holder of this.#holders) if (holder.asker !== undefined) await this.#do(() => this.#refresh(holder, false));
    await this.tick();
  }

  /** A first report on a stream: gives who holds from now on. What a closed stream of the same proxy had goes on. */
  join(asker: Asker, usage: BucketUsage): QuotaHolder {
    const nowMs = this.#options.nowMs();
    this.#reportedMs = nowMs;
    const former = formerHolder(this.#holders, asker.proxy, usage.id);
    if (former !== undefined) {
      former.asker = asker;
      this.report(former, usage);
      return former;
    }
    const holder = new QuotaHolder(this.#options.newName(), usage.id, { asker, nowMs });
    this.#holders.add(holder);
    void this.#do(async () => {
      holder.report(usage, nowMs);
      await this.#pool.debit(usage.allowed);
      await this.#welcome(holder, usage);
    });
    return holder;
  }

  report(holder: QuotaHolder, usage: BucketUsage): void {
    const nowMs = this.#options.nowMs();
    this.#reportedMs = nowMs;
    void this.#do(async () => {
      // Where reports were lost, all that it may have spent counts as spent.
      const missedMs = nowMs - holder.demand.reportedMs - usage.elapsedSeconds * 1_000;
      const most = missedMs < MISSED_MS ? 0 : holder.unreported(this.#limit.fillSeconds, nowMs) + holder.portion.burst;
      holder.report(usage, nowMs);
      await this.#pool.debit(Math.max(usage.allowed, most));
      if (holder.isIdle(nowMs)) return this.#abandon(holder);
      if (!this.#holders.has(holder)) {
        this.#holders.add(holder);
        holder.isGone = false;
        return this.#welcome(holder, usage);
      }
      await this.#refresh(holder, holder.isConfirmedBy(nowMs));
    });
  }

  /** The proxy's stream is closed; it goes on with what it was told until that is over. */
  closed(holder: QuotaHolder): void {
    holder.asker = undefined;
  }

  /** The proxy forgets the bucket; what it had is free when it must have. */
  abandon(holder: QuotaHolder): void {
    void this.#do(() => this.#abandon(holder));
  }

  /** R704: once a second. Resolves when all that was to be done is. */
  tick(): Promise<void> {
    const nowMs = this.#options.nowMs();
    return this.#do(async () => {
      await this.#bury(nowMs);
      await this.#releaseWithheld(nowMs);
      await this.#divide(nowMs);
    });
  }

  #do(piece: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(piece).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
    });
    return this.#work;
  }

  /** What lasts no longer; what may have been spent of it and was never reported counts as spent. */
  async #bury(nowMs: number): Promise<void> {
    for (const holder of [...this.#holders].filter((each) => each.isLapsed(nowMs))) {
      this.#holders.delete(holder);
      holder.isGone = true;
      await this.#pool.debit(holder.unreported(this.#limit.fillSeconds, nowMs) + holder.portion.burst);
      holder.portion = NOTHING;
    }
  }

  /** A newcomer gets what is free, of the reserve half, so that the next finds something too (R704). */
  async #welcome(holder: QuotaHolder, usage: BucketUsage): Promise<void> {
    await this.#claim(holder, NOTHING, false);
    const { fillSeconds, terms } = this.#limit;
    const size = this.#size();
    const target = this.#targets(size).get(holder.name) ?? NOTHING;
    const room = {
      share: roomOf(this.#free.share, Math.floor(size.share * terms.reserve)),
      burst: roomOf(this.#free.burst, Math.floor(size.burst * terms.reserve)),
    };
    // It has been served before, by us or by another instance, and will take back what it has: no more for now than it evidently uses.
    const isReturning = usage.elapsedSeconds > 0;
    const wanted = isReturning
      ? Math.min(target.share, Math.ceil(wantOf(holder.demand.perSecond, fillSeconds)))
      : Math.max(target.share, Math.ceil(Math.min(this.#free.share, Math.floor(size.share * terms.reserve)) / 2));
    const share = Math.min(wanted, room.share);
    if (!isReturning) holder.demand.assume(demandOf(share, fillSeconds));
    const used = isReturning ? (usage.allowed / (usage.elapsedSeconds + 1)) * fillSeconds : 0;
    if (share < Math.min(used, target.share)) holder.withheldUntilMs = this.#options.nowMs() + WITHHELD_MS;
    await this.#claim(holder, { share, burst: Math.min(Math.max(1, target.burst, burstOf(share, size)), room.burst) }, false);
    if (holder.withheldUntilMs === undefined) this.#tell(holder);
  }

  /** What it has lasts anew. Of a window that empties it has less each time (R706). */
  async #refresh(holder: QuotaHolder, isConfirmed: boolean): Promise<void> {
    const { portion } = holder;
    const target = this.#limit.rate.algorithm === 'fixed' ? (this.#targets(this.#size()).get(holder.name) ?? NOTHING) : portion;
    const least = { share: Math.min(portion.share, target.share), burst: Math.min(portion.burst, target.burst) };
    try {
      await this.#claim(holder, least, isConfirmed);
    } finally {
      // Also where the store is away: nobody grows, but nobody runs dry because of us either (R707).
      if (holder.withheldUntilMs === undefined) this.#tell(holder);
    }
  }

  async #abandon(holder: QuotaHolder): Promise<void> {
    holder.asker?.send({ kind: 'abandon', id: holder.id });
    holder.isGone = true;
    if (!this.#holders.delete(holder)) return;
    await this.#claim(holder, NOTHING, false);
  }

  async #releaseWithheld(nowMs: number): Promise<void> {
    for (const holder of this.#holders) {
      if (holder.withheldUntilMs === undefined || holder.asker === undefined) continue;
      const target = this.#targets(this.#size()).get(holder.name) ?? NOTHING;
      const { share, burst } = holder.portion;
      if (target.share > share) await this.#claim(holder, { share: target.share, burst: Math.max(burst, target.burst) }, false);
      if (holder.portion.share < target.share && nowMs < holder.withheldUntilMs) continue;
      holder.withheldUntilMs = undefined;
      this.#tell(holder);
    }
  }

  /** Shrinks first, then grows by what is free (R704, R705). */
  async #divide(nowMs: number): Promise<void> {
    const live = [...this.#holders].filter((holder) => holder.asker !== undefined && holder.withheldUntilMs === undefined);
    if (live.length === 0) return;
    const targets = this.#targets(this.#size());
    const lacks = isShort(this.#participants(), targets);
    const targetOf = ({ name }: QuotaHolder): Portion => targets.get(name) ?? NOTHING;
    for (const holder of live.filter((each) => each.isSettled)) {
      const { share, burst } = holder.portion;
      const target = targetOf(holder);
      if (target.share >= share || !(lacks || isChange(share, target.share))) continue;
      await this.#change(holder, { share: target.share, burst: Math.min(burst, target.burst) });
    }
    for (const holder of live.filter((each) => each.isSettled && nowMs - each.changedMs >= PATIENCE_MS)) {
      const size = this.#size();
      const reserved = Math.floor(size.share * this.#limit.terms.reserve);
      const { share, burst } = holder.portion;
      const target = targetOf(holder);
      const next = Math.min(target.share, share + Math.max(0, this.#free.share - reserved));
      if (next > share && isChange(share, next)) await this.#change(holder, { share: next, burst: Math.max(burst, target.burst) });
    }
  }

  async #change(holder: QuotaHolder, portion: Portion): Promise<void> {
    const before = holder.portion;
    await this.#claim(holder, portion, false);
    if (holder.portion.share !== before.share || holder.portion.burst !== before.burst) this.#tell(holder);
  }

  #tell(holder: QuotaHolder): void {
    holder.tell(this.#limit.fillSeconds, this.#options.nowMs());
  }

  async #claim(holder: QuotaHolder, { share, burst }: Portion, isConfirmed: boolean): Promise<void> {
    const { store, key, nowMs } = this.#options;
    if (nowMs() < this.#storeAwayUntilMs) throw new StoreError('unavailable', 'the store failed just now');
    const size = this.#size();
    // It still uses what another name has in the ledger, so it wants nothing more.
    const demand = holder.withheldUntilMs === undefined ? holder.demand.perSecond : 0;
    const claim = { key, limit: size.share, burst: size.burst, holder: holder.name, share, wantedBurst: burst, demand };
    const answer = await store.ledger({ ...claim, ttlMs: ASSIGNMENT_TTL_MS, isConfirmed }).catch((error: unknown) => {
      this.#storeAwayUntilMs = nowMs() + STORE_PAUSE_MS;
      throw error;
    });
    this.#heard(answer);
    if (isConfirmed) holder.confirmed();
    holder.granted({ share: answer.share, burst: answer.burst }, nowMs());
  }

  #heard({ holders, freeShare, freeBurst }: LedgerAnswer): void {
    this.#entries = holders;
    this.#free = { share: freeShare, burst: freeBurst };
  }

  #size(): Portion {
    return this.#pool.size(this.#limit, { own: this.#holders, entries: this.#entries }, this.#options.nowMs());
  }

  #targets(size: Portion): Targets {
    return targetsOf(this.#participants(), size, this.#limit.terms.reserve);
  }

  /** By name: those in the ledger, and those of ours that are not there yet. */
  #participants(): readonly Participant[] {
    const own = [...this.#holders].map(({ name, portion, demand }) => ({
      name,
      share: portion.share,
      want: wantOf(demand.perSecond, this.#limit.fillSeconds),
    }));
    const names = new Set(own.map(({ name }) => name));
    const others = this.#entries
      .filter(({ holder, share }) => share > 0 && !names.has(holder))
      .map(({ holder, share, demand }) => ({ name: holder, share, want: wantOf(demand, this.#limit.fillSeconds) }));
    return [...own, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
