import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { buildSnapshot, type ResourceInput } from '../../../src/snapshot/build.ts';
import { diffSnapshots } from '../../../src/snapshot/diff.ts';
import { createSnapshotStore } from '../../../src/snapshot/store.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';

const api = loadEnvoyApi();

function cluster(name: string, seconds = 1): ResourceInput {
  return { typeUrl: TYPE_URLS.Cluster, name, message: { name, connect_timeout: { seconds } } };
}

function assignment(name: string): ResourceInput {
  return { typeUrl: TYPE_URLS.ClusterLoadAssignment, name, message: { cluster_name: name } };
}

function build(resources: readonly ResourceInput[], previous?: Snapshot, gateway = 'edge'): Snapshot {
  const { snapshot, problems } = buildSnapshot({ gateway, resources }, api, previous);
  if (snapshot === undefined) throw new Error(JSON.stringify(problems));
  return snapshot;
}

function contents(snapshot: Snapshot): unknown {
  return [...snapshot.views].map(([typeUrl, view]) => [
    typeUrl,
    view.version,
    [...view.resources].map(([key, { name, version, any }]) => [key, name, version, any.toString('hex')]),
  ]);
}

/** Resources as two letters and a number, so that names, types and contents collide often. */
const resourceLists = fc.uniqueArray(
  fc.record({ isCluster: fc.boolean(), name: fc.constantFrom('a', 'b', 'c', 'd'), seconds: fc.integer({ min: 1, max: 3 }) }),
  { selector: ({ isCluster, name }) => `${isCluster} ${name}`, maxLength: 8 },
);

function inputs(
  list: readonly { readonly isCluster: boolean; readonly name: string; readonly seconds: number }[],
): readonly ResourceInput[] {
  return list.map(({ isCluster, name, seconds }) => (isCluster ? cluster(name, seconds) : assignment(name)));
}

describe('building a snapshot', () => {
  it('sorts types and names and freezes what is shared (S10, gateway#8276)', () => {
    const snapshot = build([assignment('b'), cluster('b'), cluster('a')]);
    expect([...snapshot.views.keys()]).toEqual([TYPE_URLS.Cluster, TYPE_URLS.ClusterLoadAssignment]);
    const view = snapshot.views.get(TYPE_URLS.Cluster);
    expect([...(view?.resources.keys() ?? [])]).toEqual(['a', 'b']);
    expect([snapshot, view, view?.resources.get('a')].every(Object.isFrozen)).toBe(true);
  });

  it('encodes each resource as an Any of its type', () => {
    const any =
      build([cluster('a', 7)])
        .views.get(TYPE_URLS.Cluster)
        ?.resources.get('a')?.any ?? Buffer.alloc(0);
    const { type_url: typeUrl, value } = api.decode('google.protobuf.Any', any);
    expect(typeUrl).toBe(TYPE_URLS.Cluster);
    expect(api.decode('envoy.config.cluster.v3.Cluster', value ?? Buffer.alloc(0))).toEqual({ name: 'a', connect_timeout: { seconds: 7 } });
  });

  it('has versions of 16 hexadecimal digits: per resource, type and snapshot (X16, X71)', () => {
    const snapshot = build([cluster('a')]);
    const view = snapshot.views.get(TYPE_URLS.Cluster);
    for (const version of [snapshot.version, view?.version, view?.resources.get('a')?.version]) expect(version).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has versions that tell contents apart, and only those (X17)', () => {
    fc.assert(
      fc.property(resourceLists, resourceLists, (left, right) => {
        const one = build(inputs(left));
        const other = build(inputs(right));
        expect(one.version === other.version).toBe(JSON.stringify(contents(one)) === JSON.stringify(contents(other)));
        for (const [typeUrl, view] of one.views) {
          const same = other.views.get(typeUrl);
          if (same !== undefined) {
            const texts = [view, same].map(({ resources }) =>
              JSON.stringify([...resources.values()].map(({ name, any }) => [name, any.toString('hex')])),
            );
            expect(view.version === same.version).toBe(texts[0] === texts[1]);
          }
        }
      }),
    );
  });

  it('does not depend on the order of resources or keys, on the process, or on what was before (X16, X17, B54)', () => {
    fc.assert(
      fc.property(fc.array(resourceLists, { minLength: 1, maxLength: 5 }), (lists) => {
        let previous: Snapshot | undefined;
        for (const list of lists) previous = build(inputs(list), previous);
        const fresh = buildSnapshot(
          { gateway: 'edge', resources: inputs([...(lists.at(-1) ?? [])].reverse()) },
          loadEnvoyApiOnce(),
        ).snapshot;
        expect(previous && contents(previous)).toEqual(fresh && contents(fresh));
        expect(previous?.version).toBe(fresh?.version);
      }),
    );
  });

  it('takes resources, views and the snapshot from before where contents are equal, though messages are new objects (P4, B67)', () => {
    const first = build([cluster('a'), cluster('b'), assignment('a')]);
    expect(build([cluster('a'), assignment('a'), cluster('b')], first)).toBe(first);
    const second = build([cluster('a'), cluster('b', 2), assignment('a')], first);
    expect(second.views.get(TYPE_URLS.ClusterLoadAssignment)).toBe(first.views.get(TYPE_URLS.ClusterLoadAssignment));
    expect(second.views.get(TYPE_URLS.Cluster)?.resources.get('a')).toBe(first.views.get(TYPE_URLS.Cluster)?.resources.get('a'));
    expect(second.views.get(TYPE_URLS.Cluster)?.version).not.toBe(first.views.get(TYPE_URLS.Cluster)?.version);
  });

  it('encodes a message that is the same object once (P9)', () => {
    const resource = cluster('a');
    const first = build([resource]);
    const second = build([resource, cluster('b')], first);
    const third = build([resource]);
    const any = (snapshot: Snapshot) => snapshot.views.get(TYPE_URLS.Cluster)?.resources.get('a')?.any;
    expect(any(second)).toBe(any(first));
    expect(any(third)).toBe(any(first));
  });

  it('is for its gateway even when another has the same contents', () => {
    const edge = build([cluster('a')]);
    expect(build([cluster('a')], edge, 'inner')).toMatchObject({ gateway: 'inner', version: edge.version });
  });

  it('is not made when any resource is wrong, so that the last good one stays; all problems are told with their resource and place (X99)', () => {
    const wrong = { typeUrl: TYPE_URLS.Cluster, name: 'x', message: { name: 'x', lb_polcy: 'RANDOM', connect_timeout: { seconds: 0 } } };
    const { snapshot, problems } = buildSnapshot({ gateway: 'edge', resources: [cluster('a'), wrong, cluster('a'), cluster('')] }, api);
    expect(snapshot).toBeUndefined();
    expect(problems).toEqual([
      { typeUrl: TYPE_URLS.Cluster, name: 'x', path: ['connect_timeout'], message: 'must be greater than 0s' },
      { typeUrl: TYPE_URLS.Cluster, name: 'x', path: ['lb_polcy'], message: 'is not a field of envoy.config.cluster.v3.Cluster' },
      { typeUrl: TYPE_URLS.Cluster, name: 'a', path: [], message: 'has the name of another resource of its type' },
      { typeUrl: TYPE_URLS.Cluster, name: '', path: ['name'], message: 'must not be empty' },
    ]);
  });

  it('is not made when two scopes have one key, for Envoy would refuse them all (R25)', () => {
    const scope = (name: string, key: string): ResourceInput => ({
      typeUrl: TYPE_URLS.ScopedRouteConfiguration,
      name,
      message: { name, route_configuration_name: 'r', key: { fragments: [{ string_key: key }] } },
    });
    const { snapshot, problems } = buildSnapshot({ gateway: 'edge', resources: [scope('a', 'x'), scope('b', 'y'), scope('c', 'x')] }, api);
    expect(snapshot).toBeUndefined();
    expect(problems).toMatchObject([{ name: 'c', path: ['key'], message: 'is the key of the scope a too' }]);
    expect(build([scope('a', 'x'), scope('b', 'y')]).views.size).toBe(1);
  });

  it('may be empty', () => {
    expect(build([]).views.size).toBe(0);
  });
});

const anotherApi = loadEnvoyApi();
function loadEnvoyApiOnce() {
  return anotherApi;
}

describe('the difference of snapshots', () => {
  it('is one resource when one of many changes, whose version alone is another one (B66)', () => {
    const clusters = Array.from({ length: 1_000 }, (_, index) => cluster(`c${index}`));
    const before = build(clusters);
    const after = build(clusters.with(500, cluster('c500', 2)), before);
    expect([...diffSnapshots(before, after)]).toEqual([[TYPE_URLS.Cluster, { added: [], changed: ['c500'], removed: [] }]]);
    const versions = (snapshot: Snapshot) =>
      [...(snapshot.views.get(TYPE_URLS.Cluster)?.resources.values() ?? [])].map(({ version }) => version);
    const beforeVersions = versions(before);
    expect(versions(after).filter((version, index) => version !== beforeVersions[index])).toHaveLength(1);
  });

  it('names what was added, changed and removed, by type', () => {
    const before = build([cluster('a'), cluster('b'), assignment('a')]);
    const after = build([cluster('b', 2), cluster('c')], before);
    expect([...diffSnapshots(before, after)]).toEqual([
      [TYPE_URLS.Cluster, { added: ['c'], changed: ['b'], removed: ['a'] }],
      [TYPE_URLS.ClusterLoadAssignment, { added: [], changed: [], removed: ['a'] }],
    ]);
  });

  it('is all that there is, without a snapshot before', () => {
    expect([...diffSnapshots(undefined, build([cluster('a')]))]).toEqual([[TYPE_URLS.Cluster, { added: ['a'], changed: [], removed: [] }]]);
  });

  it('turns the one into the other, and is empty if and only if versions are equal', () => {
    fc.assert(
      fc.property(resourceLists, resourceLists, (left, right) => {
        const before = build(inputs(left));
        const after = build(inputs(right), before);
        const diff = diffSnapshots(before, after);
        expect(diff.size === 0).toBe(before.version === after.version || (before.views.size === 0 && after.views.size === 0));
        for (const typeUrl of [TYPE_URLS.Cluster, TYPE_URLS.ClusterLoadAssignment]) {
          const names = new Set(before.views.get(typeUrl)?.resources.keys());
          const change = diff.get(typeUrl);
          for (const name of change?.removed ?? []) expect(names.delete(name)).toBe(true);
          for (const name of change?.added ?? []) expect(names.has(name)).toBe(false);
          for (const name of change?.changed ?? []) expect(names.has(name)).toBe(true);
          for (const name of change?.added ?? []) names.add(name);
          expect([...names].sort()).toEqual([...(after.views.get(typeUrl)?.resources.keys() ?? [])]);
        }
      }),
    );
  });
});

describe('the store', () => {
  it('gives the latest snapshot of each gateway', () => {
    const store = createSnapshotStore();
    expect(store.get('edge')).toBeUndefined();
    const inner = build([cluster('a')], undefined, 'inner');
    const edge = build([cluster('b')]);
    store.publish(inner);
    store.publish(edge);
    expect(store.get('edge')).toBe(edge);
    expect(store.gateways()).toEqual(['edge', 'inner']);
  });

  it('tells subscribers of each new one until they leave, and is silent when contents are equal (X17)', () => {
    const store = createSnapshotStore();
    const heard: string[] = [];
    const leave = store.subscribe(({ version }) => heard.push(version));
    const first = build([cluster('a')]);
    const second = build([cluster('b')]);
    expect(store.publish(first)).toBe(true);
    expect(store.publish(build([cluster('a')]))).toBe(false);
    expect(store.publish(second)).toBe(true);
    leave();
    expect(store.publish(first)).toBe(true);
    expect(heard).toEqual([first.version, second.version]);
    expect(store.get('edge')).toBe(first);
  });

  it('never tells a subscriber of an older one after a newer, though one subscriber publishes', () => {
    const store = createSnapshotStore();
    const first = build([cluster('a')]);
    const second = build([cluster('b')]);
    const heard: Snapshot[] = [];
    store.subscribe((snapshot) => {
      if (snapshot === first) store.publish(second);
    });
    store.subscribe((snapshot) => heard.push(snapshot));
    store.publish(first);
    expect(heard).toEqual([second]);
  });
});
