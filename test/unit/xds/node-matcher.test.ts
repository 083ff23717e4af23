import { describe, expect, test } from 'vitest';
import { matchesNode } from '../../../src/xds/node-matcher.ts';

const node = {
  id: 'edge-7',
  metadata: {
    fields: {
      zone: { string_value: 'eu-a' },
      canary: { bool_value: true },
      weight: { number_value: 5 },
      tags: { list_value: { values: [{ string_value: 'blue' }, { string_value: 'green' }] } },
      team: { struct_value: { fields: { name: { string_value: 'shop' } } } },
      nothing: { null_value: 'NULL_VALUE' as const },
    },
  },
};

const at = (...path: readonly string[]) => path.map((key) => ({ key }));

describe('matching nodes (R31)', () => {
  test.each([
    [{ exact: 'edge-7' }, true],
    [{ exact: 'EDGE-7' }, false],
    [{ exact: 'EDGE-7', ignore_case: true }, true],
    [{ prefix: 'edge-' }, true],
    [{ suffix: '-8' }, false],
    [{ contains: 'ge' }, true],
    [{ safe_regex: { regex: 'edge-\\d' } }, true],
    [{ safe_regex: { regex: 'edge' } }, false],
    [{ safe_regex: { regex: '(' } }, false],
    [{}, false],
  ])('by id: %j gives %s', (matcher, isMatched) => {
    expect(matchesNode({ node_id: matcher }, node)).toBe(isMatched);
  });

  test.each([
    [at('zone'), { string_match: { prefix: 'eu' } }, true],
    [at('zone'), { bool_match: true }, false],
    [at('canary'), { bool_match: true }, true],
    [at('weight'), { double_match: { exact: 5 } }, true],
    [at('weight'), { double_match: { range: { start: 1, end: 5 } } }, false],
    [at('tags'), { list_match: { one_of: { string_match: { exact: 'green' } } } }, true],
    [at('team', 'name'), { string_match: { exact: 'shop' } }, true],
    [at('team', 'other'), { present_match: true }, false],
    [at('team'), { present_match: true }, true],
    [at('nothing'), { null_match: {} }, true],
    [at('zone'), { or_match: { value_matchers: [{ bool_match: true }, { string_match: { exact: 'eu-a' } }] } }, true],
    [at('constructor'), { present_match: true }, false],
  ])('by metadata: %j with %j gives %s', (path, value, isMatched) => {
    expect(matchesNode({ node_metadatas: [{ path, value }] }, node)).toBe(isMatched);
  });

  test('all parts of a matcher must fit', () => {
    const zone = { path: at('zone'), value: { string_match: { exact: 'eu-a' } } };
    expect(matchesNode({ node_id: { exact: 'edge-7' }, node_metadatas: [zone] }, node)).toBe(true);
    expect(matchesNode({ node_id: { exact: 'edge-8' }, node_metadatas: [zone] }, node)).toBe(false);
    expect(matchesNode({ node_metadatas: [zone] }, { id: 'edge-7' })).toBe(false);
    expect(matchesNode({}, node)).toBe(true);
  });
});
