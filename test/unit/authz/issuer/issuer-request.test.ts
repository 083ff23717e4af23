// How an issuer is connected to: names verified, versions of TLS, protocols, deadlines (authz J1, J3, B43).
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type IssuerRequest, issuerRequest } from '../../../../src/authz/issuer/issuer-request.ts';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '../../../support/certificates.ts';
import { type JwksServer, startJwksServer, testIssuer } from '../../../support/test-issuer.ts';

const issuer = testIssuer();

function asked(url: string, over: Partial<IssuerRequest> = {}): ReturnType<typeof issuerRequest> {
  return issuerRequest({ url, ca: undefined, dev: true, signal: AbortSignal.timeout(2_000), maxBytes: 1_000, ...over });
}

describe('over TLS', () => {
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let good: IssuedCertificate;
  let server: JwksServer | undefined;

  beforeAll(async () => {
    [authority, stranger] = await Promise.all([createAuthority(), createAuthority('Somebody else')]);
    good = await authority.issue({ name: 'issuer', names: ['127.0.0.1'] });
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  const serving = async (
    { cert, key }: IssuedCertificate = good,
    versions: Parameters<typeof startJwksServer>[1] = {},
  ): Promise<string> => {
    server = await startJwksServer(issuer, { cert, key, ...versions });
    return server.url;
  };

  it('an issuer whose authority and name are right is heard, at TLS 1.2 alone and at TLS 1.3 alone (authz J1, B43)', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const url = await serving(good, { minVersion: version, maxVersion: version });
      expect((await asked(url, { ca: authority.cert })).status).toBe(200);
      await server?.stop();
    }
  });

  it('TLS 1.1 is refused, although the issuer could be heard so (authz J1)', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const url = await serving(good, old);
    const port = Number(new URL(url).port);
    const spoken = await new Promise<string | null>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...old }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(spoken).toBe('TLSv1.1');
    await expect(asked(url, { ca: authority.cert })).rejects.toMatchObject({ code: expect.stringMatching(/SSL|PROTO|ECONNRESET/) });
    expect(server?.requests).toEqual([]);
  });

  it('another name, another authority, an expired certificate and one for clients are refused (authz J1, T11)', async () => {
    const certificates = await Promise.all([
      authority.issue({ name: 'issuer', names: ['id.example.com'] }),
      stranger.issue({ name: 'issuer', names: ['127.0.0.1'] }),
      authority.issue({ name: 'issuer', names: ['127.0.0.1'], days: -1 }),
      authority.issue({ name: 'issuer', names: ['127.0.0.1'], client: true }),
    ]);
    const codes: unknown[] = [];
    for (const certificate of certificates) {
      const url = await serving(certificate);
      codes.push(
        await asked(url, { ca: authority.cert }).then(
          () => 'heard',
          (error: unknown) => error instanceof Error && 'code' in error && error.code,
        ),
      );
      expect(server?.requests).toEqual([]);
      await server?.stop();
    }
    expect(codes).toEqual(['ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED', 'INVALID_PURPOSE']);
  });

  it('NODE_TLS_REJECT_UNAUTHORIZED=0 turns nothing off (authz J1)', async () => {
    const url = await serving();
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(asked(url)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      await expect(asked(url, { ca: stranger.cert })).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(server?.requests).toEqual([]);
  });
});

describe('the address', () => {
  it.each([
    'ftp://id.example.com/',
    'http://id.example.com/',
    'http://10.0.0.1/',
    'http://localhost.example.com/',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'no address',
    '',
    'https://169.254.169.254/',
    'https://0xa9fea9fe/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://0/',
  ])('%s is never asked, not in --dev either (authz J1, J2, T11)', async (url) => {
    await expect(asked(url)).rejects.toMatchObject({ reason: 'address' });
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'https://127.1:1/',
    'https://[::1]:1/',
    'https://2130706433:1/',
    'https://localhost:1/',
  ])('%s is not asked outside of --dev (authz J1, J2)', async (url) => {
    await expect(asked(url, { dev: false })).rejects.toMatchObject({ reason: 'address' });
  });
});

describe('an answer', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  });

  /** Answers each request with exactly these bytes. */
  const serving = async (bytes: string | Buffer): Promise<string> => {
    server = createServer();
    server.on('connection', (socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.removeAllListeners('data');
      socket.once('data', () => socket.end(bytes));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/`;
  };

  it.each([
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['a bare end', ''],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['an early hint alone', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
    ['a header without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} '],
    ['less than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}'],
    ['chunks without end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
    ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a part', 'HTTP/1.1 206 Partial Content\r\ncontent-length: 2\r\n\r\n{}'],
    ['nothing new, which nobody asked for', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ])('that is %s is refused at once (authz J1, J3, T11)', async (_what, bytes) => {
    const url = await serving(bytes);
    const begun = performance.now();
    await expect(asked(url, { signal: AbortSignal.timeout(10_000) })).rejects.toBeInstanceOf(Error);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('is taken as it stands: nothing is inflated, so no bomb goes off, and what it says of its kind does not matter (authz J3, T11)', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const head = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\n\r\n`;
    const { body } = await asked(await serving(Buffer.concat([Buffer.from(head), bomb])), { maxBytes: 20_000 });
    expect(body.equals(bomb)).toBe(true);
  });

  it('has as many bytes as were allowed and not one more (authz J3)', async () => {
    const of = (length: number): string => `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(length)}`;
    expect((await asked(await serving(of(1_000)))).body).toHaveLength(1_000);
    await expect(asked(await serving(of(1_001)))).rejects.toMatchObject({ reason: 'oversized' });
  });
});
