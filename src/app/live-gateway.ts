// One gateway file while it is served: builds at start and at each change, gives what is good to its delivery, and goes on with what was good
// when it is not (D5, D17). Knows no streams and no nodes. Logs nothing: it tells what happened.
import type { Build, Builder, ExplainOutcome, GoodBuild } from '../build/build.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import type { Revision } from '../delivery/revision.ts';
import type { KeptServing } from '../delivery/revision-history.ts';
import type { SourceTexts } from '../delivery/revision-store.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import type { AskedRequest } from '../explain/explained.ts';
import { takesLonger } from '../lib/takes-longer.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { GatewayDelivery } from './gateway-delivery.ts';
import type { GatewayEvent } from './gateway-event.ts';
import { type Served, statusOf } from './status-of.ts';

export interface Watcher {
  /** Replaces the set of files and directories that are watched. */
  update(files: readonly string[]): void;
  close(): void | Promise<void>;
}

export interface LiveGatewayOptions {
  readonly file: string;
  readonly builder: Builder;
  readonly delivery: GatewayDelivery;
  /** Must be done before a snapshot is served: `good` is what it was built as, absent for one of an earlier run. Must not reject. */
  readonly prepare?: (snapshot: Snapshot, good?: GoodBuild) => Promise<void>;
  /** Takes the name for this file; gives the file that has it already, if any. */
  readonly claim: (gateway: string, file: string) => string | undefined;
  /** Begins to watch; absent: changes are seen at `reload` only. */
  readonly watch?: (onChange: () => void) => Watcher;
  readonly nowMs: () => number;
  /** A first build that takes longer does not hold up what an earlier run kept (X85). Default 10,000. */
  readonly patienceMs?: number;
  readonly onEvent: (event: GatewayEvent, gateway: LiveGateway) => void;
}

export interface LiveGateway {
  readonly file: string;
  /** What is served is for this gateway; undefined while nothing is. */
  readonly name: string | undefined;
  /** First build; true when a snapshot is served after it, of the files or kept from an earlier run. Then watches. */
  start(): Promise<boolean>;
  /** Builds from the files as they are now. A call during a build makes one more build follow it (D5). */
  reload(): Promise<void>;
  status(): GatewayStatus;
  /** What was built from the files and is served. */
  good(): GoodBuild | undefined;
  /** The newest build of the files, good or not. */
  newest(): Build | undefined;
  /** `file:line` of what a resource was made from. */
  placeOf(typeUrl: TypeUrl, name: string): Promise<string | undefined>;
  /** What a served version makes of a request (O4); undefined where it is not known any more how that was built. */
  explain(version: string, asked: AskedRequest): Promise<ExplainOutcome | undefined>;
  /** What the rollouts tell of this gateway. */
  rolledOut(event: RolloutEvent): void;
  /** Lifts the quarantine and reads the files again; false where there was nothing in it. */
  release(): Promise<boolean>;
  /** Oldest first. */
  revisions(): readonly Revision[];
  /** The files of a revision with secrets masked, where they are kept. */
  texts(revision: Revision): Promise<SourceTexts | undefined>;
  /** Ends watching; resolves when a build under way and writes to disk have ended. */
  stop(): Promise<void>;
}

interface BuildTimes {
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly durationMs: number;
}

export function createLiveGateway(options: LiveGatewayOptions): LiveGateway {
  return new WatchedGateway(options);
}

const WRITE_PATIENCE_MS = 2_000;
const SOURCE_PATIENCE_MS = 10_000;

class WatchedGateway implements LiveGateway {
  readonly #options: LiveGatewayOptions;
  #watcher: Watcher | undefined;
  #building: Promise<void> | undefined;
  #isOutdated = false;
  #isStopped = false;
  #watched: ReadonlySet<string> = new Set();
  /** Of the newest build, good or not. */
  #newest: Build | undefined;
  /** What was accepted last, and not withdrawn. */
  #served: Served | undefined;
  /** What it goes back to when that is withdrawn. */
  #proven: Served | undefined;
  /** What an earlier run left and nothing came of yet. */
  #kept: KeptServing = {};

  constructor(options: LiveGatewayOptions) {
    this.#options = options;
  }

  get file(): string {
    return this.#options.file;
  }

  get name(): string | undefined {
    return this.#served?.snapshot.gateway;
  }

  async start(): Promise<boolean> {
    await this.#openKept();
    if (this.#isStopped) return false;
    this.#watcher = this.#options.watch?.(() => void this.reload());
    this.#watch([this.file]);
    const isLate = await takesLonger(this.reload(), this.#options.patienceMs ?? SOURCE_PATIENCE_MS);
    if (this.#served === undefined) await this.#restoreAll(isLate);
    if (this.#served === undefined && isLate) await this.#building;
    // Who is told that we are ready may kill us at once (D25).
    await this.#written();
    return this.#served !== undefined;
  }

  reload(): Promise<void> {
    this.#isOutdated = true;
    this.#building ??= this.#buildUntilCurrent().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  good(): GoodBuild | undefined {
    return this.#served?.good;
  }

  newest(): Build | undefined {
    return this.#newest;
  }

  status(): GatewayStatus {
    return statusOf(this.file, this.#served, this.#newest);
  }

  async placeOf(typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    const good = this.#served?.good;
    return good && (await this.#options.builder.placeOf(good, typeUrl, name));
  }

  async explain(version: string, asked: AskedRequest): Promise<ExplainOutcome | undefined> {
    const good = [this.#served, this.#proven].find((each) => each?.snapshot.version === version)?.good;
    return good && (await this.#options.builder.explain(good, asked));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watcher?.close();
    await this.#building;
    await this.#written();
  }

  rolledOut(event: RolloutEvent): void {
    // Places are asked for before anything is built anew.
    this.#options.delivery.told(event, (typeUrl, name) => this.placeOf(typeUrl, name));
    if (event.kind === 'good' && event.version === this.#served?.snapshot.version) this.#proven = this.#served;
    if (event.kind === 'withdrawn' && event.version === this.#served?.snapshot.version) this.#goBack();
  }

  async release(): Promise<boolean> {
    const released = this.name === undefined ? [] : this.#options.delivery.release(this.name);
    if (released.length > 0) await this.reload();
    return released.length > 0;
  }

  revisions(): readonly Revision[] {
    return this.#options.delivery.revisions();
  }

  texts(revision: Revision): Promise<SourceTexts | undefined> {
    return this.#options.delivery.texts(revision);
  }

  /** The files are read again, so that what is wrong with them is told at its place. */
  #goBack(): void {
    this.#served = this.#proven ?? this.#served;
    void this.reload();
  }

  /** What was kept last is on disk, or the disk has had its time: a file system that hangs must not hold up start or stop. */
  async #written(): Promise<void> {
    await takesLonger(this.#options.delivery.written(), WRITE_PATIENCE_MS);
  }

  async #openKept(): Promise<void> {
    try {
      const { serving, damage } = await this.#options.delivery.open();
      this.#kept = serving;
      for (const each of damage) this.#tell({ kind: 'state-damaged', ...each });
    } catch (error) {
      this.#tell({ kind: 'failed', error });
    }
  }

  /** Serves what an earlier run left, marked. */
  async #restoreAll(isLate: boolean): Promise<void> {
    const kept = this.#kept.head ?? this.#kept.good;
    if (kept === undefined || this.#options.claim(kept.snapshot.gateway, this.file) !== undefined) return;
    await this.#options.prepare?.(kept.snapshot);
    // A build may have come to its end meanwhile.
    if (this.#served !== undefined) return;
    this.#restore(true);
    this.#served = { snapshot: kept.snapshot, acceptedAtMs: kept.acceptedAtMs };
    this.#tell({ kind: 'restored', kept, isLate });
  }

  #restore(withHead: boolean): void {
    const kept = this.#kept;
    this.#kept = {};
    if (kept.good !== undefined) this.#proven = { snapshot: kept.good.snapshot, acceptedAtMs: kept.good.acceptedAtMs };
    this.#options.delivery.restore(kept, withHead);
  }

  /** Newcomers get what was good before while the files of now are in waves (D16); under another name it is of no use. */
  async #restoreBefore(good: GoodBuild): Promise<void> {
    const { good: kept } = this.#kept;
    if (kept !== undefined && kept.snapshot.gateway === good.gateway) {
      const isSame = kept.snapshot.version === good.snapshot.version;
      await this.#options.prepare?.(kept.snapshot, isSame ? good : undefined);
      if (this.#kept.good === kept) this.#restore(false);
    }
    this.#kept = {};
  }

  async #buildUntilCurrent(): Promise<void> {
    while (this.#isOutdated && !this.#isStopped) {
      this.#isOutdated = false;
      try {
        await this.#buildOnce();
      } catch (error) {
        this.#tell({ kind: 'failed', error });
      }
    }
  }

  async #buildOnce(): Promise<void> {
    const startedAtMs = this.#options.nowMs();
    const build = await this.#checked(await this.#options.builder.build(this.#served?.good));
    const isRepeated = this.#newest?.contentHash === build.contentHash && this.#newest.problemsKey === build.problemsKey;
    this.#newest = build;
    this.#watch(build.files);
    const atMs = this.#options.nowMs();
    const durationMs = atMs - startedAtMs;
    if (build.good !== undefined) await this.#options.prepare?.(build.good.snapshot, build.good);
    if (build.good !== undefined) this.#accept(build, build.good, { startedAtMs, atMs, durationMs });
    else if (!isRepeated) this.#tell({ kind: 'refused', build, durationMs, isServing: this.#served !== undefined });
  }

  /** A file that is watched for the first time may have changed between its reading and now: it is read once more. */
  #watch(files: readonly string[]): void {
    if (this.#watcher === undefined) return;
    const isGrown = files.some((file) => !this.#watched.has(file));
    this.#watched = new Set(files);
    this.#watcher.update(files);
    if (isGrown) this.#isOutdated = true;
  }

  /** Refused where another file has the name, or what is served speaks against it. */
  async #checked(build: Build): Promise<Build> {
    const { good } = build;
    if (good === undefined) return build;
    const { builder, claim, delivery } = this.#options;
    const otherFile = claim(good.gateway, this.file);
    if (otherFile !== undefined) return builder.refuse(good, { kind: 'duplicate', otherFile });
    const refusal = delivery.refusalOf(good);
    if (refusal !== undefined) return builder.refuse(good, refusal);
    await this.#restoreBefore(good);
    return build;
  }

  #accept(build: Build, good: GoodBuild, times: BuildTimes): void {
    const { startedAtMs, atMs, durationMs } = times;
    const before = this.#served;
    const isNew = this.#options.delivery.accept(good, { build, startedAtMs, atMs });
    this.#served = { snapshot: good.snapshot, acceptedAtMs: isNew ? atMs : (before?.acceptedAtMs ?? atMs), good };
    if (this.#proven?.snapshot.version === good.snapshot.version) this.#proven = this.#served;
    // The first load of a run is news, although Envoys may have it already.
    if (!isNew && before?.good !== undefined) {
      this.#tell({ kind: 'unchanged', good, build, atMs, durationMs });
      return;
    }
    this.#tell({
      kind: 'accepted',
      good,
      build,
      ...(before?.good === undefined ? {} : { before: before.good }),
      ...(before === undefined ? {} : { previousSnapshot: before.snapshot }),
      ...times,
    });
  }

  #tell(event: GatewayEvent): void {
    this.#options.onEvent(event, this);
  }
}
