// What happens to a good build of one root file: it is checked against what is served, numbered, kept, and given to the rollouts; and what those
// tell is kept. Builds nothing and watches nothing.
import type { Build, GoodBuild } from '../build/build.ts';
import type { BuildRefusal } from '../build/build-refusal.ts';
import { largeRemoval } from '../delivery/large-removal.ts';
import { isQuarantined, type QuarantineEntry, type RefusedThing } from '../delivery/quarantine.ts';
import type { Revision, RevisionEntry } from '../delivery/revision.ts';
import type { KeptServing, RevisionHistory } from '../delivery/revision-history.ts';
import type { KeptSnapshot, SourceTexts } from '../delivery/revision-store.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import type { Rollouts } from '../delivery/rollouts.ts';
import type { GatewayShape } from '../model/delivery-settings.ts';
import type { SnapshotStore } from '../snapshot/store.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { DroppedHistory } from '../xds/dropped-history.ts';

export interface GatewayDeliveryOptions {
  readonly revisions: RevisionHistory;
  readonly rollouts: Rollouts;
  /** What is in force of each gateway. */
  readonly snapshots: SnapshotStore;
  /** What targets dropped: kept over a restart, so that proxies that still use it do not lose it (D25). */
  readonly dropped?: DroppedHistory;
  /** Who edits the files, as far as we can know. */
  readonly author: string;
  /** Every edit may remove much (D18). */
  readonly allowLargeRemoval: boolean;
  /** What an earlier run quarantined is forgotten at the start. */
  readonly force: boolean;
  readonly nowMs: () => number;
  /** The files of a build with secrets masked. */
  readonly readTexts: (files: readonly string[]) => Promise<SourceTexts | undefined>;
}

export interface Acceptance {
  readonly build: Pick<Build, 'contentHash' | 'files'>;
  readonly startedAtMs: number;
  readonly atMs: number;
}

export type PlaceOf = (typeUrl: TypeUrl, name: string) => Promise<string | undefined>;

export interface GatewayDelivery {
  /** Reads what an earlier run left; to be called once, first. */
  open(): ReturnType<RevisionHistory['open']>;
  /** Offers what an earlier run left: the good one, and where `withHead` the newer one too, in waves. */
  restore(kept: KeptServing, withHead: boolean): void;
  /** Why this must not be offered, by what is known beyond its files. */
  refusalOf(good: GoodBuild): BuildRefusal | undefined;
  /** Numbers, keeps and offers it; false where it is on offer already. */
  accept(good: GoodBuild, acceptance: Acceptance): boolean;
  /** What the rollouts tell of this gateway; places are asked for at once. */
  told(event: RolloutEvent, placeOf: PlaceOf): void;
  /** Lifts the quarantine; gives what was in it. */
  release(gateway: string): readonly QuarantineEntry[];
  /** Oldest first. */
  revisions(): readonly Revision[];
  texts(revision: Revision): Promise<SourceTexts | undefined>;
  written(): Promise<void>;
}

export function createGatewayDelivery(options: GatewayDeliveryOptions): GatewayDelivery {
  return new OneGatewayDelivery(options);
}

class OneGatewayDelivery implements GatewayDelivery {
  readonly #options: GatewayDeliveryOptions;
  /** Of what is on offer. */
  #shape: GatewayShape | undefined;
  /** What may be in force, by revision. */
  readonly #offered = new Map<number, { readonly snapshot: Snapshot; readonly shape: GatewayShape }>();
  #hasQuarantine = false;
  /** The name under which something was offered last. */
  #gateway: string | undefined;
  /** What is on its way into the history. */
  #pending: Promise<unknown> = Promise.resolve();

  constructor(options: GatewayDeliveryOptions) {
    this.#options = options;
  }

  async open(): ReturnType<RevisionHistory['open']> {
    const { revisions, force, nowMs } = this.#options;
    const opened = await revisions.open();
    const { good, head } = opened.serving;
    this.#shape = (head ?? good)?.shape;
    if (force && revisions.history.quarantine.entries.length > 0) revisions.record({ kind: 'released', atMs: nowMs() });
    for (const each of [head, good]) if (each !== undefined) this.#remember(each);
    return opened;
  }

  restore({ good, head }: KeptServing, withHead: boolean): void {
    const { rollouts, snapshots } = this.#options;
    const newest = head ?? good;
    if (newest === undefined) return;
    this.#restoreQuarantine(newest.snapshot.gateway);
    for (const each of [good, head]) if (each !== undefined) this.#offered.set(each.revision, each);
    if (good !== undefined) rollouts.restore(good.snapshot.gateway, { good: offerOf(good), quarantine: [] });
    if (good !== undefined) snapshots.publish(good.snapshot);
    if (!withHead || head === undefined) return;
    snapshots.publish(head.snapshot);
    rollouts.accept(offerOf(head));
  }

  refusalOf({ snapshot, delivery }: GoodBuild): BuildRefusal | undefined {
    this.#restoreQuarantine(snapshot.gateway);
    const entries = this.#options.rollouts.quarantined(snapshot);
    if (entries.length > 0) return { kind: 'quarantined', entries };
    if (this.#shape === undefined || delivery.allowLargeRemoval || this.#options.allowLargeRemoval) return undefined;
    const removal = largeRemoval(this.#shape, delivery.shape);
    return removal && { kind: 'large-removal', removal };
  }

  accept(good: GoodBuild, acceptance: Acceptance): boolean {
    const { revisions, rollouts, snapshots } = this.#options;
    const { snapshot, delivery } = good;
    const { number, isNew } = revisions.numberOf(snapshot);
    this.#gateway = snapshot.gateway;
    if (isNew) this.#keep(number, good, acceptance);
    this.#shape = delivery.shape;
    this.#offered.set(number, { snapshot, shape: delivery.shape });
    snapshots.publish(snapshot);
    const { kind } = rollouts.accept({ revision: number, snapshot, settings: delivery.rollout, acceptedAtMs: acceptance.startedAtMs });
    return isNew || kind === 'offered' || kind === 'returned';
  }

  told(event: RolloutEvent, placeOf: PlaceOf): void {
    const { revisions } = this.#options;
    if (event.kind === 'withdrawn') this.#goBack(event.backTo);
    if (event.kind === 'good') for (const each of this.#offered.keys()) if (each < event.revision) this.#offered.delete(each);
    if (event.kind === 'nack') {
      const { revision, nack } = event;
      if (revision === undefined) return;
      this.#later(async () => {
        revisions.record({ kind: 'nack', number: revision, nack: await this.#placed(nack, placeOf) });
      });
    } else if (event.kind === 'quarantined') {
      // At once: a kill while the place is looked up must not make the next run offer it again (D25).
      revisions.record({ kind: 'quarantined', entries: event.entries });
      this.#later(async () => {
        const placed = await Promise.all(event.entries.map((entry) => this.#placed(entry, placeOf)));
        const entries = placed.filter((entry) => entry.place !== undefined && isQuarantined(revisions.history.quarantine, entry));
        if (entries.length > 0) revisions.record({ kind: 'quarantined', entries });
      });
    } else {
      const entry = entryOf(event);
      if (entry !== undefined) revisions.record(entry);
    }
  }

  release(gateway: string): readonly QuarantineEntry[] {
    const { rollouts, revisions, nowMs } = this.#options;
    const released = rollouts.release(gateway);
    if (released.length > 0) revisions.record({ kind: 'released', atMs: nowMs() });
    return released;
  }

  revisions(): readonly Revision[] {
    return this.#options.revisions.history.revisions;
  }

  texts(revision: Revision): Promise<SourceTexts | undefined> {
    return this.#options.revisions.texts(revision);
  }

  async written(): Promise<void> {
    await this.#pending;
    await this.#options.revisions.written();
  }

  #keep(number: number, { gateway, snapshot, delivery }: GoodBuild, { build, atMs }: Acceptance): void {
    const { revisions, author, dropped, readTexts } = this.#options;
    const { contentHash, files } = build;
    dropped?.note(snapshot);
    const gone = dropped?.droppedOf(gateway);
    const kept = { snapshot, contentHash, acceptedAtMs: atMs, settings: delivery.rollout, shape: delivery.shape };
    const revision = { number, gateway, version: snapshot.version, contentHash, author, message: '', files, acceptedAtMs: atMs };
    revisions.accepted(revision, { ...kept, revision: number, ...(gone === undefined ? {} : { dropped: gone }) });
    this.#later(async () => {
      const texts = await readTexts(files);
      if (texts !== undefined) revisions.keepTexts(number, texts);
    });
  }

  async #placed<Thing extends RefusedThing>(thing: Thing, placeOf: PlaceOf): Promise<Thing & { readonly place?: string }> {
    const place = await placeOfFirst(thing, placeOf);
    if (place === undefined) return thing;
    if (this.#gateway !== undefined) this.#options.rollouts.placed(this.#gateway, thing, place);
    return { ...thing, place };
  }

  #goBack(revision: number): void {
    const back = this.#offered.get(revision);
    if (back === undefined) return;
    this.#shape = back.shape;
    this.#options.snapshots.publish(back.snapshot);
  }

  /** Of what an earlier run refused nothing is offered, whatever else can be read of it (B55). */
  #restoreQuarantine(gateway: string): void {
    if (this.#hasQuarantine) return;
    this.#hasQuarantine = true;
    const { rollouts, revisions } = this.#options;
    const quarantine = revisions.history.quarantine.entries;
    if (quarantine.length > 0) rollouts.restore(gateway, { quarantine });
  }

  /** Proxies may stand at what an earlier run served last, or at what it had dropped shortly before. */
  #remember({ snapshot, dropped }: KeptSnapshot): void {
    if (dropped !== undefined) this.#options.dropped?.remember(snapshot.gateway, dropped);
    this.#options.dropped?.note(snapshot);
  }

  #later(task: () => Promise<void>): void {
    this.#pending = Promise.all([this.#pending, task().catch(() => undefined)]);
  }
}

function offerOf({ revision, snapshot, settings, acceptedAtMs }: KeptSnapshot) {
  return { revision, snapshot, settings, acceptedAtMs };
}

/** A hung or restarted build thread must not hold back the record. */
const PLACE_PATIENCE_MS = 2_000;

async function placeOfFirst(
  { typeUrl, resources }: Pick<QuarantineEntry, 'typeUrl' | 'resources'>,
  placeOf: PlaceOf,
): Promise<string | undefined> {
  const [first] = resources;
  if (first === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PLACE_PATIENCE_MS, undefined);
  });
  const place = await Promise.race([placeOf(typeUrl, first.name).catch(() => undefined), patience]);
  clearTimeout(timer);
  return place;
}

function entryOf(event: Exclude<RolloutEvent, { readonly kind: 'nack' | 'quarantined' }>): RevisionEntry | undefined {
  switch (event.kind) {
    case 'wave': {
      const { revision, step, asked, isEveryone, atMs } = event;
      return { kind: 'wave', number: revision, wave: { step: step + 1, asked, isEveryone, atMs } };
    }
    case 'stale':
      return { kind: 'stale', number: event.revision, nodes: event.nodes };
    case 'good':
      return { kind: 'good', number: event.revision, atMs: event.atMs };
    case 'live':
      return { kind: 'live', number: event.revision, nodes: event.nodes, durationMs: event.durationMs, atMs: event.atMs };
    case 'withdrawn':
      return { kind: 'withdrawn', number: event.revision, reason: event.reason, backTo: event.backTo, atMs: event.atMs };
    case 'superseded':
      return { kind: 'superseded', number: event.revision, by: event.by, atMs: event.atMs };
    case 'targets':
      return undefined;
    default:
      return event satisfies never;
  }
}
