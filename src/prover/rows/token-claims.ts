// What tokens say of themselves: algorithm, type, key, signature, times, audience (authz A6-A16).

import type { AuthReason } from '../../authz/reason.ts';
import { AUDIENCE, base64url, bearer, ISSUER, PARTNER_ISSUER, type TokenParts } from '../mint.ts';
import { allow, deny, type Expected, type ParityRow } from '../parity-row.ts';
import { NO_LIST, ODD } from './listed-differences.ts';

interface TokenRow {
  readonly name: string;
  readonly rules: readonly string[];
  readonly parts: TokenParts | ((now: number) => TokenParts);
  readonly expect: Expected;
  readonly proxySays?: ParityRow['proxySays'];
}

function invalid(reason: AuthReason): Expected {
  return deny(reason, { challenge: 'error="invalid_token"' });
}

function row({ name, rules, parts, expect, proxySays }: TokenRow): ParityRow {
  const credential: ParityRow['credential'] = (mint) => bearer(mint.token(typeof parts === 'function' ? parts(mint.now) : parts));
  return { name, rules, policy: 'user', credential, expect, ...(proxySays === undefined ? {} : { proxySays }) };
}

const known = allow({ 'x-user-id': 'alice' });

const algorithms: readonly TokenRow[] = [
  { name: 'RS256 passes', rules: ['A6'], parts: { key: 'RS256' }, expect: known },
  { name: 'PS256 passes', rules: ['A6'], parts: { key: 'PS256' }, expect: known },
  { name: 'EdDSA passes', rules: ['A6'], parts: { key: 'EdDSA' }, expect: known },
  {
    name: 'an algorithm that the provider does not have',
    rules: ['A6', 'T9'],
    parts: { key: 'ES384' },
    expect: invalid('jwt.algorithm'),
    proxySays: NO_LIST,
  },
  { name: 'the algorithm none', rules: ['A6', 'T9'], parts: { header: { alg: 'none' } }, expect: invalid('jwt.algorithm') },
  { name: 'the algorithm nOnE', rules: ['A6', 'T9'], parts: { header: { alg: 'nOnE' } }, expect: invalid('jwt.algorithm') },
  { name: 'the algorithm in small letters', rules: ['A6'], parts: { header: { alg: 'es256' } }, expect: invalid('jwt.algorithm') },
  { name: 'no algorithm', rules: ['A6'], parts: { header: { alg: undefined } }, expect: invalid('jwt.malformed') },
  { name: 'an algorithm that is no text', rules: ['A6'], parts: { header: { alg: 256 } }, expect: invalid('jwt.malformed') },
  { name: 'the algorithm of another key', rules: ['A14'], parts: { header: { alg: 'RS256' } }, expect: invalid('jwt.key') },
];

const headers: readonly TokenRow[] = [
  { name: 'crit', rules: ['A7'], parts: { header: { crit: ['exp'] } }, expect: invalid('jwt.malformed') },
  { name: 'b64', rules: ['A7'], parts: { header: { b64: false } }, expect: invalid('jwt.malformed') },
  { name: 'zip', rules: ['A7'], parts: { header: { zip: 'DEF' } }, expect: invalid('jwt.malformed') },
  { name: 'a type in capital letters passes', rules: ['A8'], parts: { header: { typ: 'AT+JWT' } }, expect: known },
  { name: 'a type with application/ passes', rules: ['A8'], parts: { header: { typ: 'application/at+jwt' } }, expect: known },
  { name: 'the type JWT passes', rules: ['A8'], parts: { header: { typ: 'JWT' } }, expect: known },
  { name: 'a type of another kind', rules: ['A8'], parts: { header: { typ: 'id+jwt' } }, expect: invalid('jwt.type') },
  { name: 'a proof of possession', rules: ['A8', 'T9'], parts: { header: { typ: 'dpop+jwt' } }, expect: invalid('jwt.type') },
  { name: 'a logout token', rules: ['A8', 'T9'], parts: { header: { typ: 'logout+jwt' } }, expect: invalid('jwt.type') },
  { name: 'a security event', rules: ['A8', 'T9'], parts: { header: { typ: 'secevent+jwt' } }, expect: invalid('jwt.type') },
  { name: 'a token with events', rules: ['A8', 'T9'], parts: { claims: { events: {} } }, expect: invalid('jwt.type') },
  { name: 'an ID token', rules: ['A8', 'T9'], parts: { claims: { token_use: 'id' } }, expect: invalid('jwt.type') },
  { name: 'a token for access passes', rules: ['A8'], parts: { claims: { token_use: 'access' } }, expect: known },
  {
    name: 'a key that the token brings',
    rules: ['A9', 'T9'],
    parts: { key: 'unknown', header: { jwk: { kty: 'oct', k: 'AA' } } },
    expect: invalid('jwt.key'),
  },
  {
    name: 'an address of keys that the token names is not read',
    rules: ['A9'],
    parts: { header: { jku: 'http://127.0.0.1:9/keys' } },
    expect: known,
  },
];

const keys: readonly TokenRow[] = [
  { name: 'a key that the issuer does not have', rules: ['A14'], parts: { key: 'unknown' }, expect: invalid('jwt.key') },
  { name: 'an unknown kid with a good signature', rules: ['A14'], parts: { header: { kid: 'other' } }, expect: invalid('jwt.key') },
  { name: 'no kid: the keys of the algorithm are tried', rules: ['A14'], parts: { header: { kid: undefined } }, expect: known },
  { name: 'a kid of another algorithm', rules: ['A14'], parts: { header: { kid: 'rs256-1' } }, expect: invalid('jwt.key') },
  { name: 'a kid like a property of objects', rules: ['A7', 'T17'], parts: { header: { kid: '__proto__' } }, expect: invalid('jwt.key') },
  { name: 'a kid named constructor', rules: ['A7', 'T17'], parts: { header: { kid: 'constructor' } }, expect: invalid('jwt.key') },
];

const issuers: readonly TokenRow[] = [
  { name: 'another issuer', rules: ['A10'], parts: { claims: { iss: 'https://evil.example.com/' } }, expect: invalid('jwt.issuer') },
  { name: 'the issuer without its slash', rules: ['A10'], parts: { claims: { iss: ISSUER.slice(0, -1) } }, expect: invalid('jwt.issuer') },
  {
    name: 'the issuer in capital letters',
    rules: ['A10'],
    parts: { claims: { iss: ISSUER.toUpperCase() } },
    expect: invalid('jwt.issuer'),
  },
  { name: 'no issuer', rules: ['A10'], parts: { claims: { iss: undefined } }, expect: invalid('jwt.issuer') },
  { name: 'an issuer that is a list', rules: ['A10'], parts: { claims: { iss: [ISSUER] } }, expect: invalid('jwt.issuer') },
  {
    name: 'a partner of another policy',
    rules: ['A10', 'M6'],
    parts: { claims: { iss: PARTNER_ISSUER } },
    expect: invalid('jwt.issuer'),
  },
];

const times: readonly TokenRow[] = [
  { name: 'an expired token', rules: ['A12'], parts: (now) => ({ claims: { exp: now - 120 } }), expect: invalid('jwt.expired') },
  {
    name: 'a token expired a little, within the skew, passes',
    rules: ['A12'],
    parts: (now) => ({ claims: { exp: now - 15 } }),
    expect: known,
  },
  { name: 'a token of the far past', rules: ['A12'], parts: { claims: { exp: 1 } }, expect: invalid('jwt.expired') },
  {
    name: 'a token that is not valid yet',
    rules: ['A12'],
    parts: (now) => ({ claims: { nbf: now + 120 } }),
    expect: invalid('jwt.notYetValid'),
  },
  {
    name: 'a token that is valid soon, within the skew, passes',
    rules: ['A12'],
    parts: (now) => ({ claims: { nbf: now + 15 } }),
    expect: known,
  },
  { name: 'a token that was issued in the future passes', rules: ['A12'], parts: (now) => ({ claims: { iat: now + 300 } }), expect: known },
  { name: 'a fraction of a second is cut', rules: ['A11'], parts: (now) => ({ claims: { exp: now + 300.7 } }), expect: known },
];

const odd: readonly TokenRow[] = (
  [
    ['no end', { exp: undefined }],
    ['an end that is a text', { exp: '4102444800' }],
    ['an end that is null', { exp: null }],
    ['a beginning that is a text', { nbf: '1' }],
    ['a moment of issue that is a text', { iat: 'now' }],
    ['a subject that is a number', { sub: 7 }],
    ['an id that is a list', { jti: ['a'] }],
    ['a scope that is a number', { scope: 7 }],
  ] satisfies readonly (readonly [string, TokenParts['claims']])[]
).map(([name, claims]) => ({
  name,
  rules: ['A11'],
  parts: { claims },
  expect: invalid('jwt.claims'),
  ...(name === 'no end' ? { proxySays: ODD } : {}),
}));

const audiences: readonly TokenRow[] = [
  { name: 'another audience', rules: ['A16'], parts: { claims: { aud: 'office' } }, expect: invalid('jwt.audience') },
  { name: 'no audience', rules: ['A16'], parts: { claims: { aud: undefined } }, expect: invalid('jwt.audience') },
  { name: 'the audience among others passes', rules: ['A16'], parts: { claims: { aud: ['office', AUDIENCE] } }, expect: known },
  { name: 'the second audience of the provider passes', rules: ['A16'], parts: { claims: { aud: 'shop-next' } }, expect: known },
  { name: 'only others', rules: ['A16'], parts: { claims: { aud: ['office', 'home'] } }, expect: invalid('jwt.audience') },
  { name: 'an empty list of audiences', rules: ['A16'], parts: { claims: { aud: [] } }, expect: invalid('jwt.audience') },
  { name: 'the audience with a slash', rules: ['A16'], parts: { claims: { aud: `${AUDIENCE}/` } }, expect: invalid('jwt.audience') },
  { name: 'the audience in capital letters', rules: ['A16'], parts: { claims: { aud: 'SHOP' } }, expect: invalid('jwt.audience') },
  {
    name: 'the audience as the beginning of another',
    rules: ['A16'],
    parts: { claims: { aud: 'shop-staging' } },
    expect: invalid('jwt.audience'),
  },
];

interface SignatureRow {
  readonly name: string;
  readonly key: 'ES256' | 'RS256' | 'EdDSA';
  readonly change: (signature: Buffer) => Buffer;
  readonly reason: AuthReason;
}

/** The good token with other bytes of its signature. */
function resigned({ name, key, change, reason }: SignatureRow): ParityRow {
  const credential: ParityRow['credential'] = (mint) => {
    const [header = '', payload = '', signature = ''] = mint.token({ key }).split('.');
    return bearer(`${header}.${payload}.${base64url(change(Buffer.from(signature, 'base64url')))}`);
  };
  return { name, rules: ['A15'], policy: 'user', credential, expect: deny(reason) };
}

const flipped = (signature: Buffer): Buffer => {
  const copy = Buffer.from(signature);
  copy[3] = (copy[3] ?? 0) ^ 1;
  return copy;
};

const signatures: readonly ParityRow[] = [
  resigned({ name: 'an ES256 signature with a bit turned', key: 'ES256', change: flipped, reason: 'jwt.signature' }),
  resigned({ name: 'an RS256 signature with a bit turned', key: 'RS256', change: flipped, reason: 'jwt.signature' }),
  resigned({ name: 'an EdDSA signature with a bit turned', key: 'EdDSA', change: flipped, reason: 'jwt.signature' }),
  resigned({ name: 'an ES256 signature of zeros', key: 'ES256', change: () => Buffer.alloc(64), reason: 'jwt.signature' }),
  resigned({
    name: 'an ES256 signature with a byte more',
    key: 'ES256',
    change: (bytes) => Buffer.concat([bytes, Buffer.from([0])]),
    reason: 'jwt.signature',
  }),
  resigned({
    name: 'an ES256 signature with zeros before its halves',
    key: 'ES256',
    change: (bytes) => Buffer.concat([Buffer.from([0]), bytes.subarray(0, 32), Buffer.from([0]), bytes.subarray(32)]),
    reason: 'jwt.signature',
  }),
  resigned({
    name: 'an ES256 signature with a byte less',
    key: 'ES256',
    change: (bytes) => bytes.subarray(0, 63),
    reason: 'jwt.signature',
  }),
  {
    name: 'the payload of another token',
    rules: ['A15'],
    policy: 'user',
    credential: (mint) => {
      const [header, , signature] = mint.token().split('.');
      return bearer(`${header}.${mint.token({ claims: { sub: 'root' } }).split('.')[1]}.${signature}`);
    },
    expect: invalid('jwt.signature'),
  },
  {
    name: 'a token signed with the public key as a secret',
    rules: ['A6', 'T9'],
    policy: 'user',
    credential: (mint) => bearer(mint.hmac(mint.publicKey('RS256'), { header: { kid: 'rs256-1' } })),
    expect: invalid('jwt.algorithm'),
    proxySays: NO_LIST,
  },
];

const strict: readonly ParityRow[] = [
  {
    name: 'a header without a scheme carries the token alone',
    rules: ['A2', 'H8'],
    policy: 'strict',
    credential: (mint) => ({ headers: [['x-strict-token', mint.token()]] }),
    expect: allow({ 'x-strict-token': undefined }),
  },
  {
    name: 'the token where the provider does not look',
    rules: ['A2'],
    policy: 'strict',
    credential: (mint) => bearer(mint.token()),
    expect: deny('jwt.missing'),
  },
  {
    name: 'a token without typ where JWT is not accepted',
    rules: ['A8'],
    policy: 'strict',
    credential: (mint) => ({ headers: [['x-strict-token', mint.token({ header: { typ: undefined } })]] }),
    expect: deny('jwt.type'),
  },
  {
    name: 'a token that is valid for too long',
    rules: ['A13'],
    policy: 'strict',
    credential: (mint) => ({ headers: [['x-strict-token', mint.token({ claims: { exp: mint.now + 7_200 } })]] }),
    expect: deny('jwt.lifetime'),
    proxySays: ODD,
  },
  {
    name: 'a token beyond a smaller skew',
    rules: ['A12'],
    policy: 'strict',
    credential: (mint) => ({ headers: [['x-strict-token', mint.token({ claims: { exp: mint.now - 20 } })]] }),
    expect: deny('jwt.expired'),
  },
  {
    name: 'a kept credential reaches the backend with the identity',
    rules: ['H8'],
    policy: 'kept',
    credential: (mint) => ({ headers: [['x-kept-token', mint.token()]] }),
    expect: allow({ 'x-user-id': 'alice' }),
  },
];

export const TOKEN_CLAIM_ROWS: readonly ParityRow[] = [
  ...[algorithms, headers, keys, issuers, times, odd, audiences].flat().map(row),
  ...signatures,
  ...strict,
];
