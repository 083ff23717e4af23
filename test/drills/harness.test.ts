// The drills prove something only if their harness sees a failure. Here the control plane is a script that does everything in the wrong order.
import { afterEach, describe, expect, test } from 'vitest';
import { type DrillFailure, describeFailure, startDrillLoad } from '../support/drill-load.ts';
import { type Envoy, startEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { adsBootstrap, type ScriptedAds, startScriptedAds } from '../support/scripted-ads.ts';
import { listener, routes, staticCluster } from '../support/scripted-resources.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

interface Scene {
  readonly ads: ScriptedAds;
  readonly envoy: Envoy;
  readonly port: number;
  readonly a: Upstream;
  readonly b: Upstream;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An Envoy that serves everything from `a`, and writes its access log. */
async function serving(): Promise<Scene> {
  const ads = await startScriptedAds('delta');
  cleanups.push(() => ads.close());
  const [a, b] = [await startUpstream({ name: 'a' }), await startUpstream({ name: 'b' })];
  cleanups.push(
    () => a.close(),
    () => b.close(),
  );
  const envoy = await startEnvoy(adsBootstrap(ads.port, 'delta'), { waitUntilReady: false });
  cleanups.push(() => envoy.stop());
  const port = await freePort();
  await eventually(() => ads.requests.some(({ kind }) => kind === 'Cluster'));
  ads.send('Cluster', { a: staticCluster('a', a.port) });
  await eventually(() => ads.requests.some(({ kind }) => kind === 'Listener'));
  ads.send('Listener', { main: listener(port, { accessLog: true }) });
  await ads.asked('RouteConfiguration', 'routes');
  await ads.answered(ads.send('RouteConfiguration', { routes: routes('a') }));
  return { ads, envoy, port, a, b };
}

/** What the load finds while `act` goes on. */
async function failuresDuring(
  { envoy, port }: Scene,
  act: (more: (count: number) => Promise<void>) => Promise<unknown>,
): Promise<readonly DrillFailure[]> {
  const load = await startDrillLoad({ proxies: [{ name: 'one', envoy, port }], grpc: null });
  await load.more(10);
  await act((count) => load.more(count));
  await load.more(10);
  const { failures } = await load.stop();
  return failures;
}

describe('the harness of the drills', () => {
  test('finds nothing where everything is done in order', async () => {
    const scene = await serving();
    const { ads, b } = scene;
    const failures = await failuresDuring(scene, async (more) => {
      await ads.answered(ads.send('Cluster', { b: staticCluster('b', b.port) }));
      await ads.answered(ads.send('RouteConfiguration', { routes: routes('b') }));
      await more(20);
      await ads.answered(ads.send('Cluster', {}, ['a']));
    });
    expect(failures.map(describeFailure)).toEqual([]);
  });

  test('sees a route that moves before its cluster is there, and names the flag of the access log', async () => {
    const scene = await serving();
    const { ads, b } = scene;
    const failures = await failuresDuring(scene, async (more) => {
      await ads.answered(ads.send('RouteConfiguration', { routes: routes('b') }));
      await more(3);
      await ads.answered(ads.send('Cluster', { b: staticCluster('b', b.port) }));
    });
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures)
      expect(describeFailure(failure)).toMatch(/one, (kept|fresh) \d+, at \d+ ms.*status 503[^]*"flags":"NC"/);
  });

  test('sees a cluster that goes before the route has left it', async () => {
    const scene = await serving();
    const { ads, b } = scene;
    const failures = await failuresDuring(scene, async (more) => {
      await ads.answered(ads.send('Cluster', { b: staticCluster('b', b.port) }, ['a']));
      await more(3);
      await ads.answered(ads.send('RouteConfiguration', { routes: routes('b') }));
    });
    expect(failures.length).toBeGreaterThan(0);
    for (const { problem, accessLog } of failures)
      expect([problem, accessLog?.['flags']]).toEqual([expect.stringMatching(/^status 503/), 'NC']);
  });

  test('sees a listener that goes while clients still come', async () => {
    const scene = await serving();
    const failures = await failuresDuring(scene, async (more) => {
      await scene.ads.answered(scene.ads.send('Listener', {}, ['main']));
      await more(1);
    });
    expect(failures.length).toBeGreaterThan(0);
    for (const { problem } of failures) expect(problem).toMatch(/ECONNRESET|ECONNREFUSED|socket hang up|closed/);
  });

  test('sees an answer that breaks off', async () => {
    const scene = await serving();
    let isBad = false;
    scene.a.reply = () => (isBad ? { instead: 'cut' } : {});
    const failures = await failuresDuring(scene, async (more) => {
      isBad = true;
      await more(5);
      isBad = false;
    });
    expect(failures.length).toBeGreaterThan(0);
    for (const { problem } of failures) expect(problem).toMatch(/reset|RESET|aborted|hang up/);
  });

  test('sees an upstream that resets a request', async () => {
    const scene = await serving();
    let isBad = false;
    scene.a.reply = () => (isBad ? { instead: 'reset' } : {});
    const failures = await failuresDuring(scene, async (more) => {
      isBad = true;
      await more(5);
      isBad = false;
    });
    expect(failures.length).toBeGreaterThan(0);
    for (const { accessLog } of failures) expect(accessLog?.['flags']).toMatch(/UC|UPE/);
  });
});
