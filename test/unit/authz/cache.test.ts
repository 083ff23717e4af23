import { expect, it } from 'vitest';
import { CredentialCache } from '../../../src/authz/cache.ts';

function cache(entries: number, bytes = 1_000_000) {
  const counts = { hit: 0, miss: 0, evicted: 0 };
  const made = new CredentialCache<number>(
    { entries, bytes },
    { hit: () => counts.hit++, miss: () => counts.miss++, evicted: () => counts.evicted++ },
  );
  return { counts, made };
}

const entry = (value: number, endsMs = 100, bytes = 10) => ({ value, endsMs, bytes });

it('the least recently used entry goes first, and never more are kept than allowed (authz S1, P27)', () => {
  const { made, counts } = cache(3);
  const scope = made.scope('a');
  for (let index = 0; index < 30; index++) scope.put(`${index}`, entry(index));
  expect([made.entries, counts.evicted]).toEqual([3, 27]);
  expect(scope.get('27', 0)).toBe(27);
  scope.put('new', entry(1));
  expect([scope.get('27', 0), scope.get('28', 0)]).toEqual([27, undefined]);
});

it('bytes are bounded too, also those that an entry gains later', () => {
  const { made } = cache(100, 25);
  const scope = made.scope('a');
  scope.put('x', entry(1));
  scope.put('y', entry(2));
  expect(made.bytes).toBe(20);
  scope.grow('y', 10);
  expect([made.entries, made.bytes, scope.get('x', 0), scope.get('y', 0)]).toEqual([1, 20, undefined, 2]);
  scope.put('huge', entry(3, 100, 1000));
  expect([made.entries, made.bytes]).toEqual([0, 0]);
});

it('an entry ends by the clock, and the same key in two scopes is two entries', () => {
  const { made, counts } = cache(10);
  made.scope('a').put('k', entry(1, 50));
  made.scope('b').put('k', entry(2, 60));
  expect([made.scope('a').get('k', 49), made.scope('a').get('k', 50), made.scope('b').get('k', 50)]).toEqual([1, undefined, 2]);
  expect(made.entries).toBe(1);
  expect(counts).toEqual({ hit: 2, miss: 1, evicted: 0 });
  made.scope('b').put('k', entry(3));
  expect([made.entries, made.bytes, made.scope('b').get('k', 0)]).toEqual([1, 10, 3]);
});

it('scopes of providers that are gone are forgotten', () => {
  const { made } = cache(10);
  made.scope('a').put('k', entry(1));
  made.scope('b').put('k', entry(2));
  made.keepScopes(new Set(['b']));
  expect([made.entries, made.scope('a').get('k', 0), made.scope('b').get('k', 0)]).toEqual([1, undefined, 2]);
});
