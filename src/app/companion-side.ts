// The side towards the companions (authz §6): what each one is to have, which of them proxies are sent to, and when a revision that needs
// policies may go out. Joins the state machines of `delivery` with streams, workers, clocks and the disk; decides nothing itself.
import type { LimitApi } from '../companion/limit-api.ts';
import { CompanionBook } from '../delivery/companion-book.ts';
import { createGatedRollouts, type GatedRollouts } from '../delivery/gated-rollouts.ts';
import { COMPANION_ROLES, servedNames } from '../delivery/policy-needs.ts';
import type { Rollouts } from '../delivery/rollouts.ts';
import { takesLonger } from '../lib/takes-longer.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { ClientStream } from '../xds/client-status-service.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { ClientNode } from '../xds/node.ts';
import type { ProgressListener } from '../xds/progress.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { companionAnswer } from './companion-answers.ts';
import { CompanionArrivals } from './companion-arrivals.ts';
import { CompanionBooks } from './companion-books.ts';
import { type CompanionOverlay, createCompanionOverlay, isLeftOpen } from './companion-endpoints.ts';
import { type CompanionKeeper, createCompanionKeeper } from './companion-keeper.ts';
import { keyOf, LOCAL_COMPANION, localKey } from './companion-keys.ts';
import type { CompanionReport } from './companion-report.ts';
import { type CompanionStatus, companionStatuses } from './companion-status.ts';
import { LocalCompanions, type LocalCompanionsOptions } from './local-companions.ts';
import { OfferedCompanions } from './offered-companions.ts';
import { withProxyParts } from './proxy-targets.ts';
import { TargetLayer } from './target-layer.ts';

export interface CompanionSideOptions {
  readonly settings: Pick<AppSettings, 'state'>;
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs'>;
  /** Starts the workers of this process, by role; one that is absent runs elsewhere. */
  readonly local: Readonly<Partial<Record<CompanionRole, LocalCompanionsOptions['start']>>>;
  /** Of the rate limiter of this process; undefined while it does not run. */
  readonly limits: () => LimitApi | undefined;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly rollouts: Rollouts;
  /** The open streams of one node. */
  readonly clients: (of: { readonly gateway: string; readonly id: string }) => readonly ClientStream[];
  readonly report: CompanionReport;
}

/** The workers of this process have so long to start before a snapshot is served without them. */
const START_PATIENCE_MS = 5_000;
/** At a start companions are waited for so long before proxies are told that there are none. */
const FIRST_PATIENCE_MS = 2_000;
const LONGEST_TIMER_MS = 60_000;

export class CompanionSide {
  readonly rollouts: GatedRollouts;
  readonly #options: CompanionSideOptions;
  readonly #book = new CompanionBook();
  readonly #books = new CompanionBooks();
  readonly #layer = new TargetLayer();
  readonly #overlay: CompanionOverlay;
  readonly #offered: OfferedCompanions;
  readonly #keeper: CompanionKeeper;
  readonly #local: ReadonlyMap<CompanionRole, LocalCompanions>;
  readonly #localEndpoints = new Map<CompanionRole, readonly string[]>();
  readonly #arrivals = new CompanionArrivals();
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(options: CompanionSideOptions) {
    this.#options = options;
    const { parts, settings, after, rollouts, report } = options;
    const { api, logger, nowMs } = parts;
    this.#overlay = createCompanionOverlay({ api, endpoints: (gateway, role) => this.#offered.endpoints(gateway, role) });
    this.#keeper = createCompanionKeeper({ directory: settings.state, logger, after, now: () => this.#kept() });
    this.rollouts = createGatedRollouts({
      rollouts,
      nowMs,
      after,
      companions: (gateway) => this.#book.facts(gateway),
      hasOwnCompanions: (snapshot, role) => !isLeftOpen(snapshot, role, api),
      onEvent: (gateway, event) => report.gate(gateway, event),
    });
    this.#offered = new OfferedCompanions({ api, book: this.#book, books: this.#books, rollouts: this.rollouts, report });
    // Before the streams hear of new targets, so that these see the endpoints that belong to them.
    this.rollouts.subscribe((gateway) => this.#look(gateway));
    this.#local = new Map(
      COMPANION_ROLES.flatMap((role) => {
        const start = options.local[role];
        return start === undefined ? [] : [[role, this.#createLocal(role, start)] as const];
      }),
    );
  }

  /** Reads what an earlier run kept; before anything is prepared. */
  async start(): Promise<void> {
    const { companions, gone } = await this.#keeper.read();
    this.#book.restore(companions, this.#options.parts.nowMs());
    for (const [gateway, policies] of gone) this.#books.restore(gateway, policies);
    this.#setTimer();
  }

  /** To be called before the snapshot is served: proxies must not be told that there is no companion because it had no time to come. */
  async prepare(snapshot: Snapshot): Promise<void> {
    await Promise.all(COMPANION_ROLES.map((role) => this.#prepare(snapshot, role)));
  }

  async #prepare(snapshot: Snapshot, role: CompanionRole): Promise<void> {
    if (servedNames(snapshot, role).length === 0) return;
    const { gateway } = snapshot;
    const local = this.#local.get(role);
    if (local !== undefined) {
      const book = this.#books.of(gateway, role);
      book.update([snapshot, ...this.rollouts.needed(gateway)], this.#options.parts.nowMs());
      await takesLonger(local.feed(gateway, book.snapshot), START_PATIENCE_MS);
      return;
    }
    if (this.#book.all(gateway).some((each) => each.role === role) || !isLeftOpen(snapshot, role, this.#options.parts.api)) return;
    await this.#arrivals.next({ gateway, role }, FIRST_PATIENCE_MS);
  }

  /** Proxies get what is theirs of what the rollouts say, companions what is theirs. */
  below(): TargetSource {
    return withProxyParts(this.rollouts, (node) => this.#targetOf(node));
  }

  /** With the endpoints of the companions of now. */
  above(targets: TargetSource): TargetSource {
    return this.#layer.above(targets, (base, node) => (node.companion === undefined ? this.#overlay.over(base) : base));
  }

  /** The snapshot with the endpoints of the companions of now. */
  over(base: Snapshot): Snapshot {
    return this.#overlay.over(base);
  }

  readonly progress: ProgressListener = {
    nodeConnected: (node, atMs) => this.#onConnected(node, atMs),
    nodeGone: (node, atMs, isMeant = false) => {
      const key = keyOf(node);
      if (key === undefined) return;
      this.#book.gone(key, isMeant, atMs);
      this.#options.report.gone(key, isMeant);
      this.#look(node.cluster);
    },
    companionAnswered: (node) => {
      const key = keyOf(node);
      const answer = key && companionAnswer(key.role, this.#options.clients({ gateway: node.cluster, id: node.id }));
      if (key === undefined || answer === undefined) return;
      this.#book.answered(key, answer);
      this.#look(node.cluster);
    },
  };

  /** Of one gateway, or of all. */
  statuses(gateway?: string): readonly CompanionStatus[] {
    return companionStatuses(this.#book.all(gateway), (name, role) => this.#offered.requiredOf(name, role));
  }

  /** For the API: names of the policies that companions of a gateway are to have; limits of this process. */
  readonly sources = {
    policies: (gateway: string) => (this.#books.has(gateway) ? servedNames(this.#books.of(gateway, 'authz').snapshot, 'authz') : []),
    limits: () => this.#options.limits(),
  };

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    await this.#keeper.stop();
  }

  /** After the streams have ended: until then proxies may ask. */
  async stopWorkers(): Promise<void> {
    await Promise.all([...this.#local.values()].map((local) => local.stop()));
  }

  #createLocal(role: CompanionRole, start: LocalCompanionsOptions['start']): LocalCompanions {
    const { parts, after } = this.#options;
    return new LocalCompanions({
      role,
      start,
      after,
      api: parts.api,
      logger: parts.logger,
      onEndpoints: (endpoints) => {
        this.#localEndpoints.set(role, endpoints);
        for (const gateway of this.#books.gateways())
          if (servedNames(this.#books.of(gateway, role).snapshot, role).length > 0) this.#joinLocal(gateway, role);
      },
      onAnswer: (gateway, answer) => {
        this.#joinLocal(gateway, role);
        this.#book.answered(localKey(gateway, role), answer);
        this.#look(gateway);
      },
    });
  }

  #joinLocal(gateway: string, role: CompanionRole): void {
    const endpoints = this.#localEndpoints.get(role) ?? [];
    const nowMs = this.#options.parts.nowMs();
    if (endpoints.length === 0) this.#book.gone(localKey(gateway, role), true, nowMs);
    else this.#book.connected(localKey(gateway, role), endpoints, nowMs);
    this.#look(gateway);
  }

  #onConnected(node: ClientNode, atMs: number): void {
    const key = keyOf(node);
    if (key === undefined) return;
    this.#book.connected(key, node.companion?.endpoints ?? [], atMs);
    this.#options.report.connected(key, node.companion?.endpoints ?? []);
    this.#arrivals.came(key);
    this.#look(node.cluster);
  }

  #targetOf({ cluster, companion }: ClientNode): Snapshot | undefined {
    // Nothing is told before the gateway has loaded (X85): companions hold what they have.
    if (companion === undefined || this.rollouts.needed(cluster).length === 0) return undefined;
    return this.#books.of(cluster, companion.role).snapshot;
  }

  /** Something of the gateway changed: its revisions, its companions, or the time. */
  #look(gateway: string): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.parts.nowMs();
    const isToldOf = this.#isServed(gateway);
    const hasPolicies = isToldOf && this.#updatePolicies(gateway, nowMs);
    const hasEndpoints = isToldOf && this.#offered.update(gateway, nowMs);
    if (hasPolicies || hasEndpoints) {
      this.#keeper.soon();
      this.#layer.tell(gateway);
    }
    this.rollouts.looked(gateway);
    this.#setTimer();
  }

  /** Clients choose the gateway that they ask for: of one that does not exist nothing is kept. */
  #isServed(gateway: string): boolean {
    return this.#books.has(gateway) || this.rollouts.needed(gateway).length > 0;
  }

  #updatePolicies(gateway: string, nowMs: number): boolean {
    const revisions = this.rollouts.needed(gateway);
    // Before the files are read nothing is known to be gone.
    if (revisions.length === 0) return false;
    const changed = COMPANION_ROLES.filter((role) => {
      const book = this.#books.of(gateway, role);
      const before = book.snapshot;
      book.update(revisions, nowMs);
      void this.#local.get(role)?.feed(gateway, book.snapshot);
      return book.snapshot !== before;
    });
    return changed.length > 0;
  }

  #setTimer(): void {
    this.#cancelTimer?.();
    if (this.#isStopped) return;
    const nowMs = this.#options.parts.nowMs();
    const ends = [this.#book.nextDeadlineMs(nowMs), ...this.#books.nextDeadlines()];
    const ahead = ends.flatMap((at) => (at === undefined || at <= nowMs ? [] : [at]));
    const dueMs = Math.min(...ahead, nowMs + LONGEST_TIMER_MS);
    this.#cancelTimer = this.#options.after(Math.max(1, dueMs - nowMs), () => this.#onTimer());
  }

  #onTimer(): void {
    for (const gateway of this.#books.gateways()) this.#look(gateway);
    this.#setTimer();
  }

  #kept() {
    const companions = this.#book.all().filter(({ id, isServing }) => isServing && id !== LOCAL_COMPANION);
    return { companions, gone: this.#books.gone() };
  }
}
