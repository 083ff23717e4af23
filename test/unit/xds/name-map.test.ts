import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addNames, createNameInterner, NameMap, NO_NAMES, nameSet, sameNames } from '../../../src/xds/name-map.ts';

const name = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 120 }).map(String));
const edit = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), name, value: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant('delete' as const), name }),
);

test('a name map is a map whose every edit leaves the one before as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.array(edit, { maxLength: 80 }), { maxLength: 6 }), (batches) => {
      const model = new Map<string, number>();
      let map = NameMap.empty<number>();
      const versions: { readonly map: NameMap<number>; readonly copy: ReadonlyMap<string, number> }[] = [];
      for (const batch of batches) {
        map = map.edit((draft) => {
          for (const change of batch) {
            if (change.kind === 'set') draft.set(change.name, change.value);
            else draft.delete(change.name);
          }
        });
        for (const change of batch) {
          if (change.kind === 'set') model.set(change.name, change.value);
          else model.delete(change.name);
        }
        versions.push({ map, copy: new Map(model) });
      }
      for (const version of versions) {
        expect(new Map(version.map.entries())).toEqual(version.copy);
        expect(version.map.size).toBe(version.copy.size);
        for (const key of version.copy.keys()) expect(version.map.get(key)).toBe(version.copy.get(key));
      }
    }),
  );
});

test('an edit that changes nothing gives the map itself', () => {
  const names = nameSet(['a', 'b']);
  expect(addNames(names, ['a'])).toBe(names);
  expect(names.edit((draft) => draft.delete('c'))).toBe(names);
});

test('S10: equal sets have equal hashes however they came about', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 100 }), fc.array(name), (names, others) => {
      const straight = nameSet(names);
      const crooked = addNames(nameSet(others), [...names].reverse()).edit((draft) => {
        for (const other of others) if (!names.includes(other)) draft.delete(other);
      });
      expect(crooked.hash).toBe(straight.hash);
      expect(sameNames(crooked, straight)).toBe(true);
    }),
  );
});

test('S10: one instance stands for equal sets, and a set that differs by one name is another', () => {
  const intern = createNameInterner();
  const names = Array.from({ length: 500 }, (_, index) => `n${index}`);
  const first = intern(nameSet(names));
  expect(intern(nameSet([...names].reverse()))).toBe(first);
  expect(intern(nameSet(names.slice(1)))).not.toBe(first);
  expect(intern(nameSet([]))).toBe(NO_NAMES);
});

test('P27: the remembered sets are bounded by their names', () => {
  const intern = createNameInterner({ maxNames: 100 });
  const first = intern(nameSet(['x']));
  for (let turn = 0; turn < 50; turn += 1) intern(nameSet([`a${turn}`, `b${turn}`, `c${turn}`]));
  expect(intern(nameSet(['x']))).not.toBe(first);
});
