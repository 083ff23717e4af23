import { request as httpsRequest } from 'node:https';
import { type ChannelCredentials, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TransportSecurity } from '../../src/grpc/transport-security.ts';
import { Secret } from '../../src/lib/secret.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { certificateAccess } from '../../src/xds/certificate-access.ts';
import { DISCOVERY_SERVICES } from '../../src/xds/discovery-services.ts';
import { createLoadReports } from '../../src/xds/load-reports.ts';
import { createRestServer, type RestServer } from '../../src/xds/rest-server.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '../support/certificates.ts';
import { quietLogger } from '../support/quiet-logger.ts';
import { testApi } from '../support/snapshots.ts';
import { callBytes, message, openStream } from '../support/xds-calls.ts';
import { GATEWAY, startXds, type XdsHarness } from './xds-harness.ts';

const OTHER = 'other';
const NODE = { id: 'n', cluster: GATEWAY };

let authority: CertificateAuthority;
let server: IssuedCertificate;
/** May act for `GATEWAY`. */
let own: IssuedCertificate;
/** May act for `OTHER`. */
let foreign: IssuedCertificate;
/** Has the right names, of an authority that nobody trusts. */
let forged: IssuedCertificate;
let security: TransportSecurity;
let xds: XdsHarness;
let rest: RestServer;
let restPort = 0;

beforeAll(async () => {
  authority = await createAuthority();
  const stranger = await createAuthority('Somebody else');
  [server, own, foreign, forged] = await Promise.all([
    authority.issue({ name: 'localhost' }),
    authority.issue({ name: GATEWAY, client: true }),
    authority.issue({ name: OTHER, client: true }),
    stranger.issue({ name: GATEWAY, client: true }),
  ]);
});

beforeEach(async () => {
  const access = certificateAccess();
  security = new TransportSecurity({ cert: server.cert, key: new Secret(server.key), clientCa: authority.cert });
  xds = await startXds({ access, credentials: security, loadReports: createLoadReports({ nowMs: Date.now }) });
  xds.publish({ Cluster: { a: '1' }, Secret: { a: 'canary' } });
  rest = createRestServer({
    api: testApi(),
    logger: quietLogger(),
    targets: newestSnapshots(xds.store),
    identifier: 'test',
    clientStatus: { clients: () => [] },
    access,
    security,
  });
  restPort = await rest.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await rest.close();
  await xds.close();
});

function channel(client?: IssuedCertificate): ChannelCredentials {
  const ca = Buffer.from(authority.cert);
  return client === undefined ? credentials.createSsl(ca) : credentials.createSsl(ca, Buffer.from(client.key), Buffer.from(client.cert));
}

/** Every method that hands something out for a node, with the status of a call by that client for that node. */
const METHODS: readonly {
  readonly title: string;
  readonly call: (client: IssuedCertificate | undefined, node: object) => Promise<number>;
}[] = [
  ...DISCOVERY_SERVICES.flatMap(({ name, streams, fetches }) => [
    ...Object.entries(streams).map(([method, { variant, typeUrl }]) => ({
      title: `${name}/${method}`,
      call: (client: IssuedCertificate | undefined, node: object) =>
        streamed(`/${name}/${method}`, client, {
          type: variant === 'sotw' ? 'envoy.service.discovery.v3.DiscoveryRequest' : 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
          value: { node, type_url: typeUrl ?? TYPE_URLS.Secret },
        }),
    })),
    ...Object.keys(fetches).map((method) => ({
      title: `${name}/${method}`,
      call: async (client: IssuedCertificate | undefined, node: object) => {
        const bytes = message('envoy.service.discovery.v3.DiscoveryRequest', { node, resource_names: ['a'] });
        return (await callBytes({ port: xds.port, credentials: channel(client) }, `/${name}/${method}`, bytes)).code;
      },
    })),
  ]),
  {
    title: 'load reports',
    call: (client, node) =>
      streamed('/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats', client, {
        type: 'envoy.service.load_stats.v3.LoadStatsRequest',
        value: { node },
      }),
  },
  {
    title: 'client status, a stream',
    call: (client, node) =>
      streamed('/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus', client, {
        type: 'envoy.service.status.v3.ClientStatusRequest',
        value: { node },
      }),
  },
  {
    title: 'client status, fetched',
    call: async (client, node) => {
      const bytes = message('envoy.service.status.v3.ClientStatusRequest', { node });
      const path = '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus';
      return (await callBytes({ port: xds.port, credentials: channel(client) }, path, bytes)).code;
    },
  },
  ...['clusters', 'secrets', 'listeners'].map((kind) => ({
    title: `REST ${kind}`,
    call: (client: IssuedCertificate | undefined, node: object) => polled(kind, client, node),
  })),
];

interface Message {
  readonly type: string;
  readonly value: object;
}

/** OK where the stream stays open until the client ends it. */
async function streamed(path: string, client: IssuedCertificate | undefined, { type, value }: Message): Promise<number> {
  const stream = openStream({ port: xds.port, credentials: channel(client) }, path);
  stream.write(message(type, value));
  stream.halfClose();
  return (await stream.ended).code;
}

const GRPC_CODES: Readonly<Record<number, status>> = { 200: status.OK, 401: status.UNAUTHENTICATED, 403: status.PERMISSION_DENIED };

function polled(kind: string, client: IssuedCertificate | undefined, node: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: restPort,
        path: `/v3/discovery:${kind}`,
        method: 'POST',
        ca: authority.cert,
        servername: 'localhost',
        ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
      },
      (response) => {
        response.resume();
        resolve(GRPC_CODES[response.statusCode ?? 0] ?? -1);
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify({ node, resource_names: ['a'] }));
  });
}

describe('access to the xDS port', () => {
  test.each(METHODS)('B59, T10, CVE-2026-53714: $title answers only those that may act for the node', async ({ call }) => {
    expect({
      withoutCertificate: await call(undefined, NODE),
      forged: await call(forged, NODE),
      asAnotherGateway: await call(foreign, NODE),
      own: await call(own, NODE),
    }).toEqual({
      withoutCertificate: status.UNAUTHENTICATED,
      forged: status.UNAUTHENTICATED,
      asAnotherGateway: status.PERMISSION_DENIED,
      own: status.OK,
    });
  });

  test('T10: who is refused sees no other gateway, and a stream without a message is refused at once', async () => {
    const stream = openStream(
      { port: xds.port, credentials: channel() },
      '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    );
    const { code, details } = await stream.ended;
    expect([code, details]).toEqual([status.UNAUTHENTICATED, expect.stringContaining('client certificate')]);
    expect(stream.received).toEqual([]);
    expect(xds.server.nodes()).toEqual([]);
  });

  test('T10: reflection is for clients that we know, of whatever gateway', async () => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const codeOf = async (client: IssuedCertificate | undefined): Promise<number> => {
      const stream = openStream({ port: xds.port, credentials: channel(client) }, path);
      stream.write(Buffer.from([0x3a, 0]));
      stream.halfClose();
      return (await stream.ended).code;
    };
    expect([await codeOf(undefined), await codeOf(forged), await codeOf(foreign)]).toEqual([
      status.UNAUTHENTICATED,
      status.UNAUTHENTICATED,
      status.OK,
    ]);
  });

  test('health is told to everybody: a probe has no certificate', async () => {
    const { code, bytes } = await callBytes({ port: xds.port, credentials: channel() }, '/grpc.health.v1.Health/Check', Buffer.alloc(0));
    expect([code, bytes]).toEqual([status.OK, Buffer.from([0x08, 1])]);
  });

  test('B8: a replaced certificate counts for new connections, an open stream stays', async () => {
    const next = await createAuthority('The next authority');
    const [nextServer, nextOwn] = await Promise.all([next.issue({ name: 'localhost' }), next.issue({ name: GATEWAY, client: true })]);
    const before = openStream(
      { port: xds.port, credentials: channel(own) },
      '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    );
    before.write(message('envoy.service.discovery.v3.DiscoveryRequest', { node: NODE, type_url: TYPE_URLS.Cluster }));
    await before.nth(0);
    security.replace({ cert: nextServer.cert, key: new Secret(nextServer.key), clientCa: next.cert });
    const after = credentials.createSsl(Buffer.from(next.cert), Buffer.from(nextOwn.key), Buffer.from(nextOwn.cert));
    const path = '/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters';
    const request = message('envoy.service.discovery.v3.DiscoveryRequest', { node: NODE });
    expect((await callBytes({ port: xds.port, credentials: after }, path, request)).code).toBe(status.OK);
    expect((await callBytes({ port: xds.port, credentials: channel(own) }, path, request)).code).toBe(status.UNAVAILABLE);
    xds.publish({ Cluster: { a: '2' } });
    const { nonce } = testApi().decode('envoy.service.discovery.v3.DiscoveryResponse', before.received[0] ?? Buffer.alloc(0));
    before.write(message('envoy.service.discovery.v3.DiscoveryRequest', { type_url: TYPE_URLS.Cluster, response_nonce: nonce ?? '' }));
    await before.nth(1);
    before.close();
  });
});
