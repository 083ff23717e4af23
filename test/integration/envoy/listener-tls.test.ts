// TLS on listeners, against a real Envoy: certificates by SNI, client certificates, redirects to TLS, and replacing certificates on disk.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { openConnection } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

let gateway: Gateway;
let workspace: Workspace;
let upstream: Upstream;
let ca: CertificateAuthority;
let otherCa: CertificateAuthority;
let shop: IssuedCertificate;
let api: IssuedCertificate;
let client: IssuedCertificate;
let ports: { readonly http: number; readonly odd: number; readonly https: number; readonly mutual: number; readonly optional: number };

const config = (): string => `
listeners:
  https:
    port: ${ports.https}
    tls:
      certificates:
        - {cert: "\${file:shop.crt}", key: "\${file:shop.key}"}
        - api
  http: {port: ${ports.http}, redirect: {scheme: https}}
  odd: {port: ${ports.odd}, redirect: {scheme: https, port: ${ports.https}, code: 308}}
  mutual: {port: ${ports.mutual}, tls: {certificates: [api], clientAuth: {ca: "\${file:clients.crt}"}}}
  optional: {port: ${ports.optional}, tls: {minVersion: "1.3", alpn: [http/1.1], certificates: [api], clientAuth: {ca: "\${file:clients.crt}", mode: optional}}}
certificates:
  api: {cert: "\${file:mounted/tls.crt}", key: "\${file:mounted/tls.key}"}
services:
  backend: {endpoints: ["${upstream.address}"]}
routes:
  - {name: shop, hostnames: [shop.test], backends: [backend], requestHeaders: {set: {x-route: shop}}}
  - {name: api, hostnames: [api.test, "*.api.test"], backends: [backend], requestHeaders: {set: {x-route: api}}}
`;

beforeAll(async () => {
  ca = await createAuthority();
  otherCa = await createAuthority('another authority');
  shop = await ca.issue({ name: 'shop.test', keyType: 'rsa' });
  api = await ca.issue({ name: 'api.test', names: ['api.test', '*.api.test'] });
  client = await ca.issue({ name: 'a client', client: true });
  const [http = 0, odd = 0, https = 0, mutual = 0, optional = 0] = await freePorts(5);
  ports = { http, odd, https, mutual, optional };
  upstream = await startUpstream({ name: 'backend' });
  workspace = await createWorkspace({ 'shop.crt': shop.cert, 'shop.key': shop.key, 'clients.crt': ca.cert });
  await workspace.mount('mounted', { 'tls.crt': api.cert, 'tls.key': api.key });
  gateway = await startGateway({ config: config(), workspace, probes: { mutual: { clientCertificate: client } } });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream.close();
  await workspace.remove();
});

const shown = async (serverName: string): Promise<string> => {
  const connection = await openConnection({ port: ports.https, tls: { serverName } });
  connection.close();
  return connection.peer?.fingerprint256 ?? '';
};

describe('a TLS listener', () => {
  test('shows the certificate that fits the SNI, and the first where none fits', async () => {
    expect(await Promise.all(['shop.test', 'api.test', 'v1.api.test', 'else.test'].map(shown))).toEqual([
      shop.fingerprint256,
      api.fingerprint256,
      api.fingerprint256,
      shop.fingerprint256,
    ]);
  });

  test.each(['1.1', '2'] as const)('serves routes over HTTP/%s to clients that check its certificate', async (http) => {
    const response = await gateway.send({ listener: 'https', http, host: 'api.test', tls: { serverName: 'api.test', ca: ca.cert } });
    expect(response.json()).toMatchObject({ headers: { 'x-route': 'api', 'x-forwarded-proto': 'https' } });
  });

  test('serves every host of a reused HTTP/2 connection by its own routes (B10)', async () => {
    const connection = await openConnection({ port: ports.https, http: '2', tls: { serverName: 'api.test', ca: ca.cert } });
    for (const host of ['api.test', 'shop.test', 'v1.api.test']) {
      const response = await connection.request({ host });
      expect([response.status, (response.json().headers as Record<string, string>)['x-route']]).toEqual([200, host.split('.').at(-2)]);
    }
    connection.close();
  });

  test('offers the protocols and versions that were written', async () => {
    const target = { port: ports.optional, tls: { serverName: 'api.test' } };
    await expect(openConnection({ ...target, tls: { ...target.tls, maxVersion: 'TLSv1.2' } })).rejects.toThrow(/protocol version|alert/i);
    const connection = await openConnection({ ...target, http: '1.1' });
    expect(connection.peer).toMatchObject({ alpn: 'http/1.1', protocol: 'TLSv1.3' });
    connection.close();
  });
});

describe('a listener that redirects', () => {
  test.each([
    ['http', 'shop.test', 'https://shop.test/a?b=c', 301],
    ['odd', 'shop.test', 'https://shop.test:HTTPS/a?b=c', 308],
  ] as const)('%s sends %s to %s', async (listener, host, location, code) => {
    const response = await gateway.send({ listener, host: `${host}:${ports[listener]}`, path: '/a?b=c' });
    expect([response.status, response.headers.location]).toEqual([code, location.replace('HTTPS', String(ports.https))]);
  });

  test('serves no routes, not even unknown hosts or gRPC', async () => {
    expect((await gateway.send({ listener: 'http', host: 'nobody.test' })).status).toBe(301);
  });
});

describe('client certificates', () => {
  const ask = (listener: string, clientCertificate?: IssuedCertificate): Promise<number> =>
    gateway
      .send({
        listener,
        host: 'shop.test',
        tls: { serverName: 'api.test', ...(clientCertificate === undefined ? {} : { clientCertificate }) },
      })
      .then(({ status }) => status);

  test('that are required: a client with a valid one is served, others cannot connect', async () => {
    expect(await ask('mutual', client)).toBe(200);
    await expect(ask('mutual')).rejects.toThrow();
    await expect(ask('mutual', await otherCa.issue({ name: 'stranger', client: true }))).rejects.toThrow();
    await expect(ask('mutual', await ca.issue({ name: 'late', client: true, days: -1 }))).rejects.toThrow();
  });

  test('that are optional: a client without one is served, one with a bad one cannot connect', async () => {
    expect([await ask('optional'), await ask('optional', client)]).toEqual([200, 200]);
    await expect(ask('optional', await otherCa.issue({ name: 'stranger', client: true }))).rejects.toThrow();
  });
});

describe('a certificate that is replaced on disk (B9)', () => {
  const kinds = (versions: ReadonlyMap<string, string>, prefix: string): unknown =>
    [...versions].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));

  const replace = async (
    serverName: string,
    before: IssuedCertificate,
    after: IssuedCertificate,
    act: () => Promise<void>,
  ): Promise<void> => {
    const versions = await gateway.envoy.admin.versions();
    const open = await Promise.all(
      (['1.1', '2'] as const).map((http) => openConnection({ port: ports.https, http, tls: { serverName, ca: ca.cert } })),
    );
    expect(open.map(({ peer }) => peer?.fingerprint256)).toEqual([before.fingerprint256, before.fingerprint256]);
    await act();
    await eventually(async () => (await shown(serverName)) === after.fingerprint256);
    for (const connection of open) {
      expect((await connection.request({ host: 'shop.test' })).status).toBe(200);
      expect(connection.isClosed).toBe(false);
      connection.close();
    }
    const now = await gateway.envoy.admin.versions();
    for (const kind of ['Listener ', 'Cluster ', 'RouteConfiguration ', 'ClusterLoadAssignment '])
      expect(kinds(now, kind)).toEqual(kinds(versions, kind));
    expect(kinds(now, 'Secret ')).not.toEqual(kinds(versions, 'Secret '));
    const stats = await gateway.envoy.admin.stats(
      'listener_manager\\.(listener_modified|listener_in_place_updated|total_filter_chains_draining)',
    );
    expect([...stats].filter(([, value]) => value !== 0)).toEqual([]);
  };

  test('by renaming new files over the old is shown to new connections; open ones go on; nothing but the secret changes', async () => {
    const renewed = await ca.issue({ name: 'shop.test', keyType: 'rsa' });
    await replace('shop.test', shop, renewed, async () => {
      // Between the two saves certificate and key do not fit each other: the old pair is kept, and told (B3).
      const logged = gateway.chancery.logs().length;
      await workspace.save('shop.crt', renewed.cert, 'rename');
      await eventually(() => /CH\d{4}/.test(gateway.chancery.logs().slice(logged)), { what: 'the pair that does not fit to be told' });
      expect(await shown('shop.test')).toBe(shop.fingerprint256);
      await workspace.save('shop.key', renewed.key, 'rename');
    });
  });

  test('by the symbolic link of a mounted volume is shown in the same way', async () => {
    const renewed = await ca.issue({ name: 'api.test', names: ['api.test', '*.api.test'] });
    await replace('api.test', api, renewed, () => workspace.mount('mounted', { 'tls.crt': renewed.cert, 'tls.key': renewed.key }));
  });
});
