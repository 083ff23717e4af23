// Branches of policies: addresses, methods, anonymity, and how they join (authz M3-M5, M9, G9).
import { allow, deny, type ParityRow } from '../parity-row.ts';
import { alice, lacks, mismatch, type RuleRow, ruleRow } from './rule-row.ts';

const addresses: readonly RuleRow[] = [
  { policy: 'from-here', name: 'the peer', rules: ['M9'], isBare: true, expect: allow() },
  {
    policy: 'from-here',
    name: 'a client beyond our proxy',
    rules: ['M9', 'H10'],
    isBare: true,
    from: '203.0.113.9',
    expect: deny('ip.denied'),
  },
  { policy: 'from-office', name: 'inside', rules: ['M9'], isBare: true, from: '203.0.113.255', expect: allow() },
  { policy: 'from-office', name: 'just outside', rules: ['M9'], isBare: true, from: '203.0.114.0', expect: deny('ip.denied') },
  { policy: 'from-office', name: 'inside, by IPv6', rules: ['M9'], isBare: true, from: '2001:db8:1::7', expect: allow() },
  { policy: 'from-office', name: 'outside, by IPv6', rules: ['M9'], isBare: true, from: '2001:db9::7', expect: deny('ip.denied') },
  {
    policy: 'from-office',
    name: 'a claim of the client before our proxy',
    rules: ['M9', 'H10'],
    isBare: true,
    from: '203.0.113.9, 192.0.2.1',
    expect: deny('ip.denied'),
  },
  {
    policy: 'from-office',
    name: 'our proxy after the claim of the client',
    rules: ['M9', 'H10'],
    isBare: true,
    from: '192.0.2.1, 203.0.113.9',
    expect: allow(),
  },
  { policy: 'not-abuse', name: 'somebody else', rules: ['M5', 'M9'], isBare: true, expect: allow() },
  { policy: 'not-abuse', name: 'the abuser', rules: ['M5', 'M9'], isBare: true, from: '198.51.100.7', expect: deny('ip.denied') },
  { policy: 'user-in-office', name: 'both', rules: ['M3'], from: '203.0.113.9', expect: alice },
  { policy: 'user-in-office', name: 'the token alone', rules: ['M3', 'M9'], expect: deny('ip.denied') },
  {
    policy: 'user-in-office',
    name: 'the address alone',
    rules: ['M3', 'M9'],
    isBare: true,
    from: '203.0.113.9',
    expect: deny('jwt.missing'),
  },
  { policy: 'user-in-office', name: 'neither', rules: ['G9'], isBare: true, expect: deny('jwt.missing') },
  { policy: 'user-or-office', name: 'the token', rules: ['M3'], expect: alice },
  {
    policy: 'user-or-office',
    name: 'the address',
    rules: ['M3'],
    isBare: true,
    from: '203.0.113.9',
    expect: allow({ 'x-user-id': undefined }),
  },
  { policy: 'user-or-office', name: 'both', rules: ['M3'], from: '203.0.113.9', expect: alice },
  {
    policy: 'user-or-office',
    name: 'the address with a bad token',
    rules: ['M4'],
    claims: { aud: 'other' },
    from: '203.0.113.9',
    expect: deny('jwt.audience'),
  },
  { policy: 'user-not-abuse', name: 'a user', rules: ['M5'], expect: alice },
  { policy: 'user-not-abuse', name: 'a user at a bad place', rules: ['M5'], from: '198.51.100.7', expect: deny('ip.denied') },
  { policy: 'user-not-abuse', name: 'nobody, from a good place', rules: ['M5'], isBare: true, expect: deny('jwt.missing') },
];

const methods: readonly RuleRow[] = [
  { policy: 'read-only', name: 'GET', rules: ['M3'], isBare: true, expect: allow() },
  { policy: 'read-only', name: 'HEAD', rules: ['M3'], isBare: true, method: 'HEAD', expect: allow() },
  { policy: 'read-only', name: 'POST', rules: ['M3'], isBare: true, method: 'POST', expect: deny('method.denied') },
  {
    policy: 'read-only',
    name: 'OPTIONS without a page behind it',
    rules: ['T19'],
    isBare: true,
    method: 'OPTIONS',
    expect: deny('method.denied'),
  },
  { policy: 'read-only', name: 'a method of its own', rules: ['M3'], isBare: true, method: 'PURGE', expect: deny('method.denied') },
  { policy: 'reads-free-writes-scoped', name: 'a read', rules: ['M3'], expect: alice },
  {
    policy: 'reads-free-writes-scoped',
    name: 'a write with the scope',
    rules: ['M3'],
    method: 'PUT',
    claims: { scope: 'orders:write' },
    expect: alice,
  },
  {
    policy: 'reads-free-writes-scoped',
    name: 'a write without the scope',
    rules: ['M3', 'G9'],
    method: 'PUT',
    expect: deny('method.denied'),
  },
  { policy: 'reads-free-writes-scoped', name: 'nobody reads', rules: ['M3'], isBare: true, expect: deny('jwt.missing') },
];

const anonymous: readonly RuleRow[] = [
  { policy: 'optional', name: 'nobody', rules: ['M4'], isBare: true, expect: allow({ 'x-user-id': undefined }) },
  { policy: 'optional', name: 'a user', rules: ['M4'], expect: alice },
  { policy: 'optional', name: 'a bad token is not nobody', rules: ['M4'], claims: { aud: 'other' }, expect: deny('jwt.audience') },
  { policy: 'optional', name: 'an expired token is not nobody', rules: ['M4'], claims: { exp: 1 }, expect: deny('jwt.expired') },
  { policy: 'optional-reader', name: 'nobody', rules: ['M4'], isBare: true, expect: allow({ 'x-user-id': undefined }) },
  { policy: 'optional-reader', name: 'a reader', rules: ['M4'], claims: { scope: 'orders:read' }, expect: alice },
  { policy: 'optional-reader', name: 'a user who is no reader', rules: ['M4', 'G9'], expect: lacks() },
];

const admin = { scope: 'admin', realm_access: { roles: ['admin'] } };
const combined: readonly RuleRow[] = [
  { policy: 'admin-in-office', name: 'everything fits', rules: ['M3'], claims: admin, from: '203.0.113.9', expect: alice },
  { policy: 'admin-in-office', name: 'another place', rules: ['M3'], claims: admin, from: '192.0.2.1', expect: deny('ip.denied') },
  { policy: 'admin-in-office', name: 'no role', rules: ['M3'], claims: { scope: 'admin' }, from: '203.0.113.9', expect: mismatch },
  { policy: 'admin-in-office', name: 'no scope', rules: ['M3'], claims: { ...admin, scope: 'x' }, from: '203.0.113.9', expect: lacks() },
  { policy: 'admin-in-office', name: 'nobody', rules: ['M3'], isBare: true, from: '203.0.113.9', expect: deny('jwt.missing') },
];

export const BRANCH_ROWS: readonly ParityRow[] = [...addresses, ...methods, ...anonymous, ...combined].map(ruleRow);
