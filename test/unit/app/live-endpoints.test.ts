import { describe, expect, test, vi } from 'vitest';
import { createEndpointOverlay } from '../../../src/app/live-endpoints.ts';
import type { LiveService } from '../../../src/discovery/discovery.ts';
import type { ToldEndpoints } from '../../../src/discovery/endpoint-flow.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { buildSnapshot } from '../../../src/snapshot/build.ts';
import { revisionOf } from '../../../src/snapshot/revision-of.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { aDiscovered, anEndpointAt } from '../discovery/endpoints.ts';

const api = loadEnvoyApi();
const CLA = TYPE_URLS.ClusterLoadAssignment;

/** Assignments without endpoints; `more` makes another revision. */
function aSnapshot(names: readonly string[], more = ''): Snapshot {
  const assignments = names.map((name) => ({ typeUrl: CLA, name: `service/${name}`, message: { cluster_name: `service/${name}` } }));
  const cluster = { typeUrl: TYPE_URLS.Cluster, name: 'service/x', message: { name: 'service/x', alt_stat_name: `x${more}` } };
  const { snapshot } = buildSnapshot({ gateway: 'edge', resources: [...assignments, cluster] }, api);
  if (snapshot === undefined) throw new Error('no snapshot');
  return snapshot;
}

function aDiscovery() {
  const known = new Map<string, ToldEndpoints | undefined>();
  let epoch = 0;
  return {
    tell: (service: string, ...addresses: readonly string[]): void => {
      known.set(service, { endpoints: addresses.map((address) => anEndpointAt(address)) });
      epoch += 1;
    },
    touch: (): void => {
      epoch += 1;
    },
    epoch: () => epoch,
    changedSince: () => undefined,
    services: () =>
      new Map([...known].map(([name, told]): [string, LiveService] => [name, { service: aDiscovered(name, { kind: 'push' }), told }])),
  };
}

const addressesIn = (snapshot: Snapshot, service: string): readonly string[] => {
  const resource = snapshot.views.get(CLA)?.resources.get(`service/${service}`);
  return [...(resource?.any.toString('latin1') ?? '').matchAll(/10\.0\.0\.\d/g)].map(([ip]) => ip);
};

describe('live endpoints over a snapshot', () => {
  test('swap one assignment, and leave everything else the same object (D19, P6, B65)', () => {
    const discovery = aDiscovery();
    const overlay = createEndpointOverlay({ discovery, api });
    const base = aSnapshot(['a', 'b']);
    expect(overlay.over(base)).toBe(base);
    discovery.tell('a', '10.0.0.1:80');
    const live = overlay.over(base);
    expect([addressesIn(live, 'a'), addressesIn(live, 'b')]).toEqual([['10.0.0.1'], []]);
    expect(live.views.get(TYPE_URLS.Cluster)).toBe(base.views.get(TYPE_URLS.Cluster));
    expect(live.views.get(CLA)?.resources.get('service/b')).toBe(base.views.get(CLA)?.resources.get('service/b'));
    expect([live.version === base.version, revisionOf(live), live.revision]).toEqual([false, base.version, base.version]);
  });

  test('are the same object as long as nothing changes, and encoded once for all revisions in use (P9, T5)', () => {
    const discovery = aDiscovery();
    const encodeAny = vi.fn((typeName: string, message: object) => api.encodeAny(typeName, message));
    const overlay = createEndpointOverlay({ discovery, api: { check: (typeName, message) => api.check(typeName, message), encodeAny } });
    const [older, newer] = [aSnapshot(['a', 'b']), aSnapshot(['a', 'b'], 'newer')];
    discovery.tell('a', '10.0.0.1:80');
    const [first, second] = [overlay.over(older), overlay.over(newer)];
    expect(encodeAny).toHaveBeenCalledTimes(1);
    expect([first.views.get(CLA)?.version, revisionOf(second)]).toEqual([second.views.get(CLA)?.version, newer.version]);
    discovery.touch();
    expect([overlay.over(older), overlay.over(newer)]).toEqual([first, second]);
    expect(overlay.over(older)).toBe(first);
    discovery.tell('b', '10.0.0.2:80');
    expect(addressesIn(overlay.over(older), 'a')).toEqual(['10.0.0.1']);
    expect(encodeAny).toHaveBeenCalledTimes(2);
  });

  test('that go back to what they were have the version of before (X16)', () => {
    const discovery = aDiscovery();
    const overlay = createEndpointOverlay({ discovery, api });
    const base = aSnapshot(['a']);
    discovery.tell('a', '10.0.0.1:80');
    const { version } = overlay.over(base);
    discovery.tell('a', '10.0.0.2:80');
    expect(overlay.over(base).version).not.toBe(version);
    discovery.tell('a', '10.0.0.1:80');
    expect(overlay.over(base).version).toBe(version);
  });

  test('of an edit that leaves the assignments as they are cost nothing but the new snapshot', () => {
    const discovery = aDiscovery();
    const encodeAny = vi.fn((typeName: string, message: object) => api.encodeAny(typeName, message));
    const overlay = createEndpointOverlay({ discovery, api: { check: (typeName, message) => api.check(typeName, message), encodeAny } });
    const older = aSnapshot(['a', 'b']);
    discovery.tell('a', '10.0.0.1:80');
    const first = overlay.over(older);
    const cluster = { typeUrl: TYPE_URLS.Cluster, name: 'service/y', message: { name: 'service/y' } };
    const names = ['a', 'b'].map((name) => ({ typeUrl: CLA, name: `service/${name}`, message: { cluster_name: `service/${name}` } }));
    const newer = buildSnapshot({ gateway: 'edge', resources: [...names, cluster] }, api, older).snapshot;
    if (newer === undefined) throw new Error('no snapshot');
    discovery.touch();
    const second = overlay.over(newer);
    expect(second.views.get(CLA)).toBe(first.views.get(CLA));
    expect([encodeAny.mock.calls.length, revisionOf(second), overlay.over(newer)]).toEqual([1, newer.version, second]);
  });

  test('of a service that the snapshot has not change nothing', () => {
    const discovery = aDiscovery();
    const base = aSnapshot(['a']);
    discovery.tell('gone', '10.0.0.1:80');
    expect(createEndpointOverlay({ discovery, api }).over(base)).toBe(base);
  });

  test('that Envoy would refuse leave the service as it was, and are told once', () => {
    const discovery = aDiscovery();
    const onRefused = vi.fn();
    const overlay = createEndpointOverlay({ discovery, api, onRefused });
    const base = aSnapshot(['a']);
    discovery.tell('a', '10.0.0.1:80');
    const good = overlay.over(base);
    discovery.tell('a', '10.0.0.2:99999');
    expect([overlay.over(base), overlay.over(base)]).toEqual([good, good]);
    expect(onRefused.mock.calls.map(([gateway, service]) => [gateway, service])).toEqual([['edge', 'a']]);
  });
});
