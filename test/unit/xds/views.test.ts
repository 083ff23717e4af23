import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { heldBeyond } from '../../../src/xds/initial-versions.ts';
import { diffViews, droppedFrom, emptyView, isSendable, keepOlder, unionViews } from '../../../src/xds/views.ts';
import { testView } from '../../support/snapshots.ts';

const view = (contents: Record<string, string>) => testView('Cluster', contents);
const names = (given: { readonly resources: ReadonlyMap<string, unknown> } | undefined): readonly string[] => [
  ...(given?.resources.keys() ?? []),
];

describe('views', () => {
  test('a difference names what is new, changed or gone', () => {
    expect(diffViews(view({ a: '1', b: '1', c: '1' }), view({ a: '1', b: '2', d: '1' }))).toEqual({ changed: ['b', 'd'], removed: ['c'] });
  });

  test('P15: an answer is made once per pair of views', () => {
    const before = view({ a: '1', gone: '1' });
    const after = view({ a: '2' });
    expect(diffViews(before, after)).toBe(diffViews(before, after));
    expect(unionViews(before, after)).toBe(unionViews(before, after));
    expect(droppedFrom(before, after)).toBe(droppedFrom(before, after));
  });

  test('D6: old and new together: new contents win, the order is by name', () => {
    const union = unionViews(view({ c: 'old', b: 'old' }), view({ b: 'new', a: 'new' }));
    expect(names(union)).toEqual(['a', 'b', 'c']);
    expect(union.resources.get('b')).toBe(testViewResource('b', 'new', union));
  });

  test('a union with nothing to add is the view itself, and nothing dropped is undefined', () => {
    const after = view({ a: '2', b: '1' });
    expect(unionViews(view({ a: '1' }), after)).toBe(after);
    expect(droppedFrom(view({ a: '1' }), after)).toBeUndefined();
    expect(names(droppedFrom(view({ a: '1', c: '1' }), after))).toEqual(['c']);
  });

  test('X80: what a client holds beyond the target is known by name and version, or as it was of late', () => {
    const held = heldBeyond(
      new Map([
        ['a', 'v'],
        ['b', 'v'],
        ['c', 'v'],
      ]),
      view({ a: '1' }),
      view({ c: '1', d: '1' }),
    );
    expect([...(held?.resources.values() ?? [])].map((resource) => [resource.name, isSendable(resource)])).toEqual([
      ['b', false],
      ['c', true],
    ]);
    expect(heldBeyond(new Map([['a', 'v']]), view({ a: '1' }), undefined)).toBeUndefined();
  });

  test('X16, X17: equal contents have the version that a snapshot gives them, however they came about', () => {
    expect(unionViews(view({ b: '1' }), view({ a: '1' })).version).toBe(view({ a: '1', b: '1' }).version);
    expect(emptyView(TYPE_URLS.Cluster).version).toBe(view({}).version);
    expect(keepOlder(view({ a: '2', b: '2' }), view({ a: '1', b: '1' }), ['a', 'missing']).version).toBe(view({ a: '1', b: '2' }).version);
  });
});

function testViewResource(name: string, content: string, inView: ReturnType<typeof view>): unknown {
  const resource = inView.resources.get(name);
  return resource?.version === view({ [name]: content }).resources.get(name)?.version ? resource : undefined;
}
