// Several issuers, and several tokens of one request (authz M3, M4, M6).
import { bearer, PARTNER_ISSUER, type TokenParts } from '../mint.ts';
import { allow, deny, type Expected, type ParityRow } from '../parity-row.ts';
import { NO_LIST } from './listed-differences.ts';

const partnerToken = (claims: TokenParts['claims'] = {}): TokenParts => ({ key: 'ES384', claims: { iss: PARTNER_ISSUER, ...claims } });

const providers: readonly ParityRow[] = [
  {
    name: 'user-or-partner: a user',
    rules: ['M6'],
    policy: 'user-or-partner',
    credential: (mint) => bearer(mint.token()),
    expect: allow({ 'x-user-id': 'alice' }),
  },
  {
    name: 'user-or-partner: a partner',
    rules: ['M6'],
    policy: 'user-or-partner',
    credential: (mint) => bearer(mint.token(partnerToken({ sub: 'acme', aud: 'whatever' }))),
    expect: allow({ 'x-user-id': 'acme' }),
  },
  {
    name: 'user-or-partner: the partner signs as the issuer of users',
    rules: ['M6', 'T9'],
    policy: 'user-or-partner',
    credential: (mint) => bearer(mint.token({ key: 'ES384' })),
    expect: deny('jwt.algorithm'),
    proxySays: NO_LIST,
  },
  {
    name: 'user-or-partner: the issuer of users signs as the partner',
    rules: ['M6', 'T9'],
    policy: 'user-or-partner',
    credential: (mint) => bearer(mint.token({ claims: { iss: PARTNER_ISSUER } })),
    expect: deny('jwt.algorithm'),
    proxySays: NO_LIST,
  },
  {
    name: 'user-or-partner: a stranger',
    rules: ['A10'],
    policy: 'user-or-partner',
    credential: (mint) => bearer(mint.token({ claims: { iss: 'https://evil.example.com/' } })),
    expect: deny('jwt.issuer'),
  },
  ...(
    [
      ['scp as text', 'openid orders:read', allow({ 'x-user-id': 'alice' })],
      ['scp as a list', ['orders:read'], allow({ 'x-user-id': 'alice' })],
      ['scp without it', 'openid', deny('scope.insufficient')],
    ] satisfies readonly (readonly [string, unknown, Expected])[]
  ).map(
    ([what, scp, expect]): ParityRow => ({
      name: `partner-reader: ${what}`,
      rules: ['B42', 'M7'],
      policy: 'partner-reader',
      credential: (mint) => bearer(mint.token(partnerToken({ scp }))),
      expect,
    }),
  ),
  {
    name: 'partner-reader: the scopes in the claim of others',
    rules: ['B42'],
    policy: 'partner-reader',
    credential: (mint) => bearer(mint.token(partnerToken({ scope: 'orders:read' }))),
    expect: deny('scope.insufficient'),
  },
];

const branches: readonly ParityRow[] = [
  {
    name: 'user-or-strict: the second branch alone',
    rules: ['M3'],
    policy: 'user-or-strict',
    credential: (mint) => ({ headers: [['x-strict-token', mint.token()]] }),
    expect: allow({ 'x-user-id': undefined, 'x-strict-token': undefined }),
  },
  ...(
    [
      ['both valid', () => undefined],
      ['one valid, the other expired', () => ({ claims: { exp: 1 } })],
      ['one valid, the other of another issuer', () => ({ claims: { iss: PARTNER_ISSUER } })],
    ] satisfies readonly (readonly [string, () => TokenParts | undefined])[]
  ).map(
    ([what, second]): ParityRow => ({
      name: `user-or-strict: ${what}`,
      rules: ['A1', 'T5'],
      policy: 'user-or-strict',
      credential: (mint) => bearer(mint.token(), ['x-strict-token', mint.token(second())]),
      expect: deny('auth.multiple'),
    }),
  ),
  {
    name: 'user-or-strict: one valid, the other no token',
    rules: ['A1', 'T5'],
    policy: 'user-or-strict',
    credential: (mint) => bearer(mint.token(), ['x-strict-token', 'nonsense']),
    expect: deny('auth.multiple'),
  },
  { name: 'user-or-strict: nobody', rules: ['M3'], policy: 'user-or-strict', expect: deny('jwt.missing') },
];

export const PROVIDER_ROWS: readonly ParityRow[] = [...providers, ...branches];
