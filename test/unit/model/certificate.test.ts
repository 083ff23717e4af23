import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';
import { certificateAgeProblems, type ParsedCertificate, parseCertificate } from '../../../src/model/certificate.ts';
import { keyTypeOf } from '../../../src/model/private-key.ts';
import { parseCaBundle, validAuthorities } from '../../../src/model/trusted-ca.ts';
import { type CertificateAuthority, createAuthority, type IssuedCertificate } from '../../support/certificates.ts';

const DAY_MS = 86_400_000;

let root: CertificateAuthority;
let intermediate: CertificateAuthority;
let leaf: IssuedCertificate;
let stranger: IssuedCertificate;

beforeAll(async () => {
  root = await createAuthority('Root');
  intermediate = await root.intermediate('Intermediate');
  leaf = await intermediate.issue({ name: 'shop.example.com', names: ['Shop.example.com', '*.shop.example.com'] });
  stranger = await root.issue({ name: 'other.example.com' });
});

function parse(cert: string, key: string): ParsedCertificate {
  return parseCertificate(cert, new Secret(key));
}

function problems({ problems: found }: ParsedCertificate): readonly string[] {
  return found.map((problem) => `${problem.severity === 'warning' ? 'warning ' : ''}${problem.code} ${problem.part}`);
}

describe('parseCertificate', () => {
  it('takes a pair as it should be', () => {
    const { pair, problems: found } = parse(`${leaf.cert}${intermediate.cert}`, leaf.key);
    expect(found).toEqual([]);
    expect(pair?.names).toEqual(['shop.example.com', '*.shop.example.com']);
    expect(pair?.keyType).toBe('ecdsa');
    expect(pair?.links.map((link) => link.subject)).toEqual(['shop.example.com', 'Intermediate']);
  });

  it('normalises CRLF, text between blocks, indentation and a missing last newline (B1)', () => {
    const clean = parse(`${leaf.cert}${intermediate.cert}`, leaf.key).pair;
    const messy = `# shop\r\n${leaf.cert.replaceAll('\n', '\r\n')}subject=CN Intermediate\r\n  ${intermediate.cert.replaceAll('\n', '\n  ').trim()}`;
    const { pair, problems: found } = parse(messy, leaf.key.replaceAll('\n', '\r\n').trim());
    expect(found).toEqual([]);
    expect(pair?.chain).toBe(clean?.chain);
    expect(pair?.chain).not.toContain('\r');
    expect(pair?.key.reveal()).toBe(clean?.key.reveal());
  });

  it('strips EC PARAMETERS before the key (B2)', () => {
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const { pair, problems: found } = parse(leaf.cert, `${parameters}${leaf.key}`);
    expect(found).toEqual([]);
    expect(pair?.key.reveal()).not.toContain('PARAMETERS');
  });

  it('refuses a key that does not match (B3)', () => {
    const parsed = parse(leaf.cert, stranger.key);
    expect(problems(parsed)).toEqual(['CH2303 pair']);
    expect(parsed.problems[0]?.message).toBe('the key does not match the certificate of shop.example.com');
    expect(parsed.pair).toBeUndefined();
  });

  it('names both kinds of key when they differ', async () => {
    const rsa = await root.issue({ name: 'rsa.example.com', keyType: 'rsa' });
    expect(parse(leaf.cert, rsa.key).problems[0]?.message).toContain('(they are ec and rsa)');
    expect(parse(rsa.cert, rsa.key).pair?.keyType).toBe('rsa');
  });

  it('puts a chain into order and says so', () => {
    const ordered = parse(`${leaf.cert}${intermediate.cert}${root.cert}`, leaf.key);
    const mixed = parse(`${root.cert}${leaf.cert}${intermediate.cert}`, leaf.key);
    expect(problems(ordered)).toEqual([]);
    expect(problems(mixed)).toEqual(['warning CH2308 cert']);
    expect(mixed.problems[0]?.message).toContain('shop.example.com → Intermediate → Root');
    expect(mixed.pair?.chain).toBe(ordered.pair?.chain);
  });

  it('leaves out what does not belong to the chain, and doubles', () => {
    const { pair, problems: found } = parse(`${leaf.cert}${leaf.cert}${stranger.cert}${intermediate.cert}`, leaf.key);
    expect(found.map((problem) => problem.message)).toEqual([
      'the certificate of other.example.com does not belong to the chain and is left out',
    ]);
    expect(pair?.links).toHaveLength(2);
  });

  it('warns of a private key in the certificate file', () => {
    expect(problems(parse(`${leaf.cert}${leaf.key}`, leaf.key))).toEqual(['warning CH2309 cert']);
  });

  it.each([
    ['a path', 'certs/shop.crt', 'this holds no certificate in PEM form'],
    ['a block without its end', 'CUT', 'a block has a BEGIN line but no END line; is the file complete?'],
    [
      'a block that is not base64',
      '-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----',
      'the block "CERTIFICATE" (number 1) is not base64',
    ],
    ['a block of something else', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'certificate 1 of 1 cannot be read'],
  ])('refuses %s as a certificate', (_what, text, message) => {
    const parsed = parse(text === 'CUT' ? leaf.cert.slice(0, 200) : text, leaf.key);
    expect(parsed.problems.map((problem) => problem.message)).toEqual([message]);
  });

  it.each([
    ['nothing', '', 'this holds no private key in PEM form'],
    ['a certificate', 'CERT', 'this holds no private key in PEM form'],
    ['two keys', 'TWO', 'this holds 2 private keys; one is expected'],
    [
      'an encrypted key',
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',
      'the private key is encrypted with a passphrase',
    ],
    [
      'an encrypted key of the old form',
      '-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----',
      'the private key is encrypted with a passphrase',
    ],
    ['something else', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'the private key cannot be read'],
  ])('refuses %s as a key', (_what, text, message) => {
    const written = new Map([
      ['CERT', leaf.cert],
      ['TWO', `${leaf.key}${stranger.key}`],
    ]);
    expect(parse(leaf.cert, written.get(text) ?? text).problems.map((problem) => problem.message)).toEqual([message]);
  });

  it('never repeats a part of a key in a message (C7)', () => {
    const canary = 'canary/of.a/private-key';
    expect(JSON.stringify(parse(leaf.cert, canary))).not.toContain('canary');
  });

  it('tells everything that is wrong at once (C3)', () => {
    expect(problems(parse('nothing', 'nothing'))).toEqual(['CH2301 cert', 'CH2302 key']);
  });
});

describe('keyTypeOf', () => {
  it.each([
    ['RSA of 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa'],
    ['RSA of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }), 'Envoy does not take an RSA key of 1024 bits'],
    ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), 'Envoy does not take a key of type rsa-pss'],
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ecdsa'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ecdsa'],
    ['secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), 'Envoy does not take the curve secp256k1'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), 'ed25519'],
  ])('knows whether Envoy takes %s', (_kind, generate, expected) => {
    const outcome = keyTypeOf(generate().publicKey);
    expect(outcome.ok ? outcome.value : outcome.problem.message).toBe(expected);
  });
});

describe('certificateAgeProblems (B4)', () => {
  it.each([
    ['nothing while valid', 0, []],
    ['an expired leaf', 60, ['CH2304']],
    ['expired intermediates too', 200, ['CH2304', 'CH2304']],
    ['a warning before the first day', -4_000, ['CH2305', 'CH2305']],
  ])('tells %s', (_what, days, codes) => {
    const { pair } = parse(`${leaf.cert}${intermediate.cert}`, leaf.key);
    const found = pair === undefined ? [] : certificateAgeProblems(pair, Date.now() + days * DAY_MS);
    expect(found.map((problem) => problem.code)).toEqual(codes);
  });
});

describe('validAuthorities (B4)', () => {
  it('drops an expired authority with a warning', async () => {
    const expired = await root.issue({ name: 'Old authority', days: -3 });
    const { pem, problems: found } = validAuthorities(parseCaBundle(`${expired.cert}${root.cert}`), Date.now());
    expect(pem.trim()).toBe(root.cert.trim());
    expect(found.map((problem) => `${problem.severity} ${problem.code}`)).toEqual(['warning CH2311']);
  });

  it('refuses a bundle of which nothing is left', () => {
    const { pem, problems: found } = validAuthorities(parseCaBundle(root.cert), Date.now() + 400 * DAY_MS);
    expect(pem).toBe('');
    expect(found.map((problem) => problem.code)).toEqual(['CH2304']);
  });

  it('keeps each authority once', () => {
    expect(parseCaBundle(`${root.cert}${root.cert}`).authorities).toHaveLength(1);
  });
});
