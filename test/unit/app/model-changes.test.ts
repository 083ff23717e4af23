import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelChanges, withoutPlaces } from '../../../src/build/model-changes.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { Certificate, Model, Service } from '../../../src/model/types.ts';

const EMPTY: Model = { gateway: 'edge', listeners: [], services: [], routes: [], certificates: [] };

function service(name: string, changes: Partial<Service> = {}): Service {
  return {
    name,
    path: ['services', name],
    endpoints: [],
    protocol: 'http1',
    loadBalancer: { kind: 'roundRobin' },
    circuitBreaker: { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 },
    connectTimeoutMs: 5_000,
    ...changes,
  };
}

function certificate(key: string): Certificate {
  return { name: 'shop', path: ['certificates', 'shop'], chain: 'PEM', key: new Secret(key), notAfterMs: 1 };
}

describe('changes between two models', () => {
  it('are all additions at first', () => {
    const changes = modelChanges(undefined, { ...EMPTY, services: [service('a'), service('b')] });
    expect(changes).toEqual({ added: ['service a', 'service b'], changed: [], removed: [] });
  });

  it('name what was added, changed and removed', () => {
    const before = { ...EMPTY, services: [service('gone'), service('same'), service('slow')] };
    const after = { ...EMPTY, services: [service('new'), service('same'), service('slow', { connectTimeoutMs: 1 })] };
    expect(modelChanges(before, after)).toEqual({ added: ['service new'], changed: ['service slow'], removed: ['service gone'] });
  });

  it('are the same however much around them stayed as it was', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
    fc.assert(
      fc.property(names, names, (first, second) => {
        const shared = new Map(['a', 'b', 'c'].map((name) => [name, service(name)]));
        const list = (chosen: readonly string[], connectTimeoutMs: number) =>
          [...chosen].sort().map((name) => shared.get(name) ?? service(name, { connectTimeoutMs }));
        const changes = modelChanges({ ...EMPTY, services: list(first, 1) }, { ...EMPTY, services: list(second, 2) });
        const expected = (chosen: readonly string[]) => [...chosen].sort().map((name) => `service ${name}`);
        expect(changes.added).toEqual(expected(second.filter((name) => !first.includes(name))));
        expect(changes.removed).toEqual(expected(first.filter((name) => !second.includes(name))));
        expect(changes.changed).toEqual(expected(second.filter((name) => first.includes(name) && !shared.has(name))));
      }),
    );
  });

  it('leave out what only stands at another place in the file (C15)', () => {
    const before = { ...EMPTY, services: [service('a', { path: ['services', 0] })] };
    const after = { ...EMPTY, services: [service('a', { path: ['services', 7] })] };
    expect(modelChanges(before, after)).toEqual({ added: [], changed: [], removed: [] });
  });

  it('see that a private key was replaced, without showing it (C7)', () => {
    const changes = modelChanges({ ...EMPTY, certificates: [certificate('one')] }, { ...EMPTY, certificates: [certificate('two')] });
    expect(changes.changed).toEqual(['certificate shop']);
    expect(JSON.stringify(withoutPlaces(certificate('planted-key')))).not.toContain('planted-key');
  });
});
