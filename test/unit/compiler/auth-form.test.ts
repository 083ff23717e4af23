import { describe, expect, test } from 'vitest';
import { policyForm } from '../../../src/compiler/auth/form.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { ApiKeySource, AuthModel, AuthPolicy, AuthRule, Consumer, JwtProvider, Requirements } from '../../../src/model/auth/types.ts';
import {
  ANONYMOUS,
  aJwtProvider,
  allOf,
  anAuthModel,
  anyOf,
  aPolicy,
  byMethods,
  byToken,
  fromLists,
  not,
} from '../../support/auth-model.ts';

const AUTH = anAuthModel({
  jwt: [
    aJwtProvider(),
    aJwtProvider({ name: 'cookie', from: [{ kind: 'cookie', name: 'session' }] }),
    aJwtProvider({ name: 'dotted', forwardClaims: [{ header: 'x-tenant', claim: ['https://example.com/tenant'] }] }),
    aJwtProvider({ name: 'lists', forwardClaims: [{ header: 'x-roles', claim: ['realm', 'roles'] }] }),
    aJwtProvider({ name: 'nested', scopeClaim: ['app', 'scope'] }),
    aJwtProvider({ name: 'shared', keys: { kind: 'secret', secret: new Secret('a secret') } }),
  ],
  apiKeys: [
    {
      name: 'partners',
      path: [],
      from: [{ kind: 'header', name: 'x-api-key', prefix: '' }],
      consumerHeaders: ['x-client'],
      keepCredential: false,
      consumers: [{ name: 'acme', path: [], digests: ['sha256:0'], plain: [new Secret('ck')], scopes: ['read'], metadata: {} }],
    },
  ],
  clientCertificates: [{ name: 'mesh', path: [], sans: [], forward: [{ header: 'x-client', part: 'fingerprint' }] }],
  ipLists: [{ name: 'office', path: [], cidrs: ['203.0.113.0/24'] }],
});

const BY_KEY: Extract<AuthRule, { kind: 'apiKeys' }> = {
  kind: 'apiKeys',
  path: [],
  source: 'partners',
  requirements: { scopes: ['read'], anyScope: [], claims: [] },
};
const BY_CERTIFICATE: AuthRule = { kind: 'clientCertificate', path: [], name: 'mesh' };

function obstacles(rule: AuthRule, parts: Partial<AuthPolicy> = {}, auth: AuthModel = AUTH): readonly string[] {
  return policyForm(aPolicy('p', rule, parts), auth).obstacles;
}

describe('authz C2: what Envoy itself can enforce', () => {
  test.each<[string, AuthRule, Partial<AuthPolicy>]>([
    ['a token', byToken(), {}],
    ['scopes and claims', byToken('main', { scopes: ['a'], claims: [{ kind: 'exists', claim: ['x'] }] }), {}],
    ['anonymous, addresses, methods', anyOf(ANONYMOUS, allOf(byToken(), fromLists('office'), not(byMethods('PUT')))), {}],
    ['a certificate that is insisted on', allOf(byToken(), BY_CERTIFICATE), {}],
    ['API keys where the user says so', allOf(BY_KEY, fromLists('office')), { enforce: 'proxy' }],
    ['API keys in a list of one', anyOf(allOf(anyOf(BY_KEY))), { enforce: 'proxy' }],
    ['a certificate in a list of one', allOf(byToken(), anyOf(BY_CERTIFICATE)), {}],
  ])('%s', (_what, rule, parts) => {
    expect(policyForm(aPolicy('p', rule, parts), AUTH)).toEqual({ form: 'proxy', obstacles: [], isBroken: false });
  });

  test.each<[string, AuthRule, Partial<AuthPolicy>]>([
    ['mode: shadow: Envoy has no dry run of tokens', byToken(), { mode: 'shadow' }],
    ['onFailure: allow: Envoy cannot tell an outage from a bad token', byToken(), { onFailure: 'allow' }],
    ['resourceMetadata: challenges name the host of each request', byToken(), { resourceMetadata: true }],
    ['jwt cookie: tokens in a cookie', byToken('cookie'), {}],
    ['jwt shared: HS algorithms, whose key must not reach proxies', byToken('shared'), {}],
    ['jwt lists: forwards the list realm.roles as x-roles', byToken('lists'), {}],
    ['jwt dotted: forwards a claim with a dot in its name as x-tenant', byToken('dotted'), {}],
    ['jwt nested: the scopes are inside another claim', byToken('nested', { scopes: ['a'] }), {}],
    ['jwt main: a claim test reads the scope claim', byToken('main', { claims: [{ kind: 'exists', claim: ['scope'] }] }), {}],
    ['apiKeys partners: the keys would stand in every proxy, which enforce: proxy alone allows', BY_KEY, {}],
    ['apiKeys partners: beside other ways in', anyOf(BY_KEY, byToken()), { enforce: 'proxy' }],
    ['clientCertificate mesh: forwards a certificate that is one of several ways in', anyOf(byToken(), BY_CERTIFICATE), {}],
    ['more than 16 conditions', anyOf(...Array.from({ length: 17 }, () => byToken())), {}],
    ['more than 4 sets of scopes', anyOf(...['a', 'b', 'c', 'd', 'e'].map((scope) => byToken('main', { scopes: [scope] }))), {}],
  ])('%s', (reason, rule, parts) => {
    expect(obstacles(rule, parts)).toEqual([reason]);
  });

  const asked = byToken('one', {});
  const inHeader = (name: string, parts: object = {}) => aJwtProvider({ name, issuer: `https://${name}.test/`, ...parts });
  const either = (...names: readonly string[]): AuthRule => anyOf(asked, ...names.map((name) => byToken(name)));
  const prefixed = { from: [{ kind: 'header', name: 'authorization', prefix: 'Token ' }] } as const;
  test.each<[string, AuthRule, readonly JwtProvider[]]>([
    ['header authorization: providers that differ in credential', either('two'), [inHeader('two', { keepCredential: true })]],
    ['header authorization: several prefixes', either('two'), [inHeader('two', prefixed)]],
    [
      'header authorization: more than 5 providers',
      either('2', '3', '4', '5', '6'),
      ['2', '3', '4', '5', '6'].map((name) => inHeader(name)),
    ],
  ])('%s', (reason, rule, others) => {
    expect(obstacles(rule, {}, anAuthModel({ ...AUTH, jwt: [inHeader('one'), ...others] }))).toEqual([reason]);
  });

  test.each<[string, Partial<ApiKeySource>, Partial<Consumer>, Partial<Requirements>]>([
    ['of acme only digests are known', {}, { digests: ['sha256:0', 'sha256:1'] }, {}],
    ['the keys of acme end by themselves', {}, { notAfterMs: 1 }, {}],
    ['more than one header tells the consumer', { consumerHeaders: ['x-a', 'x-b'] }, {}, {}],
    ['a prefix before the key', { from: [{ kind: 'header', name: 'x-api-key', prefix: 'Key ' }] }, {}, {}],
    [
      'several places',
      {
        from: [
          { kind: 'header', name: 'x-api-key', prefix: '' },
          { kind: 'query', name: 'key' },
        ],
      },
      {},
      {},
    ],
    ['tests of metadata', {}, {}, { claims: [{ kind: 'exists', claim: ['tier'] }] }],
  ])('API keys: %s', (reason, source, consumer, requirements) => {
    const [partners] = AUTH.apiKeys;
    const apiKeys = partners && { ...partners, ...source, consumers: partners.consumers.map((each) => ({ ...each, ...consumer })) };
    const rule: AuthRule = { ...BY_KEY, requirements: { ...BY_KEY.requirements, ...requirements } };
    expect(obstacles(rule, { enforce: 'proxy' }, anAuthModel({ ...AUTH, apiKeys: apiKeys === undefined ? [] : [apiKeys] }))).toEqual([
      `apiKeys partners: ${reason}`,
    ]);
  });

  test('a certificate whose subject is told, and introspection', () => {
    const clientCertificates = [{ name: 'mesh', path: [], sans: [], forward: [{ header: 'x-client', part: 'subject' as const }] }];
    expect(obstacles(allOf(byToken(), BY_CERTIFICATE), {}, anAuthModel({ ...AUTH, clientCertificates }))).toEqual([
      'clientCertificate mesh: forwards its subject',
    ]);
    const introspection: AuthRule = {
      kind: 'introspection',
      path: [],
      provider: 'legacy',
      requirements: { scopes: [], anyScope: [], claims: [] },
    };
    expect(obstacles(introspection)).toEqual(['introspection legacy: Envoy has no such filter']);
  });

  test('auto takes the companion then, and enforce: proxy is a mistake with every reason', () => {
    const rule = byToken('cookie');
    expect(policyForm(aPolicy('p', rule), AUTH)).toMatchObject({ form: 'companion', isBroken: false });
    expect(policyForm(aPolicy('p', rule, { enforce: 'proxy', mode: 'shadow' }), AUTH)).toEqual({
      form: 'companion',
      obstacles: ['mode: shadow: Envoy has no dry run of tokens', 'jwt cookie: tokens in a cookie'],
      isBroken: true,
    });
    expect(policyForm(aPolicy('p', byToken(), { enforce: 'companion' }), AUTH).form).toBe('companion');
  });
});
