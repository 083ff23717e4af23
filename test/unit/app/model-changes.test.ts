import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelChanges, withoutPlaces } from '../../../src/build/model-changes.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { createResolver } from '../../../src/model/resolve.ts';
import type { Certificate, Model, Service } from '../../../src/model/types.ts';
import { HEAD, loadText } from '../config/support.ts';

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

async function modelOf(text: string): Promise<Model> {
  const { config } = await loadText(
    `${HEAD}listeners: {http: {port: 10000}}\nservices: {orders: {endpoints: ["127.0.0.1:9000"]}}\n${text}routes: [{name: r, backends: [orders], auth: none}]\n`,
  );
  const model = config && createResolver().resolve(config, { nowMs: Date.UTC(2026, 10, 22) }).model;
  if (model === undefined) throw new Error('not a good gateway');
  return model;
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

  it('name policies, providers, keys and limits, and sections that have no names', async () => {
    const before = await modelOf(`
jwt: {main: {issuer: https://id.example.com/, audiences: [shop], jwks: {url: https://id.example.com/jwks.json}}}
apiKeys: {partners: {from: [{header: x-api-key}], forward: {x-client: consumer}, consumers: {acme: {keys: ["sha256:${'a'.repeat(64)}"]}}}}
rateLimits: {per-user: {key: [client.ip], rate: 10/second}, old: {key: [], rate: 1/second}}
`);
    const after = await modelOf(`
jwt: {main: {issuer: https://id.example.com/, audiences: [shop, admin], jwks: {url: https://id.example.com/jwks.json}}}
apiKeys: {partners: {from: [{header: x-api-key}], forward: {x-client: consumer}, consumers: {acme: {keys: ["sha256:${'b'.repeat(64)}"]}}}}
rateLimits: {per-user: {key: [client.ip], rate: 20/second}, new: {key: [], rate: 1/second}}
policies: {staff: {jwt: main}}
rateLimitService: {timeout: 20ms}
runtime: {upstream.healthy_panic_threshold: 1}
`);
    expect(modelChanges(before, after)).toEqual({
      added: ['policy staff', 'limit new'],
      changed: ['jwt provider main', 'api keys partners', 'limit per-user', 'rateLimitService', 'runtime'],
      removed: ['limit old'],
    });
    expect(modelChanges(before, before)).toEqual({ added: [], changed: [], removed: [] });
    // With the first auth comes the stricter path of requests (authz H4).
    expect(modelChanges(await modelOf(''), before).changed).toEqual(['listener http']);
  });
});
