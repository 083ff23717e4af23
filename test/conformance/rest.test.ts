import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSnapshotStore, type SnapshotStore } from '../../src/snapshot/store.ts';
import { createRestServer, type RestServer } from '../../src/xds/rest-server.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import { quietLogger } from '../support/quiet-logger.ts';
import { testApi, testSnapshot } from '../support/snapshots.ts';
import { GATEWAY } from './xds-harness.ts';

let store: SnapshotStore = createSnapshotStore();
let server: RestServer;
let port = 0;

beforeEach(async () => {
  store = createSnapshotStore();
  server = createRestServer({
    api: testApi(),
    logger: quietLogger(),
    targets: newestSnapshots(store),
    identifier: 'test',
    clientStatus: { clients: () => [] },
  });
  port = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => server.close());

async function poll(kind: string, body: unknown): Promise<{ readonly code: number; readonly json: Record<string, unknown> }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}/v3/discovery:${kind}`, { method: 'POST', body: text });
  const answer = await response.text();
  return { code: response.status, json: answer === '' ? {} : (JSON.parse(answer) as Record<string, unknown>) };
}

describe('REST polling', () => {
  const node = { id: 'n', cluster: GATEWAY, metadata: { a: [1, 'x', true, null, { b: 2 }] } };

  test('X14, R40: each kind is answered in proto3 JSON, in full', async () => {
    store.publish(
      testSnapshot(GATEWAY, {
        Listener: { a: '1' },
        RouteConfiguration: { a: '1' },
        Cluster: { a: '1', b: '1' },
        ClusterLoadAssignment: { a: '1' },
        Secret: { a: '1' },
        Runtime: { a: '1' },
        ScopedRouteConfiguration: { a: { name: 'a', route_configuration_name: 'r', key: { fragments: [{ string_key: 'k' }] } } },
        TypedExtensionConfig: {
          a: { name: 'a', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } },
        },
      }),
    );
    for (const kind of ['listeners', 'routes', 'clusters', 'endpoints', 'secrets', 'runtime', 'extension_configs', 'scoped-routes']) {
      const { code, json } = await poll(kind, { node, resource_names: ['a', 'missing'] });
      expect(code).toBe(200);
      expect(json['resources']).toHaveLength(1);
      expect(json['type_url']).toBe((json['resources'] as { '@type': string }[])[0]?.['@type']);
      expect(json['control_plane']).toEqual({ identifier: 'test' });
      expect(json['nonce'] ?? '').toBe('');
    }
    expect((await poll('clusters', { node })).json['resources']).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });

  test('R40: an equal version is answered with 304, in camel case too, and a change with the new contents', async () => {
    store.publish(testSnapshot(GATEWAY, { Cluster: { a: '1' } }));
    const { json } = await poll('clusters', { node });
    const has = { node, version_info: json['version_info'] };
    expect((await poll('clusters', has)).code).toBe(304);
    expect((await poll('clusters', { node, versionInfo: json['version_info'] })).code).toBe(304);
    store.publish(testSnapshot(GATEWAY, { Cluster: { a: '2' } }));
    expect((await poll('clusters', has)).json['resources']).toMatchObject([{ name: 'a', alt_stat_name: '2' }]);
  });

  test('R40: a name that is asked for anew is answered although nothing changed', async () => {
    store.publish(testSnapshot(GATEWAY, { ClusterLoadAssignment: { a: '1', b: '1' } }));
    const { json } = await poll('endpoints', { node, resource_names: ['a'] });
    const next = await poll('endpoints', { node, resource_names: ['a', 'b'], version_info: json['version_info'] });
    expect(next.json['resources']).toMatchObject([{ cluster_name: 'a' }, { cluster_name: 'b' }]);
  });

  test('mistakes of the client are 4xx with words, a gateway without configuration is 503', async () => {
    expect((await poll('clusters', 'no json')).code).toBe(400);
    expect((await poll('clusters', {})).code).toBe(400);
    expect((await poll('clusters', { node: { id: 7, cluster: [] } })).code).toBe(400);
    expect((await poll('other', { node })).code).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/v3/discovery:clusters`)).status).toBe(404);
    expect(await poll('clusters', { node })).toEqual({ code: 503, json: { code: 14, message: expect.stringContaining(`"${GATEWAY}"`) } });
  });
});
