// A fleet of simulated proxies that behave as Envoy's quota client does, over allocators that share one ledger, by a clock of its own (R1010).
// It measures; what is right is the tests' affair.
import { claimed, type Holding } from '../../../../src/ratelimit/algorithms/ledger.ts';
import type { LimitRate, LimitTable, QuotaTerms } from '../../../../src/ratelimit/limit-table.ts';
import { MemoryStore } from '../../../../src/ratelimit/memory/memory-store.ts';
import { QuotaAllocator } from '../../../../src/ratelimit/quota/quota-allocator.ts';
import type { QuotaStream } from '../../../../src/ratelimit/quota/quota-stream.ts';
import { ASSIGNMENT_TTL_MS, type Assignment, type BucketAction } from '../../../../src/ratelimit/quota/usage-report.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { StoreError } from '../../../../src/ratelimit/store/store-error.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import type { CounterStore } from '../../../../src/ratelimit/store.ts';

export const DOMAIN = 'chancery.edge';
const STEP_MS = 250;
const REPORT_MS = 5_000;
const EPOCH_MS = Date.UTC(2026, 10, 22, 12);

export interface FleetOptions {
  readonly rate: LimitRate;
  readonly terms: QuotaTerms;
  readonly allocators: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Of messages in each direction, at most. */
  readonly latencyMs?: number;
  /** One for each allocator, in place of one in memory for all; they tell time by `nowMs`, and are waited for after each step. */
  readonly stores?: (nowMs: () => number) => { readonly all: readonly CounterStore[]; settle(): Promise<void> };
}

export class Fleet {
  nowMs = 0;
  isStoreAway = false;
  readonly clients: SimulatedProxy[] = [];
  readonly allocators: QuotaAllocator[];
  readonly store: CounterStore;
  readonly options: FleetOptions;
  /** Of what the ledger ever held at once. */
  mostHeldShare = 0;
  mostHeldBurst = 0;
  readonly #ledgers = new Map<string, readonly Holding[]>();
  readonly #lost = new Set<QuotaAllocator>();
  readonly #settle: () => Promise<void>;
  readonly #mail: { readonly atMs: number; readonly deliver: () => void }[] = [];

  constructor(options: FleetOptions) {
    this.options = options;
    const clock = new StoreClock({ wallMs: () => EPOCH_MS + this.nowMs, monotonicMs: () => this.nowMs });
    const memory = new MemoryStore({ clock, listener: SILENT_LISTENER, random: options.random });
    const given = options.stores?.(() => EPOCH_MS + this.nowMs);
    this.store = given?.all[0] ?? this.#watched(memory);
    this.#settle = given?.settle ?? (() => Promise.resolve());
    let named = 0;
    this.allocators = Array.from({ length: options.allocators }, (_, at) => {
      const newName = () => `holder-${String((named += 1)).padStart(5, '0')}`;
      return new QuotaAllocator({ store: given?.all[at] ?? this.store, keySecret: new Uint8Array(32), nowMs: () => this.nowMs, newName });
    });
    this.setTable(options.rate);
  }

  setTable(rate: LimitRate): void {
    const rule = { name: 'report', parts: [], whenMissing: 'skip', rates: [rate], overrides: [], mode: 'enforce', replaces: [] } as const;
    const table: LimitTable = {
      revision: '1',
      domains: [{ domain: DOMAIN, limits: [{ ...rule, onStoreFailure: 'allow', headers: 'none', quota: this.options.terms }] }],
    };
    for (const allocator of this.allocators) allocator.setTable(table);
  }

  add(
    perSecond: number,
    allocator = Math.floor(this.options.random() * this.allocators.length),
    name = `10.0.0.${this.clients.length}`,
  ): SimulatedProxy {
    const client = new SimulatedProxy(this, { name, perSecond, allocator });
    this.clients.push(client);
    return client;
  }

  /** An instance is killed: its proxies find another one with their next report. */
  lose(allocator: number, heir: number): void {
    const lost = this.allocators[allocator];
    if (lost !== undefined) this.#lost.add(lost);
    for (const client of this.clients) if (client.allocator === allocator) client.cut(heir);
  }

  async run(seconds: number, check: () => void | Promise<void> = () => {}): Promise<void> {
    for (const endMs = this.nowMs + seconds * 1_000; this.nowMs < endMs; ) {
      this.nowMs += STEP_MS;
      const due = this.#mail.filter(({ atMs }) => atMs <= this.nowMs);
      for (const mail of due) {
        this.#mail.splice(this.#mail.indexOf(mail), 1);
        mail.deliver();
      }
      for (const client of this.clients) client.step(STEP_MS);
      const ticking = this.allocators.filter((allocator) => !this.#lost.has(allocator));
      if (this.nowMs % 1_000 === 0) await Promise.all(ticking.map((allocator) => allocator.tick()));
      await new Promise((resolve) => setImmediate(resolve));
      await this.#settle();
      await check();
    }
  }

  post(deliver: () => void, notBeforeMs = 0): number {
    const atMs = Math.max(notBeforeMs, this.nowMs + this.options.random() * (this.options.latencyMs ?? 300));
    this.#mail.push({ atMs, deliver });
    return atMs;
  }

  /** Tokens a second and bursts that proxies may spend by now. */
  get live(): { readonly perSecond: number; readonly burst: number } {
    const held = this.clients.flatMap(({ assignment }) => assignment ?? []);
    return {
      perSecond: held.reduce((sum, { share, fillSeconds }) => sum + share / fillSeconds, 0),
      burst: held.reduce((sum, { burst, share }) => sum + (share > 0 ? burst : 0), 0),
    };
  }

  get passed(): number {
    return this.clients.reduce((sum, { passed }) => sum + passed, 0);
  }

  #watched(memory: MemoryStore): CounterStore {
    const ledger: CounterStore['ledger'] = async (claim) => {
      if (this.isStoreAway) throw new StoreError('unavailable', 'away');
      const { holdings, answer } = claimed(this.#ledgers.get(claim.key.text) ?? [], claim, this.nowMs);
      this.#ledgers.set(claim.key.text, holdings);
      this.mostHeldShare = Math.max(
        this.mostHeldShare,
        holdings.reduce((sum, { heldShare }) => sum + heldShare, 0),
      );
      this.mostHeldBurst = Math.max(
        this.mostHeldBurst,
        holdings.reduce((sum, { heldBurst }) => sum + heldBurst, 0),
      );
      return answer;
    };
    return new Proxy<CounterStore>(memory, {
      get: (target, key) => {
        if (key === 'ledger') return ledger;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** Reports every 5 s what it counted, whether or not anybody hears it; a replaced bucket starts full; what is over reverts to "deny". */
export class SimulatedProxy {
  perSecond: number;
  assignment: Assignment | undefined;
  passed = 0;
  denied = 0;
  replaced = 0;
  isDead = false;
  readonly #fleet: Fleet;
  readonly #name: string;
  #allocator: number;
  #stream: QuotaStream | undefined;
  #tokens = 0;
  #untilMs = 0;
  #due = 0;
  #nextReportMs = 0;
  #isKnown = false;
  #lastReportMs = 0;
  #allowed = 0;
  #refused = 0;
  #sentMs = 0;
  #heardMs = 0;

  constructor(
    fleet: Fleet,
    { name, perSecond, allocator }: { readonly name: string; readonly perSecond: number; readonly allocator: number },
  ) {
    this.#fleet = fleet;
    this.#name = name;
    this.perSecond = perSecond;
    this.#allocator = allocator;
    this.#nextReportMs = fleet.nowMs + fleet.options.random() * REPORT_MS;
  }

  get allocator(): number {
    return this.#allocator;
  }

  step(ms: number): void {
    if (this.isDead) return;
    const { nowMs } = this.#fleet;
    if (this.assignment !== undefined && nowMs >= this.#untilMs) this.assignment = undefined;
    if (this.assignment !== undefined) {
      const { share, burst, fillSeconds } = this.assignment;
      this.#tokens = Math.min(burst, this.#tokens + (share / fillSeconds) * (ms / 1_000));
    }
    this.#due += (this.perSecond * ms) / 1_000;
    for (; this.#due >= 1; this.#due -= 1) this.#request();
    if (nowMs >= this.#nextReportMs) this.#report();
  }

  /** The connection is cut; the next report opens another one. */
  cut(allocator = this.#allocator): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#allocator = allocator;
  }

  kill(): void {
    this.isDead = true;
    this.cut();
    this.assignment = undefined;
  }

  #request(): void {
    const isFirst = !this.#isKnown;
    const isAllowed = this.assignment !== undefined && this.assignment.share > 0 && this.#tokens >= 1;
    if (isAllowed) {
      this.#tokens -= 1;
      this.passed += 1;
      this.#allowed += 1;
    } else {
      this.denied += 1;
      this.#refused += 1;
    }
    if (!isFirst) return;
    this.#isKnown = true;
    this.#lastReportMs = this.#fleet.nowMs;
    this.#send(0);
  }

  #report(): void {
    this.#nextReportMs += REPORT_MS;
    if (!this.#isKnown) return;
    this.#send(Math.floor((this.#fleet.nowMs - this.#lastReportMs) / 1_000));
    this.#lastReportMs = this.#fleet.nowMs;
  }

  #send(elapsedSeconds: number): void {
    const usage = { id: { limit: 'report' }, elapsedSeconds, allowed: this.#allowed, denied: this.#refused };
    this.#allowed = 0;
    this.#refused = 0;
    const { allocators } = this.#fleet;
    this.#stream ??= allocators[this.#allocator]?.open({ proxy: this.#name, send: (action) => this.#posted(action) });
    const stream = this.#stream;
    this.#sentMs = this.#fleet.post(() => {
      if (this.#stream === stream) stream?.report({ domain: DOMAIN, usages: [usage] });
    }, this.#sentMs);
  }

  #posted(action: BucketAction): void {
    const stream = this.#stream;
    this.#heardMs = this.#fleet.post(() => {
      if (this.#stream === stream && !this.isDead) this.#hear(action);
    }, this.#heardMs);
  }

  #hear(action: BucketAction): void {
    if (action.kind === 'abandon') {
      this.assignment = undefined;
      this.#isKnown = false;
      return;
    }
    const { assignment } = action;
    const { assignment: before } = this;
    if (before === undefined || before.share !== assignment.share || before.burst !== assignment.burst) {
      this.#tokens = assignment.burst;
      this.replaced += 1;
    }
    this.assignment = assignment;
    this.#untilMs = this.#fleet.nowMs + ASSIGNMENT_TTL_MS;
  }
}
