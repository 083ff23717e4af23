// Resources that a node refused, by their content: no node of the gateway is offered them again until they are released or changed (D15).
// Knows no nodes and no waves.
import type { Snapshot } from '../snapshot/types.ts';

export interface QuarantineEntry {
  readonly typeUrl: string;
  /**
   * One resource, or, where Envoy's message named none, all that were new to the node: then a revision is bad only if it still has all of them,
   * because one of them is to blame and nobody knows which.
   */
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  /** The whole snapshot with this version is bad, and no resource of it is known to be to blame; `resources` is empty then. */
  readonly snapshotVersion?: string;
  /** Empty where it was no node that refused it. */
  readonly nodeId: string;
  /** Envoy's words, or why it was taken back. */
  readonly message: string;
  /** `file:line` where it was written when it was refused. */
  readonly place?: string;
  readonly revision?: number;
  readonly atMs: number;
}

/** Immutable. */
export interface Quarantine {
  readonly entries: readonly QuarantineEntry[];
}

export const NOTHING_QUARANTINED: Quarantine = { entries: [] };

/** More are forgotten, the oldest first: contents that nobody submits any more. */
export const MAX_ENTRIES = 1_000;

/** Entries of resources that are there already are not added again, but say where these were written; gives the same quarantine if nothing is new. */
export function withEntries(quarantine: Quarantine, entries: readonly QuarantineEntry[]): Quarantine {
  const known = new Map(quarantine.entries.map((entry) => [keyOf(entry), entry]));
  let isChanged = false;
  for (const entry of entries) {
    const key = keyOf(entry);
    const old = known.get(key);
    if (old !== undefined && (old.place !== undefined || entry.place === undefined)) continue;
    known.set(key, old === undefined || entry.place === undefined ? entry : { ...old, place: entry.place });
    isChanged = true;
  }
  return isChanged ? { entries: [...known.values()].slice(-MAX_ENTRIES) } : quarantine;
}

/** Whether the very refusal is remembered, wherever it was written. */
export function isQuarantined({ entries }: Quarantine, entry: QuarantineEntry): boolean {
  const key = keyOf(entry);
  return entries.some((each) => each.atMs === entry.atMs && keyOf(each) === key);
}

/** For a revision of which no single resource is known to be to blame. */
export function wholeEntry(about: Required<Pick<QuarantineEntry, 'snapshotVersion' | 'message' | 'revision' | 'atMs'>>): QuarantineEntry {
  return { typeUrl: '', resources: [], nodeId: '', ...about };
}

/** What was refused, as it is found again in what is remembered of it. */
export type RefusedThing = Pick<QuarantineEntry, 'typeUrl' | 'resources' | 'nodeId' | 'atMs'>;

/** With the place where it was written, where this is about the same refusal. */
export function placed<Thing extends RefusedThing>(things: readonly Thing[], about: RefusedThing, place: string): readonly Thing[] {
  return things.map((thing) => (isSame(thing, about) ? { ...thing, place } : thing));
}

function isSame(left: RefusedThing, right: RefusedThing): boolean {
  const [first] = left.resources;
  const isAbout = right.resources.some(({ name, version }) => name === first?.name && version === first.version);
  return left.typeUrl === right.typeUrl && left.nodeId === right.nodeId && left.atMs === right.atMs && isAbout;
}

/** The entries because of which this snapshot must not be offered. */
export function quarantinedIn(snapshot: Snapshot, { entries }: Quarantine): readonly QuarantineEntry[] {
  return entries.filter(({ typeUrl, resources, snapshotVersion }) => {
    if (snapshotVersion !== undefined) return snapshotVersion === snapshot.version;
    const view = snapshot.views.get(typeUrl);
    return resources.every(({ name, version }) => view?.resources.get(name)?.version === version);
  });
}

/** What is refused with this message: each resource that it names on its own, else all together. */
export function entriesOf(refused: Omit<QuarantineEntry, 'place'>): readonly QuarantineEntry[] {
  const named = refused.resources.filter(({ name }) => refused.message.includes(name));
  if (named.length === 0) return refused.resources.length === 0 ? [] : [refused];
  return named.map((resource) => ({ ...refused, resources: [resource] }));
}

function keyOf({ typeUrl, resources, snapshotVersion }: QuarantineEntry): string {
  return JSON.stringify([typeUrl, snapshotVersion, resources.map(({ name, version }) => `${version} ${name}`).sort()]);
}
