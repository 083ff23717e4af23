import { describe, expect, it } from 'vitest';
import { DEFAULT_ROLLOUT } from '../../../src/model/defaults.ts';
import { deliveryOf } from '../../../src/model/delivery-of.ts';
import type { DeliverySettings } from '../../../src/model/delivery-settings.ts';
import { resolveSections, type Sections } from './support.ts';

function settingsOf(sections: Sections & { readonly rollout?: object; readonly allowLargeRemoval?: boolean }): DeliverySettings {
  const { model, issues } = resolveSections(sections);
  if (model === undefined) throw new Error(JSON.stringify(issues));
  return deliveryOf(model);
}

describe('what delivery knows of a gateway', () => {
  it('is one node first and then all, with no time between, where nothing is written (D13)', () => {
    expect(settingsOf({})).toMatchObject({ rollout: DEFAULT_ROLLOUT, allowLargeRemoval: false, lingerMs: 30_000 });
  });

  it('takes what is written key by key, and ends with everyone (D13, D14)', () => {
    const { rollout, allowLargeRemoval } = settingsOf({
      rollout: { steps: [2, '0.5%', 'canary'], soak: '30s', abortOn: { error5xx: '5%' }, quorum: '90%' },
      allowLargeRemoval: true,
    });
    expect(rollout).toEqual({
      steps: [{ kind: 'count', nodes: 2 }, { kind: 'share', percent: 0.5 }, { kind: 'canary' }, { kind: 'share', percent: 100 }],
      soakMs: 30_000,
      abortOn: { nacks: 1, error5xx: 5 },
      quorum: 90,
      timeoutMs: 10_000,
    });
    expect(allowLargeRemoval).toBe(true);
  });

  it('lets dropped resources linger at least as long as the longest timeout of a route (D6)', () => {
    const route = (name: string, timeout: string): object => ({
      name,
      matches: [{ path: { exact: `/${name}` } }],
      backends: ['orders'],
      timeout,
    });
    expect(settingsOf({ routes: [{ ...route('a', '3s') }, { ...route('b', '90s') }] }).lingerMs).toBe(90_000);
    expect(settingsOf({ routes: [{ ...route('a', 'none') }] }).lingerMs).toBe(300_000);
  });

  it('lets them linger for requests that a fault holds before they reach a service (D6)', () => {
    const route = {
      name: 'a',
      matches: [{ path: { exact: '/a' } }],
      backends: ['orders'],
      timeout: '10s',
      fault: { delay: { fixed: '1m' } },
    };
    expect(settingsOf({ routes: [route] }).lingerMs).toBe(70_000);
  });

  it('knows how long services may take to be warm (D7)', () => {
    expect(settingsOf({ services: { orders: { endpoints: ['127.0.0.1:80'] } } }).warmUpMs).toBe(0);
    expect(settingsOf({ services: { orders: { endpoints: ['127.0.0.1:80'], healthCheck: { http: '/', timeout: '4s' } } } }).warmUpMs).toBe(
      5_000,
    );
  });

  it('knows the names of what there is (D18)', () => {
    const routes = [
      { name: 'a', hostnames: ['A.example', 'b.example'], matches: [{ path: { exact: '/a' } }], backends: ['orders'] },
      { name: 'b', matches: [{ path: { exact: '/b' } }], backends: ['orders'] },
      { name: 'c', hostnames: ['a.example'], matches: [{ path: { exact: '/c' } }], backends: ['orders'] },
    ];
    expect(settingsOf({ routes }).shape).toEqual({
      listeners: ['http'],
      services: ['orders'],
      hosts: { '*': ['b'], 'a.example': ['a', 'c'], 'b.example': ['a'] },
    });
  });
});
