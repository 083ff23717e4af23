import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { revisionOf } from '../../../src/snapshot/revision-of.ts';
import type { TypeView } from '../../../src/snapshot/types.ts';
import { typeView, withoutResource, withoutResources, withResource, withResources, withView } from '../../../src/snapshot/view.ts';
import { testResource, testSnapshot, testView } from '../../support/snapshots.ts';

const NAMES = Array.from({ length: 40 }, (_, index) => `name-${index}`);
const contents = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom('1', '2'), { maxKeys: NAMES.length });
const edit = fc.record({ set: contents, remove: fc.array(fc.constantFrom(...NAMES)) });

function resourcesOf(given: Readonly<Record<string, string>>) {
  return Object.entries(given).map(([name, content]) => testResource('Cluster', name, content));
}

function shown(view: TypeView): unknown {
  return [view.version, view.resources.size, [...view.resources].map(([name, { version }]) => [name, version])];
}

describe('changing a view', () => {
  test('P15, X16, X17: edits in any order end at what the same contents give at once, sorted, with the same version', () => {
    fc.assert(
      fc.property(contents, fc.array(edit, { maxLength: 6 }), (first, edits) => {
        let view = testView('Cluster', first);
        const expected = new Map(Object.entries(first));
        for (const { set, remove } of edits) {
          view = withoutResources(withResources(view, resourcesOf(set)), remove);
          for (const [name, content] of Object.entries(set)) expected.set(name, content);
          for (const name of remove) expected.delete(name);
        }
        const fresh = testView('Cluster', Object.fromEntries(expected));
        expect(shown(view)).toEqual(shown(fresh));
        expect([...view.resources.keys()]).toEqual([...expected.keys()].sort());
        expect(typeView(TYPE_URLS.Cluster, fresh.resources.values(), view)).toBe(view);
      }),
    );
  });

  test('P15: the difference, and what one has beyond the other, are as for plain maps', () => {
    fc.assert(
      fc.property(contents, contents, fc.boolean(), (left, right, isEdited) => {
        const older = testView('Cluster', left);
        const newer = isEdited ? typeView(TYPE_URLS.Cluster, resourcesOf(right), older) : testView('Cluster', right);
        const { changed, removed } = older.resources.diff(newer.resources);
        expect(changed).toEqual(
          Object.keys(right)
            .filter((name) => left[name] !== right[name])
            .sort(),
        );
        const gone = Object.keys(left).filter((name) => !(name in right));
        expect(removed).toEqual(gone.sort());
        expect(
          older.resources
            .without(newer.resources)
            .map(({ name }) => name)
            .sort(),
        ).toEqual(gone);
        expect(older.version === newer.version).toBe(changed.length + removed.length === 0);
      }),
    );
  });

  test('one resource is put in or taken out; a view that has it so already stays itself', () => {
    const view = testView('Cluster', { a: '1', b: '1' });
    const changed = withResource(view, testResource('Cluster', 'b', '2'));
    expect(changed.version).toBe(testView('Cluster', { a: '1', b: '2' }).version);
    expect(changed.resources.get('a')).toBe(view.resources.get('a'));
    expect(withResource(view, testResource('Cluster', 'b', '1'))).toBe(view);
    expect(withoutResource(view, 'b').version).toBe(testView('Cluster', { a: '1' }).version);
    expect(withoutResource(view, 'c')).toBe(view);
  });

  test('D19: a view laid over a snapshot changes its version, never its revision', () => {
    const snapshot = testSnapshot('edge', { Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' } });
    const live = withView(snapshot, testView('ClusterLoadAssignment', { a: '2' }));
    expect(live.version).toBe(testSnapshot('edge', { Cluster: { a: '1' }, ClusterLoadAssignment: { a: '2' } }).version);
    expect(revisionOf(live)).toBe(snapshot.version);
    expect(revisionOf(withView(live, testView('ClusterLoadAssignment', { a: '3' })))).toBe(snapshot.version);
    const same = snapshot.views.get(TYPE_URLS.Cluster);
    expect(same && withView(snapshot, same)).toBe(snapshot);
  });
});
