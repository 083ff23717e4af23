import { expect, test } from 'vitest';
import { withTargetWaits } from '../../../src/app/target-waits.ts';
import { createSnapshotStore } from '../../../src/snapshot/store.ts';
import { clientNode } from '../../../src/xds/node.ts';
import { newestSnapshots } from '../../../src/xds/targets.ts';
import { testSnapshot } from '../../support/snapshots.ts';

const store = createSnapshotStore();
const targets = newestSnapshots(store);
const deliveryOf = (gateway: string) => (gateway === 'edge' ? { lingerMs: 90_000, warmUpMs: 4_000 } : undefined);

test('D6, D7: linger and warm-up are those that the configuration of the gateway says', () => {
  const waits = withTargetWaits(targets, { deliveryOf, timing: undefined });
  expect([waits.lingerMsOf?.('edge'), waits.warmUpMsOf?.('edge')]).toEqual([90_000, 4_000]);
  expect([waits.lingerMsOf?.('other'), waits.warmUpMsOf?.('other')]).toEqual([undefined, undefined]);
});

test('a timing that is given holds whatever the configuration says', () => {
  const waits = withTargetWaits(targets, { deliveryOf, timing: { lingerMs: 0 } });
  expect([waits.lingerMsOf?.('edge'), waits.warmUpMsOf?.('edge')]).toEqual([undefined, 4_000]);
});

test('the targets are those of the source', () => {
  const waits = withTargetWaits(targets, { deliveryOf, timing: undefined });
  const told: string[] = [];
  const end = waits.subscribe((gateway) => told.push(gateway));
  const snapshot = testSnapshot('edge', { Cluster: { a: '1' } });
  store.publish(snapshot);
  end();
  store.publish(testSnapshot('other', {}));
  expect([told, waits.gateways()]).toEqual([['edge'], ['edge', 'other']]);
  expect(waits.targetFor(clientNode({ cluster: 'edge' }))).toBe(snapshot);
});
