// What an ACK of Envoy's means, as delivery.md D7 says and xds/staging.ts relies on. The control plane here is a script; only Envoy is tested.
import { afterEach, describe, expect, test } from 'vitest';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { createGate } from '../../support/gate.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { adsBootstrap, type ScriptedAds, startScriptedAds } from '../../support/scripted-ads.ts';
import { edsCluster as cluster, endpoints, listener, routes, staticCluster } from '../../support/scripted-resources.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import type { Reply } from '../../support/upstream-exchange.ts';

const QUIET_MS = 400;

interface Scene {
  readonly ads: ScriptedAds;
  readonly envoy: Envoy;
  readonly upstream: Upstream;
  readonly ask: () => Promise<HttpResponse>;
}
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An Envoy past its first initialisation, that serves cluster `a`. */
async function serving(variant: 'delta' | 'sotw'): Promise<Scene> {
  const ads = await startScriptedAds(variant);
  cleanups.push(() => ads.close());
  const upstream = await startUpstream({ name: 'a' });
  cleanups.push(() => upstream.close());
  const envoy = await startEnvoy(adsBootstrap(ads.port, variant), { waitUntilReady: false });
  cleanups.push(() => envoy.stop());
  const port = await freePort();
  await eventually(() => ads.requests.some(({ kind }) => kind === 'Cluster'));
  ads.send('Cluster', { a: cluster('a') });
  await ads.asked('ClusterLoadAssignment', 'a');
  ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
  await eventually(() => ads.requests.some(({ kind }) => kind === 'Listener'));
  ads.send('Listener', { main: listener(port) });
  await ads.asked('RouteConfiguration', 'routes');
  await ads.answered(ads.send('RouteConfiguration', { routes: routes('a') }));
  const ask = (): Promise<HttpResponse> => request({ port, timeoutMs: 2_000 });
  await eventually(async () => (await ask()).status === 200);
  return { ads, envoy, upstream, ask };
}

const quiet = (ads: ScriptedAds, nonce: string): Promise<boolean> =>
  ads.answered(nonce, QUIET_MS).then(
    () => false,
    () => true,
  );

describe.each(['delta', 'sotw'] as const)('over %s ADS (D7)', (variant) => {
  test('the ACK of a new cluster is withheld until its endpoints have come', async () => {
    const { ads, ask, upstream } = await serving(variant);
    const nonce = ads.send('Cluster', { a: cluster('a'), b: cluster('b') });
    await ads.asked('ClusterLoadAssignment', 'b');
    if (variant === 'sotw') ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
    expect(await quiet(ads, nonce)).toBe(true);
    ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port), b: endpoints('b', upstream.port) });
    expect((await ads.answered(nonce)).error).toBeUndefined();
    await ads.answered(ads.send('RouteConfiguration', { routes: routes('b') }));
    expect((await ask()).status).toBe(200);
  });

  test('the ACK is withheld until the first round of health checks is over', async () => {
    const { ads, upstream } = await serving(variant);
    const seconds = (value: number): object => ({ seconds: value, nanos: 0 });
    const health_checks = [
      {
        timeout: seconds(2),
        interval: seconds(60),
        unhealthy_threshold: { value: 1 },
        healthy_threshold: { value: 1 },
        http_health_check: { path: '/slow' },
      },
    ];
    // A backend that answers health checks only when told.
    const gate = createGate<Reply>();
    const slow = await startUpstream({ name: 'slow' });
    cleanups.push(() => slow.close());
    slow.replyToHealthChecks = () => gate.promise;
    const nonce = ads.send('Cluster', { a: cluster('a'), b: cluster('b', { health_checks }) });
    await ads.asked('ClusterLoadAssignment', 'b');
    ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port), b: endpoints('b', slow.port) });
    await eventually(() => slow.healthChecks.length > 0);
    expect(await quiet(ads, nonce)).toBe(true);
    gate.open({ status: 200 });
    expect((await ads.answered(nonce)).error).toBeUndefined();
  });

  test('a second response before the first is answered is applied at once; both wait for the first to be warm, and in the state of the world only the second is answered', async () => {
    const { ads, upstream, envoy } = await serving(variant);
    const endpointsOf = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, endpoints(name, upstream.port)]));
    const first = ads.send('Cluster', { a: cluster('a'), b: cluster('b') });
    await ads.asked('ClusterLoadAssignment', 'b');
    if (variant === 'sotw') ads.send('ClusterLoadAssignment', endpointsOf('a'));
    const c = staticCluster('c', upstream.port);
    const second = ads.send('Cluster', variant === 'sotw' ? { a: cluster('a'), b: cluster('b'), c } : { c });
    await eventually(async () => expect((await envoy.admin.clusters()).map(({ name }) => name)).toContain('c'));
    expect(await quiet(ads, second)).toBe(true);
    expect(await quiet(ads, first)).toBe(true);
    ads.send('ClusterLoadAssignment', endpointsOf('a', 'b'));
    await ads.answered(second);
    const answers = ads.requests.filter(({ nonce }) => nonce === first || nonce === second).map(({ nonce }) => nonce);
    expect(answers).toEqual(variant === 'delta' ? [first, second] : [second]);
  });

  test('a second response that takes away the cluster that warms lets the ACK come at once', async () => {
    const { ads, upstream } = await serving(variant);
    ads.send('Cluster', { a: cluster('a'), b: cluster('b') });
    await ads.asked('ClusterLoadAssignment', 'b');
    if (variant === 'sotw') ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
    const second = ads.send('Cluster', variant === 'sotw' ? { a: cluster('a') } : {}, ['b']);
    expect((await ads.answered(second)).error).toBeUndefined();
  });

  test('a changed cluster is not ACKed before its endpoints are sent again, and the old one goes on', async () => {
    const { ads, ask, upstream } = await serving(variant);
    const before = ads.requests.length;
    const nonce = ads.send('Cluster', { a: cluster('a', { connect_timeout: { seconds: 3, nanos: 0 } }) });
    expect(await quiet(ads, nonce)).toBe(true);
    const asksAgain = ads.requests.slice(before).some(({ kind, names }) => kind === 'ClusterLoadAssignment' && names.includes('a'));
    // In delta nothing is asked for again; in the state of the world the request repeats and looks like an ACK (X83).
    expect(asksAgain).toBe(variant === 'sotw');
    expect((await ask()).status).toBe(200);
    ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
    expect((await ads.answered(nonce)).error).toBeUndefined();
    expect((await ask()).status).toBe(200);
  });

  test('endpoints sent together with the changed cluster let the ACK come at once', async () => {
    const { ads, upstream } = await serving(variant);
    const nonce = ads.send('Cluster', { a: cluster('a', { connect_timeout: { seconds: 4, nanos: 0 } }) });
    ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port) });
    expect((await ads.answered(nonce, QUIET_MS)).error).toBeUndefined();
  });

  test('a route to an unknown cluster is ACKed and answers 503', async () => {
    const { ads, ask } = await serving(variant);
    expect((await ads.answered(ads.send('RouteConfiguration', { routes: routes('nobody') }))).error).toBeUndefined();
    expect((await ask()).status).toBe(503);
  });

  test('requests in flight on a cluster that is removed are answered', async () => {
    const { ads, ask, upstream } = await serving(variant);
    const gate = createGate<Reply>();
    upstream.reply = () => gate.promise;
    const inFlight = ask();
    await eventually(() => upstream.requests.length === 2);
    await ads.answered(ads.send('Cluster', {}, ['a']));
    gate.open({});
    expect((await inFlight).status).toBe(200);
    expect((await ask()).status).toBe(503);
  });

  test('an Envoy that reconnects while a cluster warms asks for endpoints, whatever it asks of clusters', async () => {
    const { ads, upstream } = await serving(variant);
    ads.send('Cluster', { a: cluster('a'), b: cluster('b') });
    await ads.asked('ClusterLoadAssignment', 'b');
    ads.cut();
    await ads.asked('ClusterLoadAssignment', 'b', 2);
    // Clusters are paused until the warming ends.
    expect(ads.requests.filter(({ stream, kind }) => stream === 2 && kind === 'Cluster')).toEqual([]);
    ads.send('ClusterLoadAssignment', { a: endpoints('a', upstream.port), b: endpoints('b', upstream.port) });
    await eventually(() => ads.requests.some(({ stream, kind }) => stream === 2 && kind === 'Cluster'));
  });
});

describe.each(['delta', 'sotw'] as const)('in the first initialisation over %s ADS (D7)', (variant) => {
  test('clusters are ACKed before they are warm, and no listener is asked for until they are', async () => {
    const ads = await startScriptedAds(variant);
    cleanups.push(() => ads.close());
    const envoy = await startEnvoy(adsBootstrap(ads.port, variant), { waitUntilReady: false });
    cleanups.push(() => envoy.stop());
    await eventually(() => ads.requests.some(({ kind }) => kind === 'Cluster'));
    const nonce = ads.send('Cluster', { a: cluster('a') });
    const isQuiet = await quiet(ads, nonce);
    const asked = (): boolean => ads.requests.some(({ kind }) => kind === 'Listener');
    expect([isQuiet, asked()]).toEqual([false, false]);
    ads.send('ClusterLoadAssignment', { a: endpoints('a', 1) });
    await eventually(asked);
  });
});

describe('over delta ADS (D7)', () => {
  test('endpoints that are answered as removed end the warming, with none', async () => {
    const { ads, ask } = await serving('delta');
    const nonce = ads.send('Cluster', { b: cluster('b') });
    await ads.asked('ClusterLoadAssignment', 'b');
    ads.send('ClusterLoadAssignment', {}, ['b']);
    expect((await ads.answered(nonce)).error).toBeUndefined();
    await ads.answered(ads.send('RouteConfiguration', { routes: routes('b') }));
    expect((await ask()).status).toBe(503);
  });

  test('of clusters of which one is bad the good ones are applied although the whole is refused', async () => {
    const { ads, envoy } = await serving('delta');
    const bad = { ...cluster('bad'), eds_cluster_config: { eds_config: { path_config_source: { path: '/nowhere/at/all' } } } };
    const nonce = ads.send('Cluster', { good: { ...cluster('good'), type: 'STATIC', eds_cluster_config: null }, bad });
    expect((await ads.answered(nonce)).error).toMatch(/bad/);
    expect([...(await envoy.admin.versions()).keys()]).toContain('Cluster good');
  });
});
