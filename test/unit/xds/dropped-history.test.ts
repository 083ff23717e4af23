import { expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { createDroppedHistory } from '../../../src/xds/dropped-history.ts';
import { testSnapshot } from '../../support/snapshots.ts';

test('D25: what an earlier run knew is remembered beside what targets drop in this one, for a time', () => {
  let nowMs = 0;
  const history = createDroppedHistory({ keepMs: 1_000, nowMs: () => nowMs });
  const dropped = () => [...(history.droppedOf('edge').get(TYPE_URLS.Cluster)?.resources.keys() ?? [])].sort();
  history.remember('edge', testSnapshot('edge', { Cluster: { a: '1' } }).views);
  expect(dropped()).toEqual(['a']);
  nowMs = 500;
  history.note(testSnapshot('edge', { Cluster: { b: '1' } }));
  history.note(testSnapshot('edge', { Cluster: { c: '1' } }));
  expect(dropped()).toEqual(['a', 'b']);
  nowMs = 1_000;
  expect(dropped()).toEqual(['b']);
});

test('X80: what recent targets of a gateway had and the latest lacks is remembered, in its last form and for a time', () => {
  let nowMs = 0;
  const history = createDroppedHistory({ keepMs: 1_000, nowMs: () => nowMs });
  const note = (gateway: string, cluster: Record<string, string>) =>
    history.note(testSnapshot(gateway, { Cluster: cluster, Listener: { l: JSON.stringify(cluster) } }));
  const dropped = (gateway = 'edge') => [...(history.droppedOf(gateway).get(TYPE_URLS.Cluster)?.resources.keys() ?? [])];
  note('edge', { a: '1', b: '1' });
  expect(dropped()).toEqual([]);
  note('edge', { b: '1' });
  nowMs = 10;
  note('edge', { c: '1' });
  note('other', { x: '1' });
  expect(dropped()).toEqual(['a', 'b']);
  expect(dropped('other')).toEqual([]);
  expect(dropped('unknown')).toEqual([]);
  expect([...history.droppedOf('edge').keys()]).toEqual([TYPE_URLS.Cluster]);
  nowMs = 1_000;
  expect(dropped()).toEqual([]);
});
