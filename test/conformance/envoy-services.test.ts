import { afterEach, describe, expect, test } from 'vitest';
import { bootstrapJson } from '../../src/cli/bootstrap-json.ts';
import { TransportSecurity } from '../../src/grpc/transport-security.ts';
import { Secret } from '../../src/lib/secret.ts';
import { certificateAccess } from '../../src/xds/certificate-access.ts';
import { createLoadReports } from '../../src/xds/load-reports.ts';
import { createRestServer } from '../../src/xds/rest-server.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import { createAuthority } from '../support/certificates.ts';
import { startEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { request } from '../support/http-client.ts';
import { quietLogger } from '../support/quiet-logger.ts';
import { testApi } from '../support/snapshots.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createWorkspace } from '../support/workspace.ts';
import { gatewayContents, restBootstrap, withLoadReports, xdsBootstrap } from './envoy-resources.ts';
import { GATEWAY, startXds } from './xds-harness.ts';

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function upstream(name: string): Promise<Upstream> {
  const started = await startUpstream({ name });
  cleanUps.push(() => started.close());
  return started;
}

describe('a real Envoy', () => {
  test('R28, R29, D14: reports requests and errors of every cluster, which are summed per service', async () => {
    const [good, bad] = [await upstream('good'), await upstream('bad')];
    bad.reply = () => ({ status: 500 });
    const loadReports = createLoadReports({ nowMs: Date.now });
    const xds = await startXds({ loadReports, loadReportIntervalMs: 500 });
    cleanUps.push(() => xds.close());
    const port = await freePort();
    xds.publish(gatewayContents({ services: { good: good.port, bad: bad.port }, routes: { '/': 'good', '/bad': 'bad' }, port }));
    const envoy = await startEnvoy(withLoadReports(xdsBootstrap(xds.port, GATEWAY, 'delta ADS')));
    cleanUps.push(() => envoy.stop());
    await eventually(async () => (await request({ port, path: '/' })).status === 200);
    await eventually(() => loadReports.status()[0]?.nodes === 1, { what: 'the first report' });
    const sinceMs = Date.now();
    for (let turn = 0; turn < 20; turn += 1) {
      await request({ port, path: '/' });
      await request({ port, path: '/bad' });
    }
    const sums = await eventually(() => {
      const since = loadReports.since({ gateway: GATEWAY, sinceMs: sinceMs - 1_000 });
      return (since.get('bad')?.completed ?? 0) >= 20 && (since.get('good')?.completed ?? 0) >= 20 && since;
    });
    expect(sums.get('bad')).toEqual({ completed: 20, errors: 20, dropped: 0 });
    expect(sums.get('good')).toMatchObject({ errors: 0 });
  });

  test('X14, R40: polls clusters, listeners, routes and endpoints by REST and serves with them; a change arrives', async () => {
    const [a, b] = [await upstream('a'), await upstream('b')];
    const xds = await startXds();
    cleanUps.push(() => xds.close());
    const rest = createRestServer({
      api: testApi(),
      logger: quietLogger(),
      targets: newestSnapshots(xds.store),
      identifier: 'test',
      clientStatus: { clients: () => [] },
    });
    const restPort = await rest.listen({ host: '127.0.0.1', port: 0 });
    cleanUps.push(() => rest.close());
    const port = await freePort();
    const publish = (services: Readonly<Record<string, number>>, to: string): void =>
      xds.publish(gatewayContents({ services, routes: { '/': to }, port }, 'rest'));
    publish({ a: a.port }, 'a');
    const envoy = await startEnvoy(restBootstrap(restPort, GATEWAY));
    cleanUps.push(() => envoy.stop());
    const reaches = (name: string): Promise<boolean> =>
      eventually(async () => (await request({ port, path: '/' })).headers['x-upstream'] === name, { what: `the way to ${name}` });
    await reaches('a');
    publish({ a: a.port, b: b.port }, 'b');
    await reaches('b');
    for (const stat of [
      'cluster_manager.cds.update_rejected',
      'listener_manager.lds.update_rejected',
      'cluster_manager.cds.update_failure',
    ])
      expect([stat, await envoy.admin.stat(stat)]).toEqual([stat, 0]);
  });

  test('O8, T10, B8: runs over mutual TLS, with a replaced certificate after a restart too; as another gateway it gets nothing', async () => {
    const a = await upstream('a');
    const authority = await createAuthority();
    const [server, next, own] = await Promise.all([
      authority.issue({ name: 'control.internal' }),
      authority.issue({ name: 'control.internal' }),
      authority.issue({ name: 'edge-1', names: ['edge-1.edge'], client: true }),
    ]);
    const files = await createWorkspace({ 'ca.pem': authority.cert, 'own.pem': own.cert, 'own.key': own.key });
    cleanUps.push(() => files.remove());
    const security = new TransportSecurity({ cert: server.cert, key: new Secret(server.key), clientCa: authority.cert });
    const xds = await startXds({ access: certificateAccess(), credentials: security });
    cleanUps.push(() => xds.close());
    const port = await freePort();
    const contents = gatewayContents({ services: { a: a.port }, routes: { '/': 'a' }, port });
    xds.publish(contents);
    xds.publish(contents, 'other');
    const bootstrap = (gateway: string): object =>
      bootstrapJson(testApi(), {
        nodeId: 'edge-1',
        gateway,
        xds: { host: '127.0.0.1', port: xds.port },
        xdsTls: {
          ca: files.path('ca.pem'),
          serverName: 'control.internal',
          client: { cert: files.path('own.pem'), key: files.path('own.key') },
        },
      }) as object;
    const envoy = await startEnvoy(bootstrap(GATEWAY));
    cleanUps.push(() => envoy.stop());
    await eventually(async () => (await request({ port, path: '/' })).headers['x-upstream'] === 'a');
    expect(await envoy.admin.stat('cluster.chancery/xds.ssl.handshake').catch(() => 1)).toBeGreaterThan(0);
    security.replace({ ...security.material, cert: next.cert, key: new Secret(next.key) });

    const stranger = await startEnvoy(bootstrap('other'), { waitUntilReady: false });
    cleanUps.push(() => stranger.stop());
    await eventually(() => xds.logs.some(({ fields }) => String(fields['reason']).includes('do not allow node')), { what: 'the refusal' });
    expect(await stranger.admin.isReady()).toBe(false);
    expect(xds.server.nodes().map(({ cluster }) => cluster)).toEqual([GATEWAY]);
  });
});
