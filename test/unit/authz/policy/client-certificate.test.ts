// Client certificates as the proxy tells them: names by type, from the DER (M10).
import { beforeAll, describe, expect, it } from 'vitest';
import { certificateNames } from '../../../../src/authz/policy/certificate-names.ts';
import { ClientCertificate } from '../../../../src/authz/policy/client-certificate.ts';
import type { CertificateSettings, SubjectAltName } from '../../../../src/authz/policy/settings.ts';
import { createAuthority, type IssuedCertificate } from '../../../support/certificates.ts';

let leaf: IssuedCertificate;
beforeAll(async () => {
  const authority = await createAuthority();
  leaf = await authority.issue({
    name: 'b.example.com',
    names: ['b.example.com', '192.0.2.7'],
    uris: ['spiffe://example.com/ns/a'],
    client: true,
  });
});

const parsed = () => ClientCertificate.parse(encodeURIComponent(leaf.cert));
const settings = (san: SubjectAltName, forward: CertificateSettings['forward'] = []): CertificateSettings => ({
  name: 'mesh',
  sans: [san],
  forward,
});
const dns = (value: string): SubjectAltName => ({ type: 'dns', match: { kind: 'exact', value } });

describe('a client certificate', () => {
  it('fits by a name of the same type and by no other (authz M10)', () => {
    const certificate = parsed();
    const fits = (san: SubjectAltName) => certificate?.identity(settings(san)) !== undefined;
    expect(fits(dns('b.example.com'))).toBe(true);
    expect(fits({ type: 'uri', match: { kind: 'prefix', value: 'spiffe://example.com/' } })).toBe(true);
    expect(fits({ type: 'ip', match: { kind: 'exact', value: '192.0.2.7' } })).toBe(true);
    expect(fits({ type: 'dns', match: { kind: 'suffix', value: '.example.com' } })).toBe(true);
    expect(fits({ type: 'uri', match: { kind: 'exact', value: 'b.example.com' } })).toBe(false);
    expect(fits({ type: 'email', match: { kind: 'suffix', value: 'example.com' } })).toBe(false);
    expect(fits(dns('192.0.2.7'))).toBe(false);
    expect(fits(dns('example.com'))).toBe(false);
  });

  it('tells its fingerprint as Envoy prints it, and its names', () => {
    const forward = [
      { header: 'x-fp', part: 'fingerprint' },
      { header: 'x-uri', part: 'uri' },
      { header: 'x-dns', part: 'dns' },
      { header: 'x-subject', part: 'subject' },
    ] as const;
    const identity = parsed()?.identity(settings(dns('b.example.com'), forward));
    expect(Object.fromEntries(identity?.stamps ?? [])).toEqual({
      'x-fp': leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      'x-uri': 'spiffe://example.com/ns/a',
      'x-dns': 'b.example.com',
      'x-subject': 'CN=b.example.com',
    });
  });

  it('that cannot be read is none that fits', () => {
    for (const text of ['', 'x', '%', '-----BEGIN CERTIFICATE-----', 'a'.repeat(70_000)])
      expect(ClientCertificate.parse(text)).toBeUndefined();
  });

  it('with NUL in a name, or a broken list of names, is not compared (authz M10)', () => {
    const element = (tag: number, content: Buffer) =>
      Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
    const list = (...names: Buffer[]) => element(0x30, Buffer.concat(names));
    const certificate = (value: Buffer) => {
      const extension = element(0x30, Buffer.concat([element(0x06, Buffer.from([0x55, 0x1d, 0x11])), element(0x04, value)]));
      return element(0x30, element(0x30, element(0xa3, element(0x30, extension))));
    };
    const named = (text: string) => element(0x82, Buffer.from(text, 'latin1'));
    expect(certificateNames(certificate(list(named('a.b'), named('c'))))).toEqual([
      { type: 'dns', text: 'a.b' },
      { type: 'dns', text: 'c' },
    ]);
    for (const text of ['a.b\0.evil', 'ü', '', 'a\n'])
      expect(certificateNames(certificate(list(named('a.b'), named(text))))).toBeUndefined();
    expect(certificateNames(certificate(Buffer.from([0x30, 0x7f, 0x01])))).toBeUndefined();
    expect(certificateNames(Buffer.from([0x30, 0x84, 1, 1, 1, 1]))).toBeUndefined();
  });
});
