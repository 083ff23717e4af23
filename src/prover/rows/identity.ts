// What the backend learns, and what clients cannot make it believe (authz H1-H8, T1-T4); and callers that speak gRPC (G7).

import type { HeaderLine } from '../credential.ts';
import { bearer, type TokenParts } from '../mint.ts';
import { allow, deny, type ParityRow } from '../parity-row.ts';

interface ForwardRow {
  readonly name: string;
  readonly claims: TokenParts['claims'];
  readonly upstream?: Readonly<Record<string, string | undefined>>;
}

const forwarded: readonly ForwardRow[] = [
  {
    name: 'a text, a nested text and a number',
    claims: { sub: 'bob', app: { tenant: 't1' }, level: 7 },
    upstream: { 'x-user-id': 'bob', 'x-tenant': 't1', 'x-level': '7' },
  },
  { name: 'a switch', claims: { level: true }, upstream: { 'x-level': 'true' } },
  { name: 'a claim that is not there', claims: { sub: undefined }, upstream: { 'x-user-id': undefined } },
  { name: 'signs within the printable range', claims: { sub: 'a b,c;d="e"' }, upstream: { 'x-user-id': 'a b,c;d="e"' } },
  { name: 'a line break', claims: { sub: 'alice\r\nx-role: admin' } },
  { name: 'letters beyond ASCII', claims: { sub: 'zoë' } },
  { name: 'a space at the end', claims: { sub: 'alice ' } },
  { name: 'an object', claims: { sub: 'alice', level: { a: 1 } } },
  { name: 'a fraction', claims: { level: 1.5 } },
  { name: 'a text that is too long', claims: { app: { tenant: 'x'.repeat(1_001) } } },
  { name: 'an empty text', claims: { app: { tenant: '' } } },
];

function forwardRow({ name, claims, upstream }: ForwardRow): ParityRow {
  return {
    name: `${name} ${upstream === undefined ? 'cannot be told to the backend' : 'is told to the backend'}`,
    rules: ['H7', 'T2'],
    policy: 'user',
    credential: (mint) => bearer(mint.token(claims === undefined ? {} : { claims })),
    expect: upstream === undefined ? deny('identity.unforwardable') : allow(upstream),
  };
}

const FORGED: readonly (readonly [name: string, lines: readonly HeaderLine[]])[] = [
  ['a header of its own', [['x-user-id', 'root']]],
  ['the header in capitals', [['X-USER-ID', 'root']]],
  [
    'the header twice',
    [
      ['x-user-id', 'root'],
      ['x-user-id', 'admin'],
    ],
  ],
  [
    'another header of the set',
    [
      ['x-tenant', 'root'],
      ['x-level', '99'],
    ],
  ],
  [
    'the header named in Connection',
    [
      ['connection', 'x-user-id'],
      ['x-user-id', 'root'],
    ],
  ],
  [
    'our own headers',
    [
      ['x-chancery-client-ip', '203.0.113.9'],
      ['x-chancery-anything', 'x'],
    ],
  ],
];

const hygiene: readonly ParityRow[] = FORGED.flatMap(([what, lines]): readonly ParityRow[] => [
  {
    name: `${what} does not pass with a token`,
    rules: ['H1', 'T1'],
    policy: 'user',
    request: { headers: lines },
    credential: (mint) => bearer(mint.token()),
    expect: allow({
      'x-user-id': 'alice',
      'x-tenant': undefined,
      'x-level': undefined,
      'x-chancery-client-ip': undefined,
      'x-chancery-anything': undefined,
    }),
  },
  {
    name: `${what} does not pass without one`,
    rules: ['H1', 'T1', 'M4'],
    policy: 'optional',
    request: { headers: lines },
    expect: allow({ 'x-user-id': undefined, 'x-tenant': undefined, 'x-level': undefined, 'x-chancery-client-ip': undefined }),
  },
]);

const overrides: readonly ParityRow[] = [
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-forwarded-uri',
].map((header) => ({
  name: `${header} does not pass`,
  rules: ['H1', 'T4'],
  policy: 'optional',
  request: { headers: [[header, 'DELETE']] },
  expect: allow({ [header]: undefined }),
}));

const PATHS: readonly (readonly [what: string, suffix: string])[] = [
  ['a parameter', '/a;x=1'],
  ['an encoded semicolon', '/a%3bx'],
  ['an encoded slash', '/a%2fb'],
  ['an encoded slash in capitals', '/a%2Fb'],
  ['an encoded backslash', '/a%5cb'],
  ['a zero byte', '/a%00b'],
];

const paths: readonly ParityRow[] = PATHS.map(([what, suffix]) => ({
  name: `${what} in the path is refused, token or not`,
  rules: ['C3', 'T3'],
  policy: 'user',
  request: { suffix },
  credential: (mint) => bearer(mint.token()),
  expect: deny('request.path', { status: 400 }),
}));

const others: readonly ParityRow[] = [
  {
    name: 'a backslash is a slash before any route is chosen',
    rules: ['H4', 'T3'],
    policy: 'user',
    request: { suffix: '/a\\b' },
    credential: (mint) => bearer(mint.token()),
    expect: allow(),
  },
  { name: 'a backslash opens nothing', rules: ['H4', 'T3'], policy: 'user', request: { suffix: '\\x' }, expect: deny('jwt.missing') },
  {
    name: 'other credentials stay for the backend',
    rules: ['H8'],
    policy: 'strict',
    credential: (mint) => bearer('of-the-backend', ['x-strict-token', mint.token()]),
    expect: allow({ authorization: 'Bearer of-the-backend', 'x-strict-token': undefined }),
  },
  {
    name: 'cookies stay',
    rules: ['H8'],
    policy: 'user',
    request: { headers: [['cookie', 'a=1; b=2']] },
    credential: (mint) => bearer(mint.token()),
    expect: allow({ cookie: 'a=1; b=2' }),
  },
];

const GRPC = { isGrpc: true } as const;
const grpc: readonly ParityRow[] = [
  {
    name: 'gRPC: a user',
    rules: ['G7'],
    policy: 'user',
    request: GRPC,
    credential: (mint) => bearer(mint.token()),
    expect: allow({ 'x-user-id': 'alice' }),
  },
  { name: 'gRPC: nobody is UNAUTHENTICATED', rules: ['G7'], policy: 'user', request: GRPC, expect: deny('jwt.missing') },
  {
    name: 'gRPC: an expired token is UNAUTHENTICATED',
    rules: ['G7'],
    policy: 'user',
    request: GRPC,
    credential: (mint) => bearer(mint.token({ claims: { exp: 1 } })),
    expect: deny('jwt.expired'),
  },
  {
    name: 'gRPC: a scope that lacks is PERMISSION_DENIED',
    rules: ['G7'],
    policy: 'reader',
    request: GRPC,
    credential: (mint) => bearer(mint.token()),
    expect: deny('scope.insufficient'),
  },
  { name: 'gRPC: another place is PERMISSION_DENIED', rules: ['G7'], policy: 'from-office', request: GRPC, expect: deny('ip.denied') },
  {
    name: 'gRPC: two tokens are UNAUTHENTICATED',
    rules: ['G7'],
    policy: 'user',
    request: GRPC,
    credential: (mint) => bearer(mint.token(), ['authorization', `Bearer ${mint.token()}`]),
    expect: deny('auth.multiple'),
  },
];

export const IDENTITY_ROWS: readonly ParityRow[] = [...forwarded.map(forwardRow), ...hygiene, ...overrides, ...paths, ...others, ...grpc];
