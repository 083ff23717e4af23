import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packSnapshot, unpackSnapshot } from '../../../src/snapshot/parcel.ts';
import type { Snapshot, SnapshotResource } from '../../../src/snapshot/types.ts';
import { type Contents, testSnapshot } from '../../support/snapshots.ts';

const noTurn = async (): Promise<void> => undefined;
const resources = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('v1', 'v2', 'v3'), { noNullPrototype: true });
const contents: fc.Arbitrary<Contents> = fc.record(
  { Cluster: resources, ClusterLoadAssignment: resources, Listener: resources },
  { requiredKeys: [], noNullPrototype: true },
);

function resourcesOf(snapshot: Snapshot): readonly SnapshotResource[] {
  return [...snapshot.views.values()].flatMap((view) => [...view.resources.values()]);
}

/** As it comes out at the other side. */
function sent(base: Snapshot | undefined, next: Snapshot) {
  const parcel = packSnapshot(base, next);
  return structuredClone(parcel, { transfer: [parcel.bytes] });
}

describe('a snapshot on its way to another thread (P8)', () => {
  it('arrives as it was, its unchanged resources and views the same objects, after any edits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(contents, { minLength: 1, maxLength: 6 }), async (edits) => {
        let base: Snapshot | undefined;
        let held: Snapshot | undefined;
        for (const edit of edits) {
          const next = testSnapshot('edge', edit);
          const before = held;
          held = await unpackSnapshot(sent(base, next), before, noTurn);
          base = next;
          expect([held.gateway, held.version, [...held.views.keys()]]).toEqual([next.gateway, next.version, [...next.views.keys()]]);
          expect(resourcesOf(held)).toEqual(resourcesOf(next));
          for (const [typeUrl, view] of held.views) {
            const old = before?.views.get(typeUrl);
            if (old?.version === view.version) expect(view).toBe(old);
            for (const [name, resource] of view.resources) {
              const known = old?.resources.get(name);
              if (known?.version === resource.version) expect(resource).toBe(known);
            }
          }
          if (before?.version === held.version) expect(held).toBe(before);
        }
      }),
    );
  });

  it('names only what changed, and carries only its bytes', () => {
    const base = testSnapshot('edge', { Cluster: { a: 'v1', b: 'v1' }, Listener: { http: 'v1' } });
    const next = testSnapshot('edge', { Cluster: { a: 'v1', b: 'v2' }, Listener: { http: 'v1' } });
    const parcel = packSnapshot(base, next);
    expect(parcel.views.map(({ names, removed }) => [names, removed])).toEqual([[['b'], []]]);
    expect(parcel.bytes.byteLength).toBe(resourcesOf(next).find(({ name }) => name === 'b')?.any.length);
    expect(packSnapshot(next, next)).toMatchObject({ views: [], version: next.version });
  });

  it('gives resources bytes of their own, so that one that stays keeps nothing else in memory (P28)', async () => {
    const next = testSnapshot('edge', { Cluster: { a: 'v1', b: 'v1' } });
    const held = await unpackSnapshot(sent(undefined, next), undefined, noTurn);
    for (const { any } of resourcesOf(held)) expect(any.buffer.byteLength).toBe(any.length);
  });

  it('keeps the objects that are held when a new thread sends everything again', async () => {
    const first = testSnapshot('edge', { Cluster: { a: 'v1', b: 'v1' }, Listener: { http: 'v1' } });
    const held = await unpackSnapshot(sent(undefined, first), undefined, noTurn);
    expect(await unpackSnapshot(sent(undefined, first), held, noTurn)).toBe(held);
    const next = await unpackSnapshot(sent(undefined, testSnapshot('edge', { Cluster: { b: 'v1', c: 'v1' } })), held, noTurn);
    expect(resourcesOf(next).map(({ name }) => name)).toEqual(['b', 'c']);
    expect(resourcesOf(next)[0]).toBe(held.views.get(resourcesOf(held)[0]?.typeUrl ?? '')?.resources.get('b'));
  });

  it('is another snapshot under another gateway name, with the same views', async () => {
    const held = await unpackSnapshot(sent(undefined, testSnapshot('edge', { Cluster: { a: 'v1' } })), undefined, noTurn);
    const renamed = await unpackSnapshot(sent(held, testSnapshot('shop', { Cluster: { a: 'v1' } })), held, noTurn);
    expect(renamed.gateway).toBe('shop');
    expect([...renamed.views.values()]).toEqual([...held.views.values()]);
  });

  it('is refused where the receiver holds another snapshot than its base', async () => {
    const [first, second] = [testSnapshot('edge', { Cluster: { a: 'v1' } }), testSnapshot('edge', { Cluster: { a: 'v2' } })];
    await expect(unpackSnapshot(sent(first, second), undefined, noTurn)).rejects.toThrow(/met none/);
    await expect(unpackSnapshot(sent(first, second), second, noTurn)).rejects.toThrow(second.version);
  });

  it('lets others have their turn while it unpacks thousands', async () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`s${index}`, 'v1']));
    let turns = 0;
    await unpackSnapshot(sent(undefined, testSnapshot('edge', { Cluster: many })), undefined, async () => void (turns += 1));
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});
