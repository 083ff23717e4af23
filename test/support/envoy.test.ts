import { expect, test } from 'vitest';
import { startEnvoy } from './envoy.ts';
import { findEnvoyBinary } from './envoy-binary.ts';
import { request } from './http-client.ts';
import { staticBootstrap } from './static-bootstrap.ts';
import { startUpstream } from './upstream.ts';

test('a real Envoy starts from a bootstrap object, proxies to a test upstream and shows its state', async () => {
  const upstream = await startUpstream({ name: 'backend' });
  const envoy = await startEnvoy(staticBootstrap({ backend: upstream.port }));
  const [port = 0] = (await envoy.admin.listenerPorts()).get('main') ?? [];
  expect((await request({ port, path: '/x' })).json()).toMatchObject({ upstream: 'backend', path: '/x' });
  expect(await envoy.admin.stat('cluster.backend.upstream_rq_200')).toBe(1);
  expect((await envoy.admin.clusters()).find(({ name }) => name === 'backend')?.hosts[0]?.address).toBe(upstream.address);
  await envoy.stop();
  await upstream.close();
  await expect(request({ port })).rejects.toThrow(/ECONNREFUSED/);
});

test('a bootstrap that Envoy refuses fails with the words of Envoy, at once', async () => {
  await expect(startEnvoy({ static_resources: { clusters: [{ name: 'x', type: 'NONSENSE' }] } })).rejects.toThrow(
    /Envoy ended[^]*NONSENSE/,
  );
});

test('a missing Envoy is an error that says how to get one', () => {
  expect(() => findEnvoyBinary({ CHANCERY_ENVOY: '/nowhere/envoy' })).toThrow('/nowhere/envoy');
});
