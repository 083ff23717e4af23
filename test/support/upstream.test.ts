import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from './certificates.ts';
import { grpcAnswer, grpcRequest } from './grpc-call.ts';
import { openConnection, request } from './http-client.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const upstreams: Upstream[] = [];
const started = async (options: Parameters<typeof startUpstream>[0]): Promise<Upstream> => {
  const upstream = await startUpstream(options);
  upstreams.push(upstream);
  return upstream;
};

afterEach(async () => {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
});

describe('a test upstream', () => {
  test('records method, raw path, Host and headers of a request and answers what it saw', async () => {
    const { port, requests } = await started({ name: 'a' });
    const response = await request({
      port,
      path: '/x%2Fy?q=1',
      host: 'shop.example.com',
      headers: { 'X-One': ['a', 'b'] },
      method: 'PUT',
      body: 'hello',
    });
    expect(response.headers['x-upstream']).toBe('a');
    expect(response.json()).toMatchObject({
      upstream: 'a',
      method: 'PUT',
      path: '/x%2Fy?q=1',
      authority: 'shop.example.com',
      body: 'hello',
    });
    expect(requests[0]).toMatchObject({ headers: { 'x-one': 'a, b' }, connection: 1, httpVersion: '1.1' });
  });

  test('speaks HTTP/2 without TLS and echoes gRPC with its status in the trailers', async () => {
    const upstream = await started({ name: 'g', protocol: 'h2' });
    const call = { port: upstream.port, http: '2' as const, ...grpcRequest('/shop.Orders/Get', Buffer.from('payload')) };
    expect(grpcAnswer(await request(call))).toMatchObject({ httpStatus: 200, status: 0, payload: Buffer.from('payload') });
    upstream.reply = () => ({ grpcStatus: 14 });
    expect(grpcAnswer(await request(call)).status).toBe(14);
  });

  test.each(['1.1', '2'] as const)('over HTTP/%s resets, cuts off or leaves hanging on command', async (http) => {
    const upstream = await started({ name: 'bad', protocol: http === '2' ? 'h2' : 'http1' });
    for (const instead of ['reset', 'refuse', 'cut', 'hang'] as const) {
      upstream.reply = () => ({ instead });
      await expect(request({ port: upstream.port, http, timeoutMs: 200 })).rejects.toThrow();
    }
    upstream.reset();
    expect((await request({ port: upstream.port, http })).status).toBe(200);
  });

  test('keeps health checks apart and answers them by its health', async () => {
    const upstream = await started({ name: 'h' });
    const check = { port: upstream.port, path: '/healthz', headers: { 'user-agent': 'Envoy/HC' } };
    expect((await request(check)).status).toBe(200);
    upstream.isHealthy = false;
    expect((await request(check)).status).toBe(503);
    expect([upstream.requests.length, upstream.healthChecks.length]).toEqual([0, 2]);
  });

  test('goes down with all its connections and comes up on the same port', async () => {
    const upstream = await started({ name: 'd' });
    const connection = await openConnection({ port: upstream.port });
    await connection.request();
    await upstream.down();
    await expect(connection.request()).rejects.toThrow();
    await expect(request({ port: upstream.port })).rejects.toThrow(/ECONNREFUSED/);
    await upstream.up();
    expect((await request({ port: upstream.port })).status).toBe(200);
  });

  test('says over TLS which name and certificate the client showed', async () => {
    const authority = await createAuthority();
    const server = await authority.issue({ name: 'orders.internal' });
    const client = await authority.issue({ name: 'gateway', client: true, keyType: 'rsa' });
    const upstream = await started({ name: 't', protocol: 'both', tls: { ...server, clientCa: authority.cert } });
    const tls = { serverName: 'orders.internal', ca: authority.cert, clientCertificate: client };
    for (const [http, alpn] of [
      ['1.1', 'http/1.1'],
      ['2', 'h2'],
    ] as const) {
      const connection = await openConnection({ port: upstream.port, http, tls });
      await connection.request();
      expect(connection.peer).toMatchObject({ fingerprint256: server.fingerprint256, alpn });
      expect(upstream.requests.at(-1)?.tls).toEqual({ serverName: 'orders.internal', alpn, clientSubject: 'gateway' });
      connection.close();
    }
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 2]);
    await expect(request({ port: upstream.port, tls: { serverName: 'orders.internal', ca: authority.cert } })).rejects.toThrow();
  });
});

test('an expired certificate is refused by a client that trusts its authority', async () => {
  const authority = await createAuthority();
  const expired = await authority.issue({ name: 'old.example.com', days: -1 });
  const { port } = await started({ name: 'e', tls: expired });
  await expect(request({ port, tls: { serverName: 'old.example.com', ca: authority.cert } })).rejects.toThrow(/expired/);
});
