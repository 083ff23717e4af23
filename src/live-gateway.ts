// One gateway file while it is served: builds at start and at each change, publishes what is good, keeps the last good when it is not,
// in memory and on disk (D5, D17). Knows no streams: it publishes into the snapshot store. Logs nothing: it tells what happened.

import type { Build, Builder, GoodBuild } from './build.ts';
import type { GatewayStatus } from './gateway-status.ts';
import type { SnapshotStore } from './snapshot/store.ts';
import type { Snapshot, TypeUrl } from './snapshot/types.ts';
import type { LastGood, LastGoodStore } from './state/last-good.ts';
import type { DroppedHistory } from './xds/dropped-history.ts';

/** What came of one build, or of the start. */
export type GatewayEvent =
  | {
      readonly kind: 'accepted';
      readonly good: GoodBuild;
      readonly build: Build;
      /** What was served before, of this run. */
      readonly before?: GoodBuild;
      readonly previousSnapshot?: Snapshot;
      /** When the build began. */
      readonly startedAtMs: number;
      readonly atMs: number;
      readonly durationMs: number;
    }
  /** Good, and the same resources as are served already (C15). */
  | { readonly kind: 'unchanged'; readonly good: GoodBuild; readonly build: Build; readonly atMs: number; readonly durationMs: number }
  | { readonly kind: 'refused'; readonly build: Build; readonly durationMs: number; readonly isServing: boolean }
  /** The files are broken at start; what an earlier run kept is served (D17). */
  | { readonly kind: 'restored'; readonly lastGood: LastGood }
  | { readonly kind: 'state-damaged'; readonly file: string; readonly reason: string }
  | { readonly kind: 'state-unwritable'; readonly error: unknown }
  /** A fault of ours or of the machine, not of the configuration. */
  | { readonly kind: 'failed'; readonly error: unknown };

export interface Watcher {
  /** Replaces the set of files and directories that are watched. */
  update(files: readonly string[]): void;
  close(): void | Promise<void>;
}

export interface LiveGatewayOptions {
  readonly file: string;
  readonly builder: Builder;
  readonly snapshots: SnapshotStore;
  readonly lastGood?: LastGoodStore;
  /** What targets dropped: kept over a restart, so that proxies that still use it do not lose it (D25). Absent: nothing is known of it. */
  readonly history?: DroppedHistory;
  /** Must be done before a snapshot is served: `good` is what it was built as, absent for one of an earlier run. Must not reject. */
  readonly prepare?: (snapshot: Snapshot, good?: GoodBuild) => Promise<void>;
  /** Takes the name for this file; gives the file that has it already, if any. */
  readonly claim: (gateway: string, file: string) => string | undefined;
  /** Begins to watch; absent: changes are seen at `reload` only. */
  readonly watch?: (onChange: () => void) => Watcher;
  readonly nowMs: () => number;
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

class WatchedGateway implements LiveGateway {
  readonly #options: LiveGatewayOptions;
  #watcher: Watcher | undefined;
  #building: Promise<void> | undefined;
  #isOutdated = false;
  #isStopped = false;
  #watched: ReadonlySet<string> = new Set();
  #writing: Promise<void> = Promise.resolve();
  /** Of the newest build, good or not. */
  #newest: Build | undefined;
  /** What is served. */
  #served: { readonly snapshot: Snapshot; readonly acceptedAtMs: number; readonly good?: GoodBuild } | undefined;

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
    const kept = await this.#readKept();
    if (this.#isStopped) return false;
    this.#watcher = this.#options.watch?.(() => void this.reload());
    this.#watch([this.file]);
    if (kept !== undefined) this.#remember(kept);
    await this.reload();
    if (this.#served === undefined && kept !== undefined) await this.#restore(kept);
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
    const [served, newest] = [this.#served, this.#newest];
    const isCurrent = newest?.good !== undefined;
    const good = served?.good;
    return {
      ...(served === undefined ? {} : { gateway: served.snapshot.gateway }),
      file: this.file,
      serving: served === undefined ? 'nothing' : isCurrent ? 'current' : 'last-good',
      isRestored: served !== undefined && served.good === undefined,
      ...(served === undefined ? {} : { version: served.snapshot.version, acceptedAt: new Date(served.acceptedAtMs).toISOString() }),
      ...(good === undefined ? {} : { counts: good.counts }),
      certificates: good?.certificates ?? {},
      problems: newest?.problems.map(({ view }) => view) ?? [],
      problemCounts: newest?.problemCounts ?? { errors: 0, warnings: 0 },
    };
  }

  async placeOf(typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    const good = this.#served?.good;
    return good && (await this.#options.builder.placeOf(good, typeUrl, name));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watcher?.close();
    await this.#building;
    await this.#written();
  }

  /** What was kept last is on disk, or the disk has had its time: a file system that hangs must not hold up start or stop. */
  async #written(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WRITE_PATIENCE_MS);
    });
    await Promise.race([this.#writing, patience]);
    clearTimeout(timer);
  }

  async #readKept(): Promise<LastGood | undefined> {
    const read = await this.#options.lastGood?.read(this.file);
    if (read?.kind === 'damaged') this.#tell({ kind: 'state-damaged', file: read.file, reason: read.reason });
    return read?.kind === 'found' ? read.lastGood : undefined;
  }

  /** Proxies may stand at what an earlier run served last, or at what it had dropped shortly before. */
  #remember({ snapshot, dropped }: LastGood): void {
    if (dropped !== undefined) this.#options.history?.remember(snapshot.gateway, dropped);
    this.#options.history?.note(snapshot);
  }

  async #restore(kept: LastGood): Promise<void> {
    if (this.#options.claim(kept.snapshot.gateway, this.file) !== undefined) return;
    await this.#options.prepare?.(kept.snapshot);
    this.#served = { snapshot: kept.snapshot, acceptedAtMs: kept.acceptedAtMs };
    this.#options.snapshots.publish(kept.snapshot);
    this.#tell({ kind: 'restored', lastGood: kept });
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
    const build = await this.#withOwnName(await this.#options.builder.build(this.#served?.good));
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

  async #withOwnName(build: Build): Promise<Build> {
    const { good } = build;
    const owner = good && this.#options.claim(good.gateway, this.file);
    return owner === undefined || good === undefined
      ? build
      : await this.#options.builder.refuse(good, { kind: 'duplicate', otherFile: owner });
  }

  #accept(build: Build, good: GoodBuild, times: BuildTimes): void {
    const { atMs, durationMs } = times;
    const before = this.#served;
    // Under an old name the store may still hold the same snapshot, but what is kept on disk has the newer name.
    const isNew = this.#options.snapshots.publish(good.snapshot) || before?.snapshot.gateway !== good.snapshot.gateway;
    this.#served = { snapshot: good.snapshot, acceptedAtMs: isNew ? atMs : before.acceptedAtMs, good };
    if (!isNew) {
      this.#tell({ kind: 'unchanged', good, build, atMs, durationMs });
      return;
    }
    this.#options.history?.note(good.snapshot);
    const dropped = this.#options.history?.droppedOf(good.gateway);
    this.#keep({
      snapshot: good.snapshot,
      contentHash: build.contentHash,
      acceptedAtMs: atMs,
      ...(dropped === undefined ? {} : { dropped }),
    });
    this.#tell({
      kind: 'accepted',
      good,
      build,
      ...(before?.good === undefined ? {} : { before: before.good }),
      ...(before === undefined ? {} : { previousSnapshot: before.snapshot }),
      ...times,
    });
  }

  #keep(lastGood: LastGood): void {
    const write = this.#options.lastGood?.write(this.file, lastGood);
    if (write === undefined) return;
    this.#writing = write.catch((error: unknown) => this.#tell({ kind: 'state-unwritable', error }));
  }

  #tell(event: GatewayEvent): void {
    this.#options.onEvent(event, this);
  }
}
