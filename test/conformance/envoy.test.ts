import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { createSnapshotStore } from '../../src/snapshot/store.ts';
import { createDroppedHistory } from '../../src/xds/dropped-history.ts';
import type { NodeStatus, TypeStatus } from '../../src/xds/status.ts';
import { createAuthority } from '../support/certificates.ts';
import { type Envoy, startEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { request } from '../support/http-client.ts';
import { type Load, startLoad } from '../support/load.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { type EnvoyForm, type GatewayParts, gatewayContents, xdsBootstrap } from './envoy-resources.ts';
import { GATEWAY, type HarnessOptions, startXds, type XdsHarness } from './xds-harness.ts';

const FORMS: readonly EnvoyForm[] = ['delta ADS', 'sotw ADS', 'delta separate', 'sotw separate'];
const ADS: readonly EnvoyForm[] = ['delta ADS', 'sotw ADS'];
const FAST = { lingerMs: 300 };

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

interface Rig {
  readonly form: EnvoyForm;
  readonly port: number;
  readonly envoy: Envoy;
  xds: XdsHarness;
  publish(parts: Omit<GatewayParts, 'port'>): void;
}

/** An Envoy that runs the given gateway. */
async function run(form: EnvoyForm, parts: Omit<GatewayParts, 'port'> | undefined, options: HarnessOptions = {}): Promise<Rig> {
  const port = await freePort();
  const harness = await startXds({ timing: FAST, ...options });
  cleanUps.push(() => rig.xds.close());
  if (parts === undefined) harness.publish({});
  else harness.publish(gatewayContents({ ...parts, port }, form));
  const envoy = await startEnvoy(xdsBootstrap(harness.port, GATEWAY, form));
  cleanUps.push(() => envoy.stop());
  const rig: Rig = {
    form,
    port,
    envoy,
    xds: harness,
    publish: (next) => rig.xds.publish(gatewayContents({ ...next, port }, form)),
  };
  return rig;
}

async function upstreams<Name extends string>(...names: readonly Name[]): Promise<Record<Name, Upstream>> {
  const started = await Promise.all(names.map((name) => startUpstream({ name })));
  for (const upstream of started) cleanUps.push(() => upstream.close());
  return Object.fromEntries(started.map((upstream) => [upstream.name, upstream])) as Record<Name, Upstream>;
}

async function reaches(rig: Rig, path: string, upstream: string): Promise<void> {
  await eventually(async () => (await request({ port: rig.port, path })).headers['x-upstream'] === upstream, {
    what: `${path} to reach ${upstream}`,
  });
}

function status(nodes: readonly NodeStatus[], type: keyof typeof TYPE_URLS): TypeStatus | undefined {
  return nodes.flatMap(({ streams }) => streams.flatMap(({ types }) => types[TYPE_URLS[type]] ?? []))[0];
}

/** Answers may be slow on a busy machine; what counts is that none fails. */
function steadyLoad(rig: Rig, perSecond: number): Promise<Load> {
  return startLoad({ target: { port: rig.port }, request: () => ({ path: '/', timeoutMs: 15_000 }), perSecond, lateAfterMs: 15_000 });
}

/** Healthy, but only after so long: that is how long Envoy warms. */
function slowly(ms: number): Upstream['reply'] {
  return async () => {
    await pause(ms);
    return { status: 200 };
  };
}

async function clusterNames(rig: Rig): Promise<readonly string[]> {
  return (await rig.envoy.admin.clusters()).map(({ name }) => name).filter((name) => name !== 'xds');
}

describe.each(FORMS)('Envoy on %s', (form) => {
  test('X50, X73: without any resource it is live at once', async () => {
    const rig = await run(form, undefined);
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
  });

  test('X78, X80, X47: routes work, a changed cluster warms, what is removed goes, a restarted server changes nothing', async () => {
    const { a, b } = await upstreams('a', 'b');
    const rig = await run(form, { services: { a: a.port, b: b.port }, routes: { '/': 'a', '/b': 'b' } });
    await reaches(rig, '/', 'a');
    await reaches(rig, '/b', 'b');

    const before = (await rig.envoy.admin.versions()).get('Cluster a');
    rig.publish({ services: { a: a.port, b: b.port }, options: { a: { connectTimeoutSeconds: 3 } }, routes: { '/': 'a', '/b': 'b' } });
    await eventually(async () => (await rig.envoy.admin.text('/config_dump?resource=dynamic_active_clusters')).includes('3s'), {
      what: 'the changed cluster',
      timeoutMs: 10_000,
    });
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
    expect((await rig.envoy.admin.versions()).get('Cluster a')).not.toBe(before);

    rig.publish({ services: { b: b.port }, routes: { '/': 'b' } });
    await reaches(rig, '/', 'b');
    await eventually(async () => (await clusterNames(rig)).join() === 'b', { what: 'the removal of a' });

    const { port, store } = rig.xds;
    await rig.xds.close();
    await eventually(async () => (await rig.envoy.admin.stat('control_plane.connected_state')) === 0);
    rig.xds = await startXds({ port, store, timing: FAST });
    await eventually(
      () =>
        status(rig.xds.server.nodes(), 'RouteConfiguration')?.state === 'SYNCED' &&
        status(rig.xds.server.nodes(), 'ClusterLoadAssignment')?.state === 'SYNCED',
      { what: 'the reconnect' },
    );
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
    await reaches(rig, '/', 'b');
    for (const rejected of ['cluster_manager.cds.update_rejected', 'listener_manager.lds.update_rejected'])
      expect(await rig.envoy.admin.stat(rejected)).toBe(0);
  });

  test('D6, X77, B47, kuma#11579, kgateway#14372: a route moves to a new service and the old one goes in one edit, back and forth, and no request fails', async () => {
    const { a, b } = await upstreams('a', 'b');
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    await reaches(rig, '/', 'a');
    const load = await steadyLoad(rig, 150);
    for (let turn = 0; turn < (form.endsWith('ADS') ? 4 : 2); turn += 1) {
      const next = turn % 2 === 0 ? b : a;
      rig.publish({ services: { [next.name]: next.port }, routes: { '/': next.name } });
      await reaches(rig, '/', next.name);
      await eventually(async () => (await clusterNames(rig)).join() === next.name, { what: 'the removal' });
    }
    expect((await load.stop()).failures).toEqual([]);
    expect([...rig.xds.counts.keys()].filter((name) => name.startsWith('gate:'))).toEqual([]);
  });
});

describe.each(ADS)('Envoy on %s', (form) => {
  test('D9: flapping between two gateways at 20 Hz loses no request and ends at the last', async () => {
    const { a, b } = await upstreams('a', 'b');
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    await reaches(rig, '/', 'a');
    const load = await steadyLoad(rig, 150);
    for (let turn = 1; turn <= 41; turn += 1) {
      const next = turn % 2 === 0 ? a : b;
      rig.publish({
        services: { [next.name]: next.port },
        options: { [next.name]: { connectTimeoutSeconds: turn } },
        routes: { '/': next.name },
      });
      await load.more(8);
    }
    await reaches(rig, '/', 'b');
    await eventually(async () => (await clusterNames(rig)).join() === 'b', { what: 'the removal' });
    expect((await load.stop()).failures).toEqual([]);
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
  });

  test('D7, B48: a route moves only when the health checks of its new service have passed', async () => {
    const { a, b } = await upstreams('a', 'b');
    b.replyToHealthChecks = slowly(1_000);
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    await reaches(rig, '/', 'a');
    const load = await steadyLoad(rig, 100);
    rig.publish({ services: { b: b.port }, options: { b: { healthCheck: { timeoutSeconds: 3 } } }, routes: { '/': 'b' } });
    await eventually(() => b.healthChecks.length > 0);
    expect(b.requests).toHaveLength(0);
    await reaches(rig, '/', 'b');
    expect((await load.stop()).failures).toEqual([]);
  });

  test('D7: a newer target overtakes a cluster that still warms, and nothing stays behind', async () => {
    const { a, b } = await upstreams('a', 'b');
    b.replyToHealthChecks = slowly(800);
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    await reaches(rig, '/', 'a');
    const checked = { b: { healthCheck: { timeoutSeconds: 3 } } };
    rig.publish({ services: { a: a.port, b: b.port }, options: checked, routes: { '/': 'a' } });
    await eventually(() => b.healthChecks.length > 0);
    rig.publish({
      services: { a: a.port, b: b.port, c: b.port },
      options: { ...checked, a: { connectTimeoutSeconds: 5 } },
      routes: { '/': 'a', '/b': 'b', '/c': 'c' },
    });
    await reaches(rig, '/c', 'b');
    await reaches(rig, '/b', 'b');
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
  });

  test('D7, X80: the server restarts while a cluster warms; the endpoints are answered before any clusters are asked', async () => {
    const { a, b } = await upstreams('a', 'b');
    b.replyToHealthChecks = slowly(1_500);
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    await reaches(rig, '/', 'a');
    const load = await steadyLoad(rig, 100);
    rig.publish({
      services: { a: a.port, b: b.port },
      options: { b: { healthCheck: { timeoutSeconds: 3 } } },
      routes: { '/': 'a', '/b': 'b' },
    });
    await eventually(() => b.healthChecks.length > 0);
    const { port, store } = rig.xds;
    await rig.xds.close();
    rig.xds = await startXds({ port, store, timing: FAST });
    await reaches(rig, '/b', 'b');
    expect(await rig.envoy.admin.stat('cluster_manager.warming_clusters')).toBe(0);
    await eventually(() => status(rig.xds.server.nodes(), 'Cluster')?.state === 'SYNCED', { what: 'all to be synced' });
    expect((await load.stop()).failures).toEqual([]);
  });

  test('X80, D25: a gateway that changed while the server was away moves without a failed request', async () => {
    const { a, b } = await upstreams('a', 'b');
    const before = { services: { a: a.port }, routes: { '/': 'a' } };
    const rig = await run(form, before);
    await reaches(rig, '/', 'a');
    const load = await steadyLoad(rig, 100);
    const { port } = rig.xds;
    await rig.xds.close();
    await eventually(async () => (await rig.envoy.admin.stat('control_plane.connected_state')) === 0);
    const store = createSnapshotStore();
    const history = createDroppedHistory({ keepMs: 60_000, nowMs: () => Date.now() });
    rig.xds = await startXds({ port, store, timing: FAST, history });
    // Only a delta client says what it holds; for the others the server knows what was served before.
    rig.publish(before);
    const served = store.get('edge');
    if (form === 'sotw ADS' && served !== undefined) history.note(served);
    rig.publish({ services: { b: b.port }, routes: { '/': 'b' } });
    await reaches(rig, '/', 'b');
    await eventually(async () => (await clusterNames(rig)).join() === 'b', { what: 'the removal' });
    expect((await load.stop()).failures).toEqual([]);
  });

  test('X53: a service without endpoints is warm at once and holds up nothing', async () => {
    const { a } = await upstreams('a');
    const rig = await run(form, { services: { a: a.port }, routes: { '/': 'a' } });
    rig.publish({ services: { a: a.port, none: undefined }, routes: { '/': 'a', '/none': 'none', '/new': 'a' } });
    await eventually(async () => (await request({ port: rig.port, path: '/none' })).status === 503);
    await reaches(rig, '/new', 'a');
    expect(rig.xds.counts.get('gate:clusters')).toBeUndefined();
  });

  test('X30, X76, D15: a refused cluster keeps the routes that name it as they were, and a repaired one goes through', async () => {
    const { a, b } = await upstreams('a', 'b');
    const rig = await run(
      form,
      { services: { a: a.port }, routes: { '/': 'a' } },
      { describeResource: (_type, name) => (name === 'b' ? 'gateway.yaml:7:3' : undefined) },
    );
    await reaches(rig, '/', 'a');
    const contents = gatewayContents({ services: { a: a.port, b: b.port }, routes: { '/': 'b' }, port: rig.port }, form);
    rig.xds.publish({
      ...contents,
      Cluster: { ...contents.Cluster, b: { ...(contents.Cluster?.['b'] as object), transport_socket: { name: 'unknown' } } },
    });
    await eventually(() => status(rig.xds.server.nodes(), 'Cluster')?.state === 'ERROR', { what: 'the refusal' });
    const [line] = rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.nack');
    expect(line?.fields).toMatchObject({ type_url: TYPE_URLS.Cluster, resources: ['b'], source: 'gateway.yaml:7:3', gateway: GATEWAY });
    expect(status(rig.xds.server.nodes(), 'Cluster')?.rejected?.message).toContain('b');
    await reaches(rig, '/', 'a');
    rig.xds.publish(contents);
    await reaches(rig, '/', 'b');
    expect(status(rig.xds.server.nodes(), 'Cluster')?.state).toBe('SYNCED');
    expect(rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.nack')).toHaveLength(1);
  });

  test('X81: a changed listener and a changed cluster that name a secret warm again; a rotated secret alone drops nothing', async () => {
    const authority = await createAuthority();
    const [first, second, backend] = await Promise.all([
      authority.issue({ name: 'first.test' }),
      authority.issue({ name: 'second.test' }),
      authority.issue({ name: 'a.test', names: ['127.0.0.1'] }),
    ]);
    const a = await startUpstream({ name: 'a', tls: { cert: backend.cert, key: backend.key } });
    cleanUps.push(() => a.close());
    const secrets = (pair: { readonly cert: string; readonly key: string }): Record<string, object> => ({
      certificate: {
        name: 'certificate',
        tls_certificate: { certificate_chain: { inline_string: pair.cert }, private_key: { inline_string: pair.key } },
      },
      ca: { name: 'ca', validation_context: { trusted_ca: { inline_string: authority.cert } } },
    });
    const parts = {
      services: { a: a.port },
      options: { a: { caSecret: 'ca' } },
      routes: { '/': 'a' },
      tlsSecret: 'certificate',
      secrets: secrets(first),
    };
    const rig = await run(form, parts);
    const fetchOnce = (): ReturnType<typeof request> => request({ port: rig.port, tls: {} });
    await eventually(async () => (await fetchOnce()).headers['x-upstream'] === 'a', { what: 'TLS on both sides' });

    rig.publish({
      ...parts,
      options: { a: { caSecret: 'ca', connectTimeoutSeconds: 4 } },
      listenerName: 'main',
      routes: { '/': 'a', '/x': 'a' },
    });
    await eventually(async () => (await rig.envoy.admin.text('/config_dump?resource=dynamic_active_clusters')).includes('4s'), {
      what: 'the changed cluster',
      timeoutMs: 10_000,
    });
    await eventually(async () => (await fetchOnce()).headers['x-upstream'] === 'a');

    rig.publish({ ...parts, secrets: secrets(second) });
    await eventually(async () => (await rig.envoy.admin.text('/certs')).includes('second.test'), { what: 'the new certificate' });
    expect((await fetchOnce()).status).toBe(200);
    expect(await rig.envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
  });
});
