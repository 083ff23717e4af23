// How Envoy speaks to backends: HTTP/1.1, HTTP/2, gRPC, whatever the client speaks; TLS with authority, SNI, names and client certificate.
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CertificateAuthority, createAuthority } from '../../support/certificates.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcAnswer, grpcRequest } from '../../support/grpc-call.ts';
import { routePerService } from '../../support/route-per-service.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

type Name = 'http1' | 'h2' | 'tls' | 'tls1' | 'expired' | 'mutual';
let gateway: Gateway;
let authority: CertificateAuthority;
let upstreams: Readonly<Record<Name, Upstream>>;
let port: number;

const config = (): string => {
  const { http1, h2, tls, tls1, expired, mutual } = upstreams;
  const at = (upstream: Upstream): string => `endpoints: ["${upstream.address}"]`;
  const ca = 'ca: "${file:ca.crt}"';
  const services = `
services:
  http1: {${at(http1)}}
  h2: {${at(h2)}, protocol: h2}
  grpc: {${at(h2)}, protocol: grpc}
  auto: {${at(http1)}, protocol: auto}
  tls: {${at(tls)}, tls: {${ca}, sni: orders.internal}}
  tls-h2: {${at(tls)}, protocol: h2, tls: {${ca}, sni: orders.internal}}
  tls-auto: {${at(tls)}, protocol: auto, tls: {${ca}, sni: orders.internal}}
  tls-auto-1: {${at(tls1)}, protocol: auto, tls: {${ca}, sni: orders.internal}}
  tls-1-3: {${at(tls)}, tls: {${ca}, sni: orders.internal, minVersion: "1.3"}}
  tls-host: {endpoints: ["localhost:${tls.port}"], tls: {${ca}, subjectAltNames: [orders.internal]}}
  tls-other-name: {${at(tls)}, tls: {${ca}, sni: orders.internal, subjectAltNames: [other.internal, second.internal]}}
  tls-one-of: {${at(tls)}, tls: {${ca}, sni: orders.internal, subjectAltNames: [other.internal, second.orders.internal]}}
  tls-wrong-sni: {${at(tls)}, tls: {${ca}, sni: payments.internal}}
  tls-no-sni: {${at(tls)}, tls: {${ca}}}
  tls-other-ca: {${at(tls)}, tls: {ca: "\${file:other-ca.crt}", sni: orders.internal}}
  tls-system-ca: {${at(tls)}, tls: {sni: orders.internal}}
  tls-expired: {${at(expired)}, tls: {${ca}, sni: orders.internal}}
  tls-mutual: {${at(mutual)}, tls: {${ca}, sni: orders.internal, clientCertificate: gateway}}
  tls-mutual-missing: {${at(mutual)}, tls: {${ca}, sni: orders.internal}}
`;
  return `
listeners:
  http: {port: ${port}}
certificates:
  gateway: {cert: "\${file:client.crt}", key: "\${file:client.key}"}
${services}
${routePerService(services)}
`;
};

beforeAll(async () => {
  authority = await createAuthority();
  const server = await authority.issue({ name: 'orders.internal', names: ['orders.internal', 'second.orders.internal'] });
  const client = await authority.issue({ name: 'gateway', client: true });
  const old = await authority.issue({ name: 'orders.internal', days: -1 });
  upstreams = {
    http1: await startUpstream({ name: 'http1' }),
    h2: await startUpstream({ name: 'h2', protocol: 'h2' }),
    tls: await startUpstream({ name: 'tls', protocol: 'both', tls: server }),
    tls1: await startUpstream({ name: 'tls1', tls: server }),
    expired: await startUpstream({ name: 'expired', tls: old }),
    mutual: await startUpstream({ name: 'mutual', tls: { ...server, clientCa: authority.cert } }),
  };
  port = await freePort();
  gateway = await startGateway({
    config: config(),
    files: {
      'ca.crt': authority.cert,
      'other-ca.crt': (await createAuthority('another authority')).cert,
      'client.crt': client.cert,
      'client.key': client.key,
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});
beforeEach(() => {
  for (const upstream of Object.values(upstreams)) upstream.reset();
});

describe('the protocol of a service', () => {
  test.each([
    ['http1', '1.1', '1.1'],
    ['http1', '2', '1.1'],
    ['h2', '1.1', '2.0'],
    ['h2', '2', '2.0'],
    ['auto', '1.1', '1.1'],
    ['auto', '2', '1.1'],
    ['tls', '2', '1.1'],
    ['tls-h2', '1.1', '2.0'],
    ['tls-auto', '1.1', '2.0'],
    ['tls-auto-1', '2', '1.1'],
  ] as const)('%s, asked over HTTP/%s, is reached over HTTP/%s', async (service, http, seen) => {
    const response = await gateway.send({ host: `${service}.test`, http });
    expect([response.status, response.json().httpVersion]).toEqual([200, seen]);
  });

  test.each(['grpc', 'h2', 'tls-h2', 'tls-auto'])('%s carries gRPC with its trailers', async (service) => {
    for (const upstream of [upstreams.h2, upstreams.tls]) upstream.reply = () => ({ grpcStatus: 5 });
    const call = grpcRequest('/shop.v1.Orders/Get', Buffer.from('payload'), { host: `${service}.test` });
    expect(grpcAnswer(await gateway.send({ http: '2', ...call }))).toMatchObject({
      httpStatus: 200,
      status: 5,
      payload: Buffer.from('payload'),
    });
  });

  test('grpc to a backend that is gone is answered with the gRPC status UNAVAILABLE', async () => {
    await upstreams.h2.down();
    const answer = grpcAnswer(await gateway.send({ http: '2', ...grpcRequest('/shop.v1.Orders/Get', undefined, { host: 'grpc.test' }) }));
    await upstreams.h2.up();
    expect([answer.httpStatus, answer.status]).toEqual([200, 14]);
  });
});

describe('TLS towards a service', () => {
  test.each([
    ['tls', 'orders.internal'],
    ['tls-1-3', 'orders.internal'],
    ['tls-one-of', 'orders.internal'],
    ['tls-host', 'localhost'],
    ['tls-no-sni', false],
  ])('of %s trusts its authority and sends the SNI %s', async (service, serverName) => {
    expect((await gateway.send({ host: `${service}.test` })).status).toBe(200);
    expect(upstreams.tls.requests[0]?.tls?.serverName).toBe(serverName);
  });

  test.each([
    ['a certificate without any of the names', 'tls-other-name'],
    ['a certificate without the name sent as SNI', 'tls-wrong-sni'],
    ['an authority that is not trusted', 'tls-other-ca'],
    ['an authority that the system does not trust, by default', 'tls-system-ca'],
    ['an expired certificate', 'tls-expired'],
    ['a backend that demands a client certificate, without one', 'tls-mutual-missing'],
  ])('refuses %s with 503', async (_title, service) => {
    const response = await gateway.send({ host: `${service}.test` });
    expect([response.status, upstreams.tls.requests.length, upstreams.expired.requests.length]).toEqual([503, 0, 0]);
  });

  test('shows the client certificate', async () => {
    expect((await gateway.send({ host: 'tls-mutual.test' })).status).toBe(200);
    expect(upstreams.mutual.requests[0]?.tls?.clientSubject).toBe('gateway');
  });
});

describe('a WebSocket', () => {
  const handshake = (host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let seen = '';
      socket.on('error', reject).on('data', (data) => {
        seen += data.toString('latin1');
        if (seen.endsWith('\r\n\r\n') && seen.startsWith('HTTP/1.1 101')) socket.write('ping over the tunnel');
        if (seen.includes('ping over the tunnel') || !seen.startsWith('HTTP/1.1 101')) socket.destroy();
      });
      socket.on('close', () => resolve(seen));
      socket.write(
        `GET /chat HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
    });

  test.each(['http1', 'tls', 'tls-auto'])('to %s is carried over HTTP/1.1 (B26)', async (service) => {
    const seen = await handshake(`${service}.test`);
    expect(seen).toMatch(/^HTTP\/1\.1 101 /);
    expect(seen).toContain('"httpVersion":"1.1"');
    expect(seen).toContain('ping over the tunnel');
  });
});
