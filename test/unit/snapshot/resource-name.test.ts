import { describe, expect, test } from 'vitest';
import { collectionOf, isCollection, normalName } from '../../../src/snapshot/resource-name.ts';

const TYPE = 'envoy.config.endpoint.v3.LbEndpoint';

describe('xdstp names', () => {
  test.each([
    [`xdstp://a/${TYPE}/x?b=2&a=1`, `xdstp://a/${TYPE}/x?a=1&b=2`],
    [`xdstp://a/${TYPE}/x#entry=y`, `xdstp://a/${TYPE}/x`],
    [`xdstp://a/${TYPE}/x?b=2&a=1#alt=z`, `xdstp://a/${TYPE}/x?a=1&b=2`],
    [`xdstp://a/${TYPE}/%78%2d1`, `xdstp://a/${TYPE}/x-1`],
    [`xdstp://a/${TYPE}/x%2fy`, `xdstp://a/${TYPE}/x%2Fy`],
    [`xdstp://a/${TYPE}/%2a`, `xdstp://a/${TYPE}/%2A`],
    [`xdstp://a/${TYPE}/x?k=%61%26`, `xdstp://a/${TYPE}/x?k=a%26`],
    [`xdstp://a/${TYPE}/%c3%a4`, `xdstp://a/${TYPE}/ä`],
    [`xdstp://a/${TYPE}/%ff`, `xdstp://a/${TYPE}/%FF`],
    [`xdstp:///${TYPE}/x?`, `xdstp:///${TYPE}/x`],
    ['plain?b=2&a=1#x', 'plain?b=2&a=1#x'],
    ['a%20b', 'a%20b'],
    ['', ''],
  ])('X91: %s compares as %s', (name, normal) => {
    expect(normalName(name)).toBe(normal);
    expect(normalName(normal)).toBe(normal);
  });

  test('X92: a collection ends in a star after a slash; plain names and encoded stars are none (X40)', () => {
    for (const name of [`xdstp://a/${TYPE}/*`, `xdstp://a/${TYPE}/b/*?e=1`]) expect(isCollection(name)).toBe(true);
    for (const name of ['*', 'a/*', `xdstp://a/${TYPE}/x*`, `xdstp://a/${TYPE}/%2A`]) expect(isCollection(name)).toBe(false);
  });

  test('X92: members stand one level below, with equal parameters', () => {
    expect(collectionOf(`xdstp://a/${TYPE}/b/x`)).toBe(`xdstp://a/${TYPE}/b/*`);
    expect(collectionOf(`xdstp://a/${TYPE}/b/x?e=/1`)).toBe(`xdstp://a/${TYPE}/b/*?e=/1`);
    expect(collectionOf(`xdstp://a/${TYPE}/b/c/x`)).not.toBe(`xdstp://a/${TYPE}/b/*`);
  });
});
