// The form of tokens: what a verifier must refuse before it looks at any key (authz A1-A5, A7).
import { base64url, bearer } from '../mint.ts';
import { allow, deny, type ParityRow } from '../parity-row.ts';

const malformed = deny('jwt.malformed', { challenge: 'error="invalid_token"' });

/** The good token with a change to its text. */
function changed(name: string, rules: readonly string[], change: (token: string) => string): ParityRow {
  return { name, rules, policy: 'user', credential: (mint) => bearer(change(mint.token())), expect: malformed };
}

/** The good token with other header JSON. */
function withHeader(name: string, rules: readonly string[], headerText: string): ParityRow {
  return { name, rules, policy: 'user', credential: (mint) => bearer(mint.token({ headerText })), expect: malformed };
}

/** The good token with other payload JSON. */
function withPayload(name: string, payload: string): ParityRow {
  return { name, rules: ['A5'], policy: 'user', credential: (mint) => bearer(mint.token({ payload })), expect: malformed };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes in another spelling: a spare bit of the last character set (A4). */
function spareBit(segment: string): string {
  const last = segment.at(-1) ?? '';
  return segment.length % 4 === 0 ? segment : `${segment.slice(0, -1)}${ALPHABET[ALPHABET.indexOf(last) | 1] ?? ''}`;
}

/** An EdDSA signature has 64 bytes: its last character has spare bits. */
function respeltSignature(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return `${header}.${payload}.${spareBit(signature)}`;
}

const valid: readonly ParityRow[] = [
  {
    name: 'a valid token passes',
    rules: ['A2', 'A4', 'A14'],
    policy: 'user',
    credential: (mint) => bearer(mint.token()),
    expect: allow({ 'x-user-id': 'alice', authorization: undefined }),
  },
  {
    name: 'bearer in small letters passes',
    rules: ['A2'],
    policy: 'user',
    credential: (mint) => ({ headers: [['authorization', `bearer ${mint.token()}`]] }),
    expect: allow({ 'x-user-id': 'alice', authorization: undefined }),
  },
  {
    name: 'a header in capital letters is the same header',
    rules: ['A2'],
    policy: 'user',
    credential: (mint) => ({ headers: [['AUTHORIZATION', `Bearer ${mint.token()}`]] }),
    expect: allow({ 'x-user-id': 'alice', authorization: undefined }),
  },
  {
    name: 'a token without typ passes where JWT is accepted',
    rules: ['A8'],
    policy: 'user',
    credential: (mint) => bearer(mint.token({ header: { typ: undefined } })),
    expect: allow({ 'x-user-id': 'alice' }),
  },
];

const scheme: readonly ParityRow[] = [
  { name: 'no token at all', rules: ['G5', 'G8'], policy: 'user', expect: deny('jwt.missing', { challenge: 'Bearer realm=' }) },
  ...(
    [
      ['another scheme', (token) => `Basic ${token}`],
      ['an empty header', () => ''],
      ['the scheme alone', () => 'Bearer'],
      ['the scheme with a space alone', () => 'Bearer x'],
      ['the scheme in capitals', (token) => `BEARER ${token}`],
      ['two spaces after the scheme', (token) => `Bearer  ${token}`],
      ['a tab after the scheme', (token) => `Bearer\t${token}`],
      ['a token without a scheme', (token) => token],
      ['the scheme in the middle', (token) => `x Bearer ${token}`],
      ['the scheme in the middle of another token', (token) => `Token=Bearer ${token}`],
      ['something after the token', (token) => `Bearer ${token} x`],
      ['two tokens behind one scheme', (token) => `Bearer ${token} ${token}`],
      ['quotes around the token', (token) => `Bearer "${token}"`],
    ] satisfies readonly (readonly [string, (token: string) => string])[]
  ).map(
    ([what, value]): ParityRow => ({
      name: `${what} is malformed, not missing`,
      rules: ['A2'],
      policy: 'user',
      credential: (mint) => ({ headers: [['authorization', value(mint.token())]] }),
      expect: malformed,
    }),
  ),
];

const several: readonly ParityRow[] = [
  {
    name: 'two headers with valid tokens',
    rules: ['A1', 'T5'],
    policy: 'user',
    credential: (mint) => bearer(mint.token(), ['authorization', `Bearer ${mint.token({ claims: { sub: 'bob' } })}`]),
    expect: deny('auth.multiple', { challenge: 'error="invalid_request"' }),
  },
  {
    name: 'two headers with the same token',
    rules: ['A1', 'T5'],
    policy: 'user',
    credential: (mint) => {
      const token = mint.token();
      return bearer(token, ['authorization', `Bearer ${token}`]);
    },
    expect: deny('auth.multiple'),
  },
  {
    name: 'two tokens joined by a comma',
    rules: ['A1', 'T5'],
    policy: 'user',
    credential: (mint) => ({ headers: [['authorization', `Bearer ${mint.token()}, Bearer ${mint.token()}`]] }),
    expect: deny('auth.multiple'),
  },
  {
    name: 'a token and another scheme joined by a comma',
    rules: ['A1', 'T5'],
    policy: 'user',
    credential: (mint) => ({ headers: [['authorization', `Bearer ${mint.token()},Basic eDp5`]] }),
    expect: deny('auth.multiple'),
  },
  {
    name: 'a valid token and an empty line of the same header, which counts for nothing',
    rules: ['A1', 'T5'],
    policy: 'user',
    credential: (mint) => bearer(mint.token(), ['authorization', '']),
    expect: allow({ 'x-user-id': 'alice', authorization: undefined }),
  },
];

const spelling: readonly ParityRow[] = [
  changed('one segment', ['A4'], (token) => token.split('.').slice(0, 1).join('.')),
  changed('two segments', ['A4'], (token) => token.split('.').slice(0, 2).join('.')),
  changed('four segments', ['A4'], (token) => `${token}.x`),
  changed('five segments, as an encrypted token has', ['A4'], (token) => `${token}.AAAA.AAAA`),
  changed('an empty header', ['A4'], (token) => `.${token.split('.').slice(1).join('.')}`),
  changed('an empty payload', ['A4'], (token) => token.replace(/\.[^.]+\./, '..')),
  changed('an empty signature', ['A4'], (token) => token.replace(/[^.]+$/, '')),
  changed('a final dot', ['A4'], (token) => `${token}.`),
  changed('padding', ['A4', 'T10'], (token) => `${token}==`),
  changed('a sign of plain base64', ['A4'], (token) => token.replace(/.{4}$/, '+/+/')),
  changed('a percent sign', ['A4'], (token) => `${token.slice(0, -3)}%41`),
  changed('a letter beyond ASCII', ['A4'], (token) => `${token.slice(0, -1)}é`),
  changed('a length that no bytes have', ['A4'], (token) =>
    token.replace(/\.([^.]+)\./, (_, payload: string) => `.${payload}${'A'.repeat((5 - (payload.length % 4)) % 4)}.`),
  ),
  {
    name: 'a spare bit in the last character of the signature',
    rules: ['A4', 'T10'],
    policy: 'user',
    credential: (mint) => bearer(respeltSignature(mint.token({ key: 'EdDSA' }))),
    expect: malformed,
  },
  {
    name: 'the JSON form of a signature',
    rules: ['A4'],
    policy: 'user',
    credential: (mint) => {
      const [header, payload, signature] = mint.token().split('.');
      return bearer(JSON.stringify({ payload, protected: header, signature }));
    },
    expect: deny('auth.multiple'),
  },
];

const size: readonly ParityRow[] = [
  {
    name: 'a token longer than the provider reads',
    rules: ['A3', 'T8'],
    policy: 'user',
    credential: (mint) => bearer(mint.token({ claims: { filling: 'x'.repeat(4096) } })),
    expect: deny('jwt.oversized', { challenge: 'error="invalid_token"' }),
  },
  {
    name: 'a token longer than the provider reads, from a client that says how little it sends',
    rules: ['A3', 'H1', 'T1'],
    policy: 'user',
    request: {
      headers: [
        ['x-chancery-header-bytes', '1'],
        ['x-chancery-header-bytes', '2'],
        ['connection', 'x-chancery-header-bytes'],
      ],
    },
    credential: (mint) => bearer(mint.token({ claims: { filling: 'x'.repeat(4096) } })),
    expect: deny('jwt.oversized'),
  },
  {
    name: 'a long text that is no token',
    rules: ['A3', 'T8'],
    policy: 'user',
    credential: () => bearer('A'.repeat(4097)),
    expect: deny('jwt.oversized'),
  },
  {
    name: 'a token just short enough',
    rules: ['A3'],
    policy: 'user',
    credential: (mint) => bearer(mint.token({ claims: { filling: 'x'.repeat(2_600) } })),
    expect: allow({ 'x-user-id': 'alice' }),
  },
];

const json: readonly ParityRow[] = [
  withHeader('a header that is no JSON', ['A5'], 'alg=ES256'),
  withHeader('a header that is a list', ['A5'], '[{"alg":"ES256"}]'),
  withHeader('a header that is a text', ['A5'], '"ES256"'),
  withHeader('a header that is null', ['A5'], 'null'),
  withPayload('a payload that is no JSON', 'sub=alice'),
  withPayload('a payload that is a list', '[]'),
  withPayload('a payload that is a number', '7'),
  withPayload('a payload that breaks off', '{"sub":"alice"'),
  withPayload('something after the payload', '{"sub":"alice"}{}'),
  {
    name: 'segments of other bytes than text',
    rules: ['A5'],
    policy: 'user',
    credential: () =>
      bearer(`${base64url(Uint8Array.of(0xff, 0xfe, 0x00))}.${base64url(Uint8Array.of(0xc3, 0x28, 0x00))}.${'A'.repeat(86)}`),
    expect: malformed,
  },
];

export const TOKEN_FORM_ROWS: readonly ParityRow[] = [...valid, ...scheme, ...several, ...spelling, ...size, ...json];
