// Revisions kept in memory, as another process would keep them: what was handed in is copied. Asserts nothing.
import type { RevisionEntry } from '../../src/delivery/revision.ts';
import type { KeptSnapshot, RevisionStore, SourceTexts, WriteOutcome } from '../../src/delivery/revision-store.ts';

interface Source {
  position: number;
  entries: RevisionEntry[];
  readonly snapshots: Map<number, KeptSnapshot>;
  readonly texts: Map<string, SourceTexts>;
}

export interface MemoryRevisionStore extends RevisionStore {
  /** Snapshots in the order in which they were written. */
  readonly written: readonly KeptSnapshot[];
}

export function createMemoryRevisionStore(): MemoryRevisionStore {
  const sources = new Map<string, Source>();
  const written: KeptSnapshot[] = [];
  const of = (name: string): Source => {
    const source = sources.get(name) ?? { position: 0, entries: [], snapshots: new Map(), texts: new Map() };
    sources.set(name, source);
    return source;
  };
  const write = (name: string, after: number, change: (source: Source) => void): WriteOutcome => {
    const source = of(name);
    if (source.position !== after) return { kind: 'conflict' };
    change(source);
    source.position += 1;
    return { kind: 'written', position: source.position };
  };
  return {
    written,
    load: async (name) => {
      const { position, entries, snapshots } = of(name);
      return { position, entries: structuredClone(entries), snapshots: [...snapshots.values()], damage: [] };
    },
    append: async (name, { after, entries, snapshots = [], texts = [], keep }) =>
      write(name, after, (source) => {
        source.entries.push(...structuredClone([...entries]));
        for (const each of texts) source.texts.set(each.id, each);
        for (const each of snapshots) source.snapshots.set(each.revision, each);
        written.push(...snapshots);
        const kept = keep && new Set([...keep, ...snapshots.map(({ revision }) => revision)]);
        for (const revision of source.snapshots.keys()) if (kept?.has(revision) === false) source.snapshots.delete(revision);
      }),
    compact: async (name, { after, entries, texts }) =>
      write(name, after, (source) => {
        source.entries = structuredClone([...entries]);
        for (const id of source.texts.keys()) if (!texts.has(id)) source.texts.delete(id);
      }),
    texts: async (name, id) => of(name).texts.get(id),
  };
}
