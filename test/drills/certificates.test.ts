// A certificate is rotated while load runs over TLS: kept connections stay, new ones see the new certificate, and only the secret is sent (B9).
// Host names of a TLS listener come and go likewise.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CertificateAuthority, createAuthority } from '../support/certificates.ts';
import { drill } from '../support/drill.ts';
import { eventually } from '../support/eventually.ts';
import { type Fleet, type FleetLoadOptions, startFleet } from '../support/fleet.ts';
import { grpcRequest } from '../support/grpc-call.ts';
import { openConnection } from '../support/http-client.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const PORT = 10_443;
let [web, rpc]: Upstream[] = [];
let authority: CertificateAuthority;
let fleet: Fleet;

const config = (hostnames = '[shop.test]', more = ''): string => `
accessLog: {json: stdout}
listeners:
  https: {port: ${PORT}, tls: {certificates: [shop]}}
certificates:
  shop: {cert: "\${file:shop.crt}", key: "\${file:shop.key}"}
services:
  web: {endpoints: ["${web?.address}"]}
  rpc: {endpoints: ["${rpc?.address}"], protocol: grpc}
routes:
  - {name: web, hostnames: ${hostnames}, matches: [{path: {prefix: /orders}}], backends: [web]}
  - {name: rpc, hostnames: ${hostnames}, matches: [{grpc: {service: shop.v1.Orders}}], backends: [rpc]}
${more}
`;

beforeAll(async () => {
  web = await startUpstream({ name: 'web' });
  rpc = await startUpstream({ name: 'rpc', protocol: 'h2' });
  authority = await createAuthority();
  const { cert, key } = await authority.issue({ name: 'shop.test', names: ['shop.test', '*.shop.test', 'live.marker.test'] });
  fleet = await startFleet({
    config: config(),
    files: { 'shop.crt': cert, 'shop.key': key },
    proxies: { delta: {}, sotw: { variant: 'sotw' } },
    probes: { https: { serverName: 'live.marker.test', ca: authority.cert } },
  });
});
afterAll(async () => {
  await fleet?.stop();
  await web?.close();
  await rpc?.close();
});

const tls = (): { readonly serverName: string; readonly ca: string } => ({ serverName: 'shop.test', ca: authority.cert });
const host = 'shop.test';
/** Plain requests would not be understood: all load is over TLS. */
const load = (): FleetLoadOptions => ({
  plain: false,
  more: {
    kept: { target: { tls: tls() }, request: (n: number) => ({ host, path: `/orders/${n}` }), perSecond: 40 },
    fresh: { target: { tls: tls() }, request: (n: number) => ({ host, path: `/orders/${n}` }), perSecond: 20, connections: 0 },
    grpc: {
      target: { tls: tls(), http: '2' },
      request: () => grpcRequest('/shop.v1.Orders/Get', Buffer.from('x'), { host }),
      perSecond: 40,
    },
  },
});

const shown = (): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    [...fleet.proxies.values()].map(async ({ port }) => {
      const connection = await openConnection({ port: port(PORT), tls: tls() });
      connection.close();
      return connection.peer?.fingerprint256;
    }),
  );

test('a certificate is rotated, and no connection is closed (B9)', async () => {
  await drill(async () => {
    const kept = await Promise.all([...fleet.proxies.values()].map(({ port }) => openConnection({ port: port(PORT), tls: tls() })));
    const told = [...fleet.proxies.values()].map(({ relay }) => relay.responses.length);
    await fleet.underLoad(async (more) => {
      const { cert, key, fingerprint256 } = await authority.issue({
        name: 'shop.test',
        names: ['shop.test', '*.shop.test', 'live.marker.test'],
      });
      // One after the other, as certificate managers write them: what does not match yet must not be served.
      await fleet.workspace.save('shop.key', key, 'rename');
      await more(3);
      await fleet.workspace.save('shop.crt', cert, 'rename');
      await eventually(async () => (await shown()).every((fingerprint) => fingerprint === fingerprint256), { what: 'the new certificate' });
    }, load());
    for (const connection of kept) {
      expect((await connection.request({ host, path: '/orders/kept' })).status).toBe(200);
      connection.close();
    }
    const sent = [...fleet.proxies.values()].flatMap(({ relay }, index) => relay.responses.slice(told[index]).map(({ kind }) => kind));
    expect(new Set(sent)).toEqual(new Set(['Secret']));
  });
});

test('host names of a TLS listener come and go', async () => {
  await drill(() =>
    fleet.underLoad(async (more) => {
      for (const hostnames of ['[shop.test, new.shop.test]', '["*"]', '[shop.test, "*.shop.test"]', '[shop.test]']) {
        await fleet.apply(config(hostnames));
        await more(3);
      }
    }, load()),
  );
});
