// The revisions of one source: numbers them, keeps them in memory and, where there is a store, on disk. Writes one after the other, several
// entries at once when they wait; a medium that fails or hangs holds up nothing. Decides nothing about what is served.

import type { Snapshot } from '../snapshot/types.ts';
import { bounded, foldEntries, goodOf, headOf, NO_HISTORY } from './fold-revisions.ts';
import type { History, NewRevision, Revision, RevisionEntry } from './revision.ts';
import type { KeptRevisions, KeptSnapshot, RevisionStore, SourceTexts } from './revision-store.ts';

/** Revisions that are kept (P27). */
export const DEFAULT_HISTORY_LIMIT = 50;

export interface RevisionHistoryOptions {
  /** Absent: nothing outlives the process. */
  readonly store?: RevisionStore;
  /** The root file of the gateway. */
  readonly source: string;
  /** Default `DEFAULT_HISTORY_LIMIT`. */
  readonly limit?: number;
  /** What could not be written; it is told once until a write succeeds again. */
  readonly onUnwritable: (error: unknown) => void;
}

/** What an earlier run left that can be served again. */
export interface KeptServing {
  /** What newcomers get. */
  readonly good?: KeptSnapshot;
  /** The newest that was not withdrawn, where that is another one. */
  readonly head?: KeptSnapshot;
}

export interface RevisionHistory {
  /** Reads what there is; to be called once, first. */
  open(): Promise<{ readonly serving: KeptServing; readonly damage: KeptRevisions['damage'] }>;
  readonly history: History;
  /** What the revision of this snapshot is called: the one on offer with the same contents (D2), or the next. */
  numberOf(snapshot: Pick<Snapshot, 'gateway' | 'version'>): { readonly number: number; readonly isNew: boolean };
  accepted(revision: NewRevision, snapshot: KeptSnapshot): void;
  /** The files that the revision was made from. */
  keepTexts(number: number, texts: SourceTexts): void;
  /** `entry` came true. */
  record(...entries: readonly RevisionEntry[]): void;
  texts(revision: Revision): Promise<SourceTexts | undefined>;
  /** Everything so far is written, or could not be. */
  written(): Promise<void>;
}

export function createRevisionHistory(options: RevisionHistoryOptions): RevisionHistory {
  return new SourceHistory(options);
}

/** A log is made shorter when it has so many entries more than it needs. */
const ENTRIES_TOLERATED = 1_000;

class SourceHistory implements RevisionHistory {
  readonly #options: RevisionHistoryOptions;
  #history = NO_HISTORY;
  #position = 0;
  /** Entries in the store since it was made short. */
  #entryCount = 0;
  #highest = 0;
  #waiting: RevisionEntry[] = [];
  #writing: Promise<void> | undefined;
  /** By revision: what is or will be in the store. */
  readonly #snapshots = new Map<number, KeptSnapshot>();
  readonly #unwritten = new Set<number>();
  #texts: SourceTexts[] = [];
  #hasFailed = false;
  /** Another process writes there: its entries are left alone. */
  #isShared = false;

  constructor(options: RevisionHistoryOptions) {
    this.#options = options;
  }

  get history(): History {
    return this.#history;
  }

  async open(): Promise<{ readonly serving: KeptServing; readonly damage: KeptRevisions['damage'] }> {
    const kept = await this.#options.store?.load(this.#options.source);
    if (kept === undefined) return { serving: {}, damage: [] };
    this.#take(kept);
    const snapshotOf = (revision: Revision | undefined): KeptSnapshot | undefined => {
      const snapshot = revision && kept.snapshots.find((each) => each.revision === revision.number);
      return snapshot?.snapshot.version === revision?.version ? snapshot : undefined;
    };
    const [good, newest] = [snapshotOf(goodOf(this.#history)), snapshotOf(headOf(this.#history))];
    for (const each of [good, newest]) if (each !== undefined) this.#snapshots.set(each.revision, each);
    const head = newest?.revision === good?.revision ? undefined : newest;
    return { serving: { ...(good === undefined ? {} : { good }), ...(head === undefined ? {} : { head }) }, damage: kept.damage };
  }

  numberOf({ gateway, version }: Pick<Snapshot, 'gateway' | 'version'>): { readonly number: number; readonly isNew: boolean } {
    const candidates = [headOf(this.#history), goodOf(this.#history)];
    const same = candidates.find((revision) => revision?.version === version && revision.gateway === gateway);
    return same === undefined ? { number: this.#highest + 1, isNew: true } : { number: same.number, isNew: false };
  }

  accepted(revision: NewRevision, snapshot: KeptSnapshot): void {
    this.#snapshots.set(revision.number, snapshot);
    this.#unwritten.add(revision.number);
    this.record({ kind: 'accepted', revision });
  }

  keepTexts(number: number, texts: SourceTexts): void {
    if (this.#options.store === undefined) return;
    this.#texts.push(texts);
    this.record({ kind: 'texts', number, texts: texts.id });
  }

  record(...entries: readonly RevisionEntry[]): void {
    this.#fold(entries);
    if (this.#options.store === undefined || this.#isShared) return;
    this.#waiting.push(...entries);
    this.#writing ??= this.#write(this.#options.store).finally(() => {
      this.#writing = undefined;
    });
  }

  async texts({ texts }: Revision): Promise<SourceTexts | undefined> {
    return texts === undefined ? undefined : this.#options.store?.texts(this.#options.source, texts);
  }

  async written(): Promise<void> {
    await this.#writing;
  }

  #take({ position, entries }: KeptRevisions): void {
    this.#position = position;
    this.#entryCount = entries.length;
    this.#history = NO_HISTORY;
    this.#fold(entries);
  }

  #fold(entries: readonly RevisionEntry[]): void {
    this.#history = bounded(foldEntries(this.#history, entries), this.#options.limit ?? DEFAULT_HISTORY_LIMIT);
    this.#highest = Math.max(this.#highest, ...this.#history.revisions.map(({ number }) => number));
  }

  async #write(store: RevisionStore): Promise<void> {
    // What happens in one turn is one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const entries = this.#waiting.splice(0);
      try {
        if (this.#entryCount > ENTRIES_TOLERATED) await this.#compact(store);
        else await this.#append(store, entries);
        this.#hasFailed = false;
      } catch (error) {
        if (!this.#hasFailed) this.#options.onUnwritable(error);
        this.#hasFailed = true;
        await this.#reopen(store);
      }
    }
  }

  async #append(store: RevisionStore, entries: readonly RevisionEntry[]): Promise<void> {
    const keep = this.#wanted();
    const unwritten = [...this.#unwritten];
    const snapshots = unwritten.filter((number) => keep.has(number)).flatMap((number) => this.#snapshots.get(number) ?? []);
    const texts = [...this.#texts];
    const outcome = await store.append(this.#options.source, { after: this.#position, entries, snapshots, texts, keep });
    if (outcome.kind === 'conflict') {
      if (await this.#adopt(store)) return this.#append(store, entries);
      return this.#giveUp();
    }
    for (const number of unwritten) this.#unwritten.delete(number);
    this.#texts.splice(0, texts.length);
    this.#position = outcome.position;
    this.#entryCount += entries.length;
  }

  /** The last words of a process that ended while this one began are taken over; not those of one that goes on accepting revisions. */
  async #adopt(store: RevisionStore): Promise<boolean> {
    const { position, entries } = await store.load(this.#options.source);
    const more = entries.slice(this.#entryCount);
    if (position <= this.#position || more.length === 0 || more.some(({ kind }) => kind === 'accepted' || kind === 'base')) return false;
    this.#position = position;
    this.#entryCount = entries.length;
    this.#fold(more);
    return true;
  }

  /** The whole history in the place of its entries; what was not written yet is in it. */
  async #compact(store: RevisionStore): Promise<void> {
    const entries: readonly RevisionEntry[] = [{ kind: 'base', history: this.#history }];
    await this.#append(store, []);
    if (this.#isShared) return;
    const texts = new Set(this.#history.revisions.flatMap(({ texts: id }) => id ?? []));
    const outcome = await store.compact(this.#options.source, { after: this.#position, entries, texts });
    if (outcome.kind === 'conflict') return this.#giveUp();
    this.#position = outcome.position;
    this.#entryCount = entries.length;
  }

  #giveUp(): void {
    this.#isShared = true;
    this.#waiting = [];
    this.#options.onUnwritable(new Error('another process writes into the same state directory'));
  }

  /** After a failure nobody knows what is there: the next write says everything anew. */
  async #reopen(store: RevisionStore): Promise<void> {
    try {
      const kept = await store.load(this.#options.source);
      this.#position = kept.position;
      this.#entryCount = Number.POSITIVE_INFINITY;
      for (const number of this.#wanted()) this.#unwritten.add(number);
    } catch {
      // It was told that it cannot be written; the next write tries again.
    }
  }

  /** Snapshots that may be served again after a restart; others are forgotten. */
  #wanted(): ReadonlySet<number> {
    const wanted = new Set([goodOf(this.#history), headOf(this.#history)].flatMap((revision) => revision?.number ?? []));
    for (const number of this.#snapshots.keys()) if (!wanted.has(number)) this.#snapshots.delete(number);
    return wanted;
  }
}
