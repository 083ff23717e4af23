// From the entries of a history to what they say: the revisions, what is good, what is quarantined. Pure.
import type { NackRecord } from './offer.ts';
import { NOTHING_QUARANTINED, withEntries } from './quarantine.ts';
import type { History, NewRevision, Revision, RevisionEntry } from './revision.ts';

export const NO_HISTORY: History = { revisions: [], quarantine: NOTHING_QUARANTINED };

const NACKS_KEPT = 20;
const STALE_KEPT = 100;

/** The newest that was not withdrawn: what is on offer, or will be when it can. */
export function headOf({ revisions }: History): Revision | undefined {
  return revisions.findLast(({ state }) => state !== 'withdrawn' && state !== 'superseded');
}

export function goodOf({ revisions, good }: History): Revision | undefined {
  return revisions.find(({ number }) => number === good);
}

export function foldEntries(history: History, entries: Iterable<RevisionEntry>): History {
  let folded = history;
  for (const entry of entries) folded = foldEntry(folded, entry);
  return folded;
}

function foldEntry(history: History, entry: RevisionEntry): History {
  switch (entry.kind) {
    case 'accepted':
      return { ...history, revisions: [...history.revisions, newRevision(entry.revision)] };
    case 'quarantined':
      return { ...history, quarantine: withEntries(history.quarantine, entry.entries) };
    case 'released':
      return { ...history, quarantine: NOTHING_QUARANTINED };
    case 'good':
      return { ...changed(history, entry), good: entry.number };
    case 'base':
      return entry.history;
    case 'texts':
    case 'wave':
    case 'stale':
    case 'nack':
    case 'live':
    case 'withdrawn':
    case 'superseded':
      return changed(history, entry);
    default:
      return entry satisfies never;
  }
}

type OfRevision = Extract<RevisionEntry, { readonly number: number }>;

function changed(history: History, entry: OfRevision): History {
  const revisions = history.revisions.map((revision) => (revision.number === entry.number ? withEntry(revision, entry) : revision));
  return { ...history, revisions };
}

function withEntry(revision: Revision, entry: OfRevision): Revision {
  switch (entry.kind) {
    case 'texts':
      return { ...revision, texts: entry.texts };
    case 'wave':
      return { ...revision, state: 'offered', waves: [...revision.waves, entry.wave] };
    case 'stale':
      return { ...revision, stale: [...new Set([...revision.stale, ...entry.nodes])].slice(0, STALE_KEPT) };
    case 'nack':
      return { ...revision, nacks: withNack(revision.nacks, entry.nack) };
    case 'good':
      // One that was superseded at its last step, and came back, is on offer again.
      return { ...revision, state: 'offered', goodAtMs: entry.atMs };
    case 'live':
      return { ...revision, state: 'live', live: revision.live ?? liveOf(entry) };
    case 'withdrawn':
      return { ...revision, state: 'withdrawn', withdrawn: { reason: entry.reason, backTo: entry.backTo, atMs: entry.atMs } };
    case 'superseded':
      return { ...revision, state: 'superseded', supersededBy: entry.by };
    default:
      return entry satisfies never;
  }
}

/** The first time counts; after a restart it is told again. */
function liveOf({ nodes, durationMs, atMs }: Extract<RevisionEntry, { readonly kind: 'live' }>): NonNullable<Revision['live']> {
  return { nodes, durationMs, atMs };
}

function withNack(nacks: readonly NackRecord[], nack: NackRecord): readonly NackRecord[] {
  return nacks.length < NACKS_KEPT ? [...nacks, nack] : nacks;
}

function newRevision(revision: NewRevision): Revision {
  return { ...revision, state: 'accepted', waves: [], stale: [], nacks: [] };
}

/** The newest `limit` revisions, and the good one however old it is (P27). */
export function bounded(history: History, limit: number): History {
  const newest = new Set(history.revisions.slice(-limit));
  const revisions = history.revisions.filter((revision) => newest.has(revision) || revision.number === history.good);
  return revisions.length === history.revisions.length ? history : { ...history, revisions };
}
