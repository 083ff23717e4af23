// The policies of the parity table as a user writes them, each to be compiled into both forms. Data only.

/** Sections that the policies refer to; `JWKS` and `PARTNER_JWKS` stand for the key sets of the run. */
export const PROVIDERS = `
jwt:
  main:
    issuer: https://id.example.com/
    audiences: [shop, shop-next]
    algorithms: [RS256, PS256, ES256, EdDSA]
    maxTokenBytes: 4096
    jwks: {inline: 'JWKS'}
    forwardClaims: {x-user-id: sub, x-tenant: [app, tenant], x-level: level}
  partner:
    issuer: https://partner.example.com/
    audiences: any
    algorithms: [ES384]
    types: [JWT, at+jwt]
    scopeClaim: scp
    jwks: {inline: 'PARTNER_JWKS'}
    forwardClaims: {x-user-id: sub}
  strict:
    issuer: https://id.example.com/
    audiences: [shop]
    algorithms: [ES256]
    types: [at+jwt]
    clockSkew: 10s
    maxLifetime: 1h
    from: [{header: x-strict-token}]
    jwks: {inline: 'JWKS'}
  kept:
    issuer: https://id.example.com/
    audiences: [shop]
    algorithms: [ES256]
    from: [{header: x-kept-token}]
    credential: keep
    jwks: {inline: 'JWKS'}
    forwardClaims: {x-user-id: sub}
ipLists:
  here: [127.0.0.0/8]
  office: [203.0.113.0/24, "2001:db8::/32"]
  abuse: [198.51.100.7/32]
`;

/** Name → rule, in YAML's flow style. */
export const POLICIES = {
  user: '{jwt: main}',
  reader: '{jwt: main, scopes: [orders:read]}',
  writer: '{jwt: main, scopes: [orders:read, orders:write]}',
  operator: '{jwt: main, anyScope: [admin, ops]}',
  'both-scopes': '{jwt: main, scopes: [orders:read], anyScope: [admin, ops]}',
  'acme-tenant': '{jwt: main, claims: [{claim: [app, tenant], equals: acme}]}',
  'level-two': '{jwt: main, claims: [{claim: level, equals: 2}]}',
  verified: '{jwt: main, claims: [{claim: email_verified, equals: true}]}',
  'gold-or-silver': '{jwt: main, claims: [{claim: plan, oneOf: [gold, silver]}]}',
  'mail-suffix': '{jwt: main, claims: [{claim: email, suffix: "@example.com"}]}',
  'group-prefix': '{jwt: main, claims: [{claim: unit, prefix: "sales-"}]}',
  'has-role': '{jwt: main, claims: [{claim: [realm_access, roles], contains: admin}]}',
  'has-email': '{jwt: main, claims: [{claim: email, exists: true}]}',
  'dotted-claim': '{jwt: main, claims: [{claim: "https://example.com/role", equals: boss}]}',
  'user-or-partner': '{jwt: [main, partner]}',
  'partner-reader': '{jwt: partner, scopes: [orders:read]}',
  strict: '{jwt: strict}',
  kept: '{jwt: kept}',
  'user-or-strict': '{anyOf: [{jwt: main}, {jwt: strict}]}',
  optional: '{anyOf: [{jwt: main}, {anonymous: true}]}',
  'optional-reader': '{anyOf: [{jwt: main, scopes: [orders:read]}, {anonymous: true}]}',
  'from-here': '{ips: [here]}',
  'from-office': '{ips: [office]}',
  'not-abuse': '{not: {ips: [abuse]}}',
  'user-in-office': '{allOf: [{jwt: main}, {ips: [office]}]}',
  'user-or-office': '{anyOf: [{jwt: main}, {ips: [office]}]}',
  'user-not-abuse': '{allOf: [{jwt: main}, {not: {ips: [abuse]}}]}',
  'read-only': '{methods: [GET, HEAD]}',
  'reads-free-writes-scoped': '{anyOf: [{allOf: [{jwt: main}, {methods: [GET, HEAD]}]}, {jwt: main, scopes: [orders:write]}]}',
  'admin-in-office':
    '{allOf: [{jwt: main, anyScope: [admin, ops], claims: [{claim: [realm_access, roles], contains: admin}]}, {ips: [office]}, {not: {ips: [abuse]}}]}',
} as const satisfies Readonly<Record<string, string>>;

export type PolicyName = keyof typeof POLICIES;

export function policyNames(): readonly PolicyName[] {
  const isName = (name: string): name is PolicyName => Object.hasOwn(POLICIES, name);
  return Object.keys(POLICIES).filter(isName);
}
