import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { Snapshot } from '../../src/snapshot/types.ts';
import type { ClientNode } from '../../src/xds/node.ts';
import type { Refusal } from '../../src/xds/progress.ts';
import type { TargetSource } from '../../src/xds/targets.ts';
import { type Contents, testSnapshot } from '../support/snapshots.ts';
import { ADS_FORMS, FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const told: string[] = [];
const refusals: Refusal[] = [];
const versions = new Map<string, string>();
const nameOf = (target: Snapshot): string => versions.get(target.version) ?? target.version;

/** Gives every node what the test says. */
class ChosenTargets implements TargetSource {
  readonly #chosen = new Map<string, Snapshot>();
  #listener: (gateway: string) => void = () => {};

  give(node: string, label: string, contents: Contents): void {
    const snapshot = testSnapshot('edge', contents);
    versions.set(snapshot.version, label);
    this.#chosen.set(node, snapshot);
    this.#listener('edge');
  }

  targetFor({ id, cluster }: ClientNode): Snapshot | undefined {
    return cluster === 'fence' ? testSnapshot('fence', {}) : this.#chosen.get(id);
  }

  subscribe(listener: (gateway: string) => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  gateways(): readonly string[] {
    return ['edge'];
  }
}

const targets = new ChosenTargets();
const OPTIONS = {
  timing: { lingerMs: 1_000, separateDelayMs: 0 },
  targets,
  progress: {
    nodeConnected: ({ id }: ClientNode) => void told.push(`${id} came`),
    nodeGone: ({ id }: ClientNode) => void told.push(`${id} went`),
    reached: ({ id }: ClientNode, target: Snapshot) => void told.push(`${id} at ${nameOf(target)}`),
    refused: (refusal: Refusal) => {
      told.push(`${refusal.node.id} refused ${nameOf(refusal.target)}`);
      refusals.push(refusal);
    },
  },
};
const own = (): readonly string[] => told.filter((line) => !line.startsWith('fence')).splice(0);

describe.each(FORMS)('progress of nodes, $title', (form) => {
  const rig = withXds(OPTIONS);

  test('D1, D13: each node gets its own target, and tells when it has accepted all of it, once', async () => {
    told.splice(0);
    targets.give('one', 'A', { Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' } });
    targets.give('two', 'B', { Cluster: { b: '1' }, ClusterLoadAssignment: { b: '1' } });
    const one = rig.connect(form, { id: 'one' });
    const two = rig.connect(form, { id: 'two' });
    one.want('Cluster', '*');
    const first = await one.next('Cluster');
    expect(first.resources).toEqual({ a: '1' });
    one.want('ClusterLoadAssignment', 'a');
    await one.take('ClusterLoadAssignment');
    await one.settled();
    expect(own()).toEqual(['one came']);
    one.ack('Cluster', first);
    await one.settled();
    two.want('Cluster', '*');
    expect((await two.take('Cluster')).resources).toMatchObject({ b: '1' });
    await two.settled();
    expect(own()).toEqual(['one came', 'one at A', 'two came', 'two at B']);
    two.disconnect();
    one.disconnect();
    while (!own().includes('one went')) await new Promise(setImmediate);
    expect(own().slice(4).sort()).toEqual(['one went', 'two went']);
  });

  test('D15: a refusal tells the resources that it is about with their versions, and the target that they were sent for', async () => {
    told.splice(0);
    refusals.splice(0);
    targets.give('one', 'A', { Cluster: { a: '1', b: '1' } });
    const client = rig.connect(form, { id: 'one' });
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.settled();
    targets.give('one', 'B', { Cluster: { a: '2', b: '2' } });
    const bad = await client.next('Cluster');
    targets.give('one', 'C', { Cluster: { a: '2', b: '3' } });
    client.nack('Cluster', bad, { error: { code: 13, message: 'cluster b: no such policy' } });
    await client.take('Cluster');
    await client.settled();
    expect(own()).toEqual(['one came', 'one at A', 'one refused B', 'one at C']);
    const version = testSnapshot('edge', { Cluster: { b: '2' } })
      .views.get(TYPE_URLS.Cluster)
      ?.resources.get('b')?.version;
    expect(refusals.map(({ typeUrl, resources, message }) => ({ typeUrl, resources, message }))).toEqual([
      { typeUrl: TYPE_URLS.Cluster, resources: [{ name: 'b', version }], message: 'cluster b: no such policy' },
    ]);
  });

  test('D6, D15: what was refused is not reached', async () => {
    told.splice(0);
    targets.give('one', 'A', { Cluster: { a: '1' } });
    const client = rig.connect(form, { id: 'one' });
    client.want('Cluster', '*');
    client.nack('Cluster', await client.next('Cluster'));
    await client.settled();
    expect(own()).toEqual(['one came', 'one refused A']);
  });
});

describe.each(ADS_FORMS)('targets side by side, $title', (form) => {
  const rig = withXds(OPTIONS);

  test('D13, X80: a node that comes back to the older of two targets loses nothing that the newer one gave it', async () => {
    targets.give('one', 'new', { Cluster: { new: '1' } });
    targets.give('two', 'old', { Cluster: { old: '1' } });
    const one = rig.connect(form, { id: 'one' });
    one.want('Cluster', '*');
    const held = await one.take('Cluster');
    const two = rig.connect(form, { id: 'two' });
    two.want('Cluster', '*');
    await two.take('Cluster');
    one.disconnect();
    await two.settled();
    targets.give('one', 'old', { Cluster: { old: '1' } });
    one.send('Cluster', { want: ['*'], ...(form.variant === 'delta' ? { initial: held.versions } : {}) });
    const first = await one.take('Cluster');
    if (form.variant === 'sotw') expect(first.names).toEqual(['new', 'old']);
    else expect([first.names, first.removed]).toEqual([['old'], []]);
  });

  test('D6: what lingers does not keep a target from being reached', async () => {
    told.splice(0);
    targets.give('one', 'A', { Cluster: { a: '1' } });
    const client = rig.connect(form, { id: 'one' });
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.settled();
    targets.give('one', 'B', { Cluster: { b: '1' } });
    await client.take('Cluster');
    await client.settled();
    expect(own()).toEqual(['one came', 'one at A', 'one at B']);
    rig.xds.clock.pass(1_001);
    await client.take('Cluster');
    await client.settled();
    expect(own()).toEqual(['one came', 'one at A', 'one at B']);
  });
});

describe('places of refused resources', () => {
  let give: (place: string) => void = () => {};
  const rig = withXds({
    describeResource: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  const lines = () => rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.nack');

  test('D15: the log waits for a place that comes later, and the stream does not', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect({ variant: 'delta', ads: true });
    client.want('Cluster');
    client.nack('Cluster', await client.next('Cluster'));
    rig.xds.publish({ Cluster: { a: '2' } });
    expect((await client.take('Cluster')).resources).toEqual({ a: '2' });
    expect(lines()).toEqual([]);
    give('gateway.yaml:3');
    await client.settled();
    expect(lines().map(({ fields }) => fields['source'])).toEqual(['gateway.yaml:3']);
  });

  test('D8: a place that never comes is waited for two seconds', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect({ variant: 'delta', ads: true });
    client.want('Cluster');
    client.nack('Cluster', await client.next('Cluster'));
    await client.settled();
    rig.xds.clock.pass(2_001);
    await client.settled();
    expect(lines().map(({ fields }) => fields['source'])).toEqual([undefined]);
  });
});
