// The verifier of tokens, rule by rule of authz §3.
import { constants, createPrivateKey, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { JwtOutcome } from '../../../../src/authz/handler-ports.ts';
import { createJwtVerifier, type JwtVerifierParts } from '../../../../src/authz/identity/jwt-verifier.ts';
import { createInlineKeys } from '../../../../src/authz/jwks/inline-keys.ts';
import type { KeyAnswer, KeySource } from '../../../../src/authz/jwks/key-source.ts';
import type { JwtSettings } from '../../../../src/authz/policy/settings.ts';
import { Secret } from '../../../../src/lib/secret.ts';
import { jwtSettings } from '../../../support/jwt-settings.ts';
import {
  ASYMMETRIC_ALGORITHMS,
  secretToken,
  segment,
  signedToken,
  type TestIssuer,
  testIssuer,
  testKey,
} from '../../../support/test-issuer.ts';

const NOW = 1_800_000_000;
const issuer = testIssuer({ algorithms: [...ASYMMETRIC_ALGORITHMS] });

function inlineSource(): KeySource {
  const inline = createInlineKeys();
  const keysOf = (owner: Parameters<KeySource['keysOf']>[0]): KeyAnswer =>
    owner.keys.kind === 'inline' ? inline(owner, owner.keys.jwks) : { kind: 'unavailable' };
  return { keysOf, wanted: (owner) => keysOf(owner) };
}

function verifierWith(parts: Partial<JwtVerifierParts> = {}): ReturnType<typeof createJwtVerifier> {
  return createJwtVerifier({ keys: inlineSource(), secrets: () => undefined, ...parts });
}

const call = { nowMs: NOW * 1_000, deadlineMs: NOW * 1_000 + 1_000 };

async function outcomeOf(token: string, over: Partial<JwtSettings> = {}, parts: Partial<JwtVerifierParts> = {}): Promise<JwtOutcome> {
  return await verifierWith(parts).verify(token, jwtSettings(issuer, over), call);
}

async function reasonOf(token: string, over: Partial<JwtSettings> = {}): Promise<string> {
  const outcome = await outcomeOf(token, over);
  return outcome.kind === 'valid' ? 'valid' : outcome.reason;
}

const mint = (options: Parameters<TestIssuer['mint']>[0] = {}): string => issuer.mint({ now: NOW, ...options });

describe('algorithms and signatures', () => {
  it.each(ASYMMETRIC_ALGORITHMS)('%s verifies (authz A6, A15)', async (algorithm) => {
    const outcome = await outcomeOf(mint({ key: testKey(algorithm) }));
    expect(outcome).toMatchObject({ kind: 'valid', kid: testKey(algorithm).kid, claims: { sub: 'alice' } });
  });

  it.each(ASYMMETRIC_ALGORITHMS)('%s with any one bit of the signature turned does not (authz A15)', async (algorithm) => {
    const [header, payload, signature = ''] = mint({ key: testKey(algorithm) }).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    for (const at of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(await reasonOf(`${header}.${payload}.${segment(bad)}`)).toBe('jwt.signature');
    }
  });

  it.each(['ES256', 'ES384', 'ES512', 'EdDSA'] as const)('%s: no other length of the signature is read (authz A15)', async (algorithm) => {
    const [header, payload, signature = ''] = mint({ key: testKey(algorithm) }).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const half = bytes.length / 2;
    const zero = Buffer.from([0]);
    const longer = [
      Buffer.concat([bytes, zero]),
      Buffer.concat([zero, bytes]),
      Buffer.concat([zero, bytes.subarray(0, half), zero, bytes.subarray(half)]),
    ];
    for (const bad of [...longer, bytes.subarray(1), bytes.subarray(0, -1)]) {
      const only = { algorithms: [algorithm] };
      expect(await reasonOf(`${header}.${payload}.${segment(bad)}`, only)).toBe('jwt.signature');
    }
  });

  it('a PSS signature whose leading zero was cut is another text, and refused (authz A15)', async () => {
    const key = testKey('PS256');
    // One signature in 256 begins with a zero byte.
    for (let attempt = 0; attempt < 5_000; attempt += 1) {
      const input = `${segment(JSON.stringify({ alg: 'PS256', kid: key.kid, typ: 'at+jwt' }))}.${segment(JSON.stringify({ iss: issuer.issuer, aud: 'shop', exp: NOW + 60, n: attempt }))}`;
      const signature = sign('sha256', Buffer.from(input), {
        key: createPrivateKey(key.privateKey.export({ type: 'pkcs8', format: 'pem' })),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
      if (signature[0] !== 0) continue;
      expect(await reasonOf(`${input}.${segment(signature)}`)).toBe('valid');
      expect(await reasonOf(`${input}.${segment(signature.subarray(1))}`, { algorithms: ['PS256'] })).toBe('jwt.signature');
      return;
    }
    expect.unreachable('no signature began with a zero byte');
  }, 60_000);

  it.each(['none', 'nOnE', 'HS256', 'es256', 'ES256K', '', ' ES256'])('the algorithm "%s" is refused (authz A6, T9)', async (alg) => {
    expect(await reasonOf(mint({ header: { alg } }))).toBe('jwt.algorithm');
  });

  it.each([undefined, null, 256, ['ES256'], {}])('an algorithm that is %j is malformed (authz A6)', async (alg) => {
    expect(await reasonOf(mint({ header: { alg } }))).toBe('jwt.malformed');
  });

  it('HMAC by the public key is refused (authz A6, T9)', async () => {
    const pem = testKey('RS256').jwk.n ?? '';
    const token = secretToken('HS256', pem, { header: { kid: 'rs256-1' }, payload: { iss: issuer.issuer, aud: 'shop', exp: NOW + 60 } });
    expect(await reasonOf(token)).toBe('jwt.algorithm');
  });
});

describe('HS providers', () => {
  const secret = new Secret('s'.repeat(32));
  const over = { algorithms: ['HS256'], keys: { kind: 'secret', secretName: 'edge/secret/jwt/main' } } as const;
  const token = secretToken('HS256', 's'.repeat(32), { payload: { iss: issuer.issuer, aud: 'shop', exp: NOW + 60, sub: 'alice' } });

  it('verify with the secret', async () => {
    expect(await outcomeOf(token, over, { secrets: () => secret })).toMatchObject({ kind: 'valid' });
  });

  it('refuse another secret', async () => {
    expect(await outcomeOf(token, over, { secrets: () => new Secret('t'.repeat(32)) })).toEqual({
      kind: 'refused',
      reason: 'jwt.signature',
    });
  });

  it('are unknown without a secret, and with one that is shorter than the hash (authz A6)', async () => {
    const unknown = { kind: 'unknown', reason: 'jwks.unavailable' };
    expect(await outcomeOf(token, over)).toEqual(unknown);
    expect(await outcomeOf(token, over, { secrets: () => new Secret('short') })).toEqual(unknown);
  });

  it('have a new generation with a new secret (authz J10)', () => {
    let current: Secret | undefined = secret;
    const verifier = verifierWith({ secrets: () => current });
    const settings = jwtSettings(issuer, over);
    const before = verifier.generation(settings);
    expect(verifier.generation(settings)).toBe(before);
    current = new Secret('t'.repeat(32));
    expect(verifier.generation(settings)).not.toBe(before);
    current = undefined;
    expect(verifier.generation(settings)).toBe(-1);
  });
});

describe('form', () => {
  const bad: readonly (readonly [string, (token: string) => string])[] = [
    ['two segments', (token) => token.split('.').slice(0, 2).join('.')],
    ['four segments', (token) => `${token}.AAAA`],
    ['an empty header', (token) => token.replace(/^[^.]+/, '')],
    ['an empty payload', (token) => token.replace(/\.[^.]+\./, '..')],
    ['an empty signature', (token) => token.replace(/[^.]+$/, '')],
    ['padding', (token) => `${token}=`],
    ['a final newline', (token) => `${token}\n`],
    ['a space before it', (token) => ` ${token}`],
    ['plain base64', (token) => `${token.slice(0, -2)}+/`],
  ];
  it.each(bad)('%s is malformed (authz A4)', async (_what, change) => {
    expect(await reasonOf(change(mint()))).toBe('jwt.malformed');
  });

  it('spare bits make another spelling, which is malformed (authz A4, T10)', async () => {
    const token = mint({ key: testKey('EdDSA') });
    const last = token.at(-1) ?? '';
    const respelt = `${token.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[last] ?? ''}`;
    expect(Buffer.from(respelt.split('.')[2] ?? '', 'base64url').equals(Buffer.from(token.split('.')[2] ?? '', 'base64url'))).toBe(true);
    expect(await reasonOf(respelt)).toBe('jwt.malformed');
  });

  it('size is checked before anything else (authz A3, T8)', async () => {
    expect(await reasonOf('.'.repeat(8_193))).toBe('jwt.oversized');
    expect(await reasonOf(`${mint()}${'A'.repeat(8_192)}`)).toBe('jwt.oversized');
  });

  it.each([
    ['a member twice', '{"iss":"https://id.example.com/","iss":"https://id.example.com/","aud":"shop","exp":1900000000}'],
    ['a member twice in another spelling', '{"iss":"https://id.example.com/","\\u0069ss":"x","aud":"shop","exp":1900000000}'],
    ['a member twice, deep inside', '{"iss":"https://id.example.com/","aud":"shop","exp":1900000000,"a":{"b":1,"b":2}}'],
    ['a mark of byte order', '\ufeff{"iss":"https://id.example.com/","aud":"shop","exp":1900000000}'],
    ['nesting too deep', `{"iss":"https://id.example.com/","aud":"shop","exp":1900000000,"a":${'['.repeat(17)}${']'.repeat(17)}}`],
    ['too many members', `{${Array.from({ length: 257 }, (_, index) => `"m${index}":1`).join(',')}}`],
    ['a list', '[]'],
    ['no JSON', 'hello'],
  ])('%s in the payload is malformed (authz A5)', async (_what, payload) => {
    expect(await reasonOf(signedToken(testKey('ES256'), { payload }))).toBe('jwt.malformed');
  });

  it('a header of more than 2 KiB is malformed (authz A5)', async () => {
    expect(await reasonOf(mint({ header: { filling: 'x'.repeat(2_048) } }))).toBe('jwt.malformed');
  });

  it.each([
    { crit: ['exp'] },
    { crit: [] },
    { b64: true },
    { zip: 'DEF' },
    { kid: 7 },
    { kid: '' },
    { kid: 'x'.repeat(257) },
    { kid: 'a\nb' },
  ])('the header member %j is malformed (authz A7)', async (header) => {
    expect(await reasonOf(mint({ header }))).toBe('jwt.malformed');
  });
});

describe('types', () => {
  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT', undefined])('typ %s passes (authz A8)', async (typ) => {
    expect(await reasonOf(mint({ header: { typ } }))).toBe('valid');
  });

  it.each(['id+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', '', 7, null])('typ %s does not (authz A8)', async (typ) => {
    expect(await reasonOf(mint({ header: { typ } }))).toBe('jwt.type');
  });

  it('letters of typ that are none of ASCII are not those they look like, as in Envoy (authz A8)', async () => {
    expect(await reasonOf(mint({ header: { typ: 'TOKEN+jwt' } }), { types: ['token+jwt'] })).toBe('valid');
    expect(await reasonOf(mint({ header: { typ: 'to\u212aen+jwt' } }), { types: ['token+jwt'] })).toBe('jwt.type');
  });

  it('typ that is never for access stays refused where somebody allows it (authz A8)', async () => {
    expect(await reasonOf(mint({ header: { typ: 'logout+jwt' } }), { types: ['logout+jwt'] })).toBe('jwt.type');
  });

  it.each([{ events: {} }, { token_use: 'id' }, { token_use: 1 }])(
    'the claim %j is of another kind of token (authz A8)',
    async (claims) => {
      expect(await reasonOf(mint({ claims }))).toBe('jwt.type');
    },
  );
});

describe('claims', () => {
  it.each([
    [{ iss: 'https://id.example.com' }, 'jwt.issuer'],
    [{ iss: undefined }, 'jwt.issuer'],
    [{ iss: ['https://id.example.com/'] }, 'jwt.issuer'],
    [{ exp: undefined }, 'jwt.claims'],
    [{ exp: '1900000000' }, 'jwt.claims'],
    [{ exp: -1 }, 'jwt.claims'],
    [{ exp: 2 ** 53 }, 'jwt.claims'],
    [{ nbf: '1' }, 'jwt.claims'],
    [{ iat: null }, 'jwt.claims'],
    [{ sub: 7 }, 'jwt.claims'],
    [{ jti: {} }, 'jwt.claims'],
    [{ scope: 7 }, 'jwt.claims'],
    [{ scope: ['a', 7] }, 'jwt.claims'],
    [{ exp: NOW - 31 }, 'jwt.expired'],
    [{ exp: NOW - 30 }, 'valid'],
    [{ nbf: NOW + 31 }, 'jwt.notYetValid'],
    [{ nbf: NOW + 30 }, 'valid'],
    [{ iat: NOW + 10_000 }, 'valid'],
    [{ exp: NOW - 30 + 0.9 }, 'valid'],
    [{ aud: 'other' }, 'jwt.audience'],
    [{ aud: undefined }, 'jwt.audience'],
    [{ aud: [] }, 'jwt.audience'],
    [{ aud: ['other', 'shop'] }, 'valid'],
    [{ aud: ['shop', 7] }, 'jwt.audience'],
    [{ aud: 'shop/' }, 'jwt.audience'],
  ])('%j → %s (authz A10-A12, A16)', async (claims, expected) => {
    expect(await reasonOf(mint({ claims }))).toBe(expected);
  });

  it('a number that JSON cannot hold is no time (authz A11)', async () => {
    const payload = '{"iss":"https://id.example.com/","aud":"shop","exp":1e400}';
    expect(await reasonOf(signedToken(testKey('ES256'), { payload }))).toBe('jwt.claims');
  });

  it('a token that is valid for too long is refused (authz A13)', async () => {
    expect(await reasonOf(mint({ claims: { exp: NOW + 3_600 } }), { maxLifetimeSeconds: 3_600 })).toBe('valid');
    expect(await reasonOf(mint({ claims: { exp: NOW + 3_601 } }), { maxLifetimeSeconds: 3_600 })).toBe('jwt.lifetime');
  });

  it('any audience where the provider says so', async () => {
    expect(await reasonOf(mint({ claims: { aud: undefined } }), { audiences: [] })).toBe('valid');
  });

  it('objects have no prototype, whatever their names (authz M7, T17)', async () => {
    const payload = '{"iss":"https://id.example.com/","aud":"shop","exp":1900000000,"__proto__":{"admin":true},"constructor":{"a":1}}';
    const outcome = await outcomeOf(signedToken(testKey('ES256'), { payload }));
    if (outcome.kind !== 'valid') return expect.unreachable();
    expect(Object.getPrototypeOf(outcome.claims)).toBeNull();
    expect(Object.keys(outcome.claims)).toContain('__proto__');
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });
});

describe('keys', () => {
  it('a kid chooses among keys, and never falls back to another (authz A14)', async () => {
    expect(await reasonOf(mint({ header: { kid: 'other' } }))).toBe('jwt.key');
    expect(await reasonOf(mint({ key: testKey('ES256'), header: { kid: 'rs256-1' } }))).toBe('jwt.key');
    expect(await reasonOf(mint({ header: { kid: '__proto__' } }))).toBe('jwt.key');
  });

  it('without a kid at most four keys are tried, in order (authz A14)', async () => {
    const keys = [1, 2, 3, 4, 5].map((serial) => testKey('ES256', serial));
    const set = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
    const reasons = await Promise.all(
      keys.map(async (key) => {
        const outcome = await verifierWith().verify(
          mint({ key, header: { kid: undefined } }),
          jwtSettings(issuer, { keys: { kind: 'inline', jwks: set } }),
          call,
        );
        return outcome.kind === 'valid' ? 'valid' : outcome.reason;
      }),
    );
    expect(reasons).toEqual(['valid', 'valid', 'valid', 'valid', 'jwt.signature']);
  });

  it('an unknown kid is asked for once, after everything else is known to be sound (authz J6)', async () => {
    const asked: string[] = [];
    const source = inlineSource();
    const keys: KeySource = { keysOf: source.keysOf, wanted: (owner, kid) => (asked.push(kid), Promise.resolve(source.keysOf(owner))) };
    const verifier = verifierWith({ keys });
    const settings = jwtSettings(issuer);
    await verifier.verify(mint({ header: { kid: 'new' }, claims: { exp: 1 } }), settings, call);
    await verifier.verify(mint({ header: { kid: 'new', typ: 'x' } }), settings, call);
    expect(asked).toEqual([]);
    expect(await verifier.verify(mint({ header: { kid: 'new' } }), settings, call)).toEqual({ kind: 'refused', reason: 'jwt.key' });
    expect(asked).toEqual(['new']);
  });

  it("no keys are nobody's fault: unknown, never refused (authz G5)", async () => {
    const gone: KeySource = { keysOf: () => ({ kind: 'unavailable' }), wanted: () => ({ kind: 'unavailable' }) };
    expect(await outcomeOf(mint(), {}, { keys: gone })).toEqual({ kind: 'unknown', reason: 'jwks.unavailable' });
    expect(verifierWith({ keys: gone }).generation(jwtSettings(issuer))).toBe(-1);
  });

  it('members that name keys or addresses are never read (authz A9)', async () => {
    const header = { jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/', jwk: testKey('ES256', 2).jwk, x5c: ['AA'] };
    expect(await reasonOf(mint({ header }))).toBe('valid');
    expect(await reasonOf(mint({ key: testKey('ES256', 2), header: { ...header, kid: undefined } }))).toBe('jwt.signature');
  });
});

describe('many at once', () => {
  let release: (() => void)[] = [];
  afterEach(() => {
    release = [];
  });

  it('two are verified on the spot, others elsewhere, and beyond a bound none (authz P6)', async () => {
    const counts = { here: 0, elsewhere: 0 };
    const verifier = verifierWith({
      signatures: {
        verify: () => ((counts.here += 1), true),
        verifyLater: () => ((counts.elsewhere += 1), new Promise((resolve) => release.push(() => resolve(true)))),
      },
    });
    const settings = jwtSettings(issuer);
    const outcomes = Array.from({ length: 300 }, () => verifier.verify(mint(), settings, call));
    expect(counts).toEqual({ here: 2, elsewhere: 256 });
    expect(outcomes.filter((outcome) => !(outcome instanceof Promise) && outcome.kind === 'unknown')).toHaveLength(42);
    for (const done of release) done();
    const settled = await Promise.all(outcomes.map((outcome) => Promise.resolve(outcome)));
    expect(new Set(settled.map(({ kind }) => kind))).toEqual(new Set(['valid', 'unknown']));
  });
});
