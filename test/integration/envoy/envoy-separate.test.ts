// What an ACK of Envoy's means on separate streams (D7, O1): there it says nothing of warmth, so delivery waits a bound that it computes.
// The control plane here is a script; only Envoy is tested.
import { afterEach, describe, expect, test } from 'vitest';
import { xdsBootstrap } from '../../conformance/envoy-resources.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { createGate } from '../../support/gate.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { edsCluster, endpoints, listener, routes, separateSource } from '../../support/scripted-resources.ts';
import { type ScriptedSeparate, startScriptedSeparate } from '../../support/scripted-separate.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import type { Reply } from '../../support/upstream-exchange.ts';

interface Scene {
  readonly xds: ScriptedSeparate;
  readonly envoy: Envoy;
  readonly upstream: Upstream;
  readonly cluster: (name: string, more?: object) => object;
  readonly ask: () => Promise<HttpResponse>;
}
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An Envoy past its first initialisation, that serves cluster `a`. */
async function serving(variant: 'delta' | 'sotw'): Promise<Scene> {
  const xds = await startScriptedSeparate(variant);
  cleanups.push(() => xds.close());
  const upstream = await startUpstream({ name: 'a' });
  cleanups.push(() => upstream.close());
  const envoy = await startEnvoy(xdsBootstrap(xds.port, 'facts', `${variant} separate`), { waitUntilReady: false });
  cleanups.push(() => envoy.stop());
  const port = await freePort();
  const source = separateSource(variant);
  const cluster: Scene['cluster'] = (name, more) => edsCluster(name, { eds_cluster_config: { eds_config: source }, ...more });
  await eventually(() => xds.requests.some(({ kind }) => kind === 'Cluster'));
  xds.send('Cluster', { a: cluster('a') });
  await xds.asked('ClusterLoadAssignment', 'a');
  xds.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
  await eventually(() => xds.requests.some(({ kind }) => kind === 'Listener'));
  xds.send('Listener', { main: listener(port, { source }) });
  await xds.asked('RouteConfiguration', 'routes');
  await xds.answered(xds.send('RouteConfiguration', { routes: routes('a') }));
  const ask = (): Promise<HttpResponse> => request({ port, timeoutMs: 2_000 });
  await eventually(async () => (await ask()).status === 200);
  return { xds, envoy, upstream, cluster, ask };
}

describe.each(['delta', 'sotw'] as const)('on separate %s streams (D7, O1)', (variant) => {
  test('a new cluster is ACKed before its endpoints have come, and a route to it waits in vain', async () => {
    const { xds, ask, cluster, envoy, upstream } = await serving(variant);
    const nonce = xds.send('Cluster', { a: cluster('a'), b: cluster('b') });
    expect((await xds.answered(nonce)).error).toBeUndefined();
    expect(await envoy.admin.stat('cluster_manager.warming_clusters')).toBe(1);
    await xds.answered(xds.send('RouteConfiguration', { routes: routes('b') }));
    expect((await ask()).status).toBe(503);
    await xds.asked('ClusterLoadAssignment', 'b');
    xds.send('ClusterLoadAssignment', { b: endpoints('b', upstream.port) });
    await eventually(async () => (await ask()).status === 200);
  });

  test('a changed cluster asks for its endpoints again, and the old one goes on until they come', async () => {
    const { xds, ask, cluster, envoy, upstream } = await serving(variant);
    const nonce = xds.send('Cluster', { a: cluster('a', { connect_timeout: { seconds: 3, nanos: 0 } }) });
    expect((await xds.answered(nonce)).error).toBeUndefined();
    await xds.asked('ClusterLoadAssignment', 'a', 2);
    expect([await envoy.admin.stat('cluster_manager.warming_clusters'), (await ask()).status]).toEqual([1, 200]);
    xds.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
    await eventually(async () => (await envoy.admin.stat('cluster_manager.warming_clusters')) === 0);
    expect((await ask()).status).toBe(200);
  });

  test('requests in flight on a cluster that is removed are answered', async () => {
    const { xds, ask, upstream, cluster } = await serving(variant);
    const gate = createGate<Reply>();
    upstream.reply = () => gate.promise;
    const inFlight = ask();
    await eventually(() => upstream.requests.length === 2);
    await xds.answered(xds.send('Cluster', variant === 'sotw' ? { z: cluster('z') } : {}, ['a']));
    await eventually(async () => (await ask()).status === 503);
    gate.open({});
    expect((await inFlight).status).toBe(200);
  });
});
